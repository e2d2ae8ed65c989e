"""An API key at the gate: its owner with less, as of now, and refused as soon as one of them may not act."""

from datetime import timedelta

import pytest
from msgspec.structs import force_setattr
from sqlalchemy import select

from coatcheck.admin.api_keys import revoke_key
from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.admin.roles import create_role, grant_role, revoke_role
from coatcheck.admin.services import disable_service, enable_service, revoke_from_service
from coatcheck.api_keys.used import UsedKeys
from coatcheck.clock import millis
from coatcheck.ending.close_account import close_account
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.errors import ApiKeyRefused, FreshSignInNeeded, NotAllowed, NotSignedIn, SessionEnded, TokenRefused
from coatcheck.gate.cache import PrincipalCache
from coatcheck.integrations.fastapi import minutes
from coatcheck.storage.tables.api_keys import api_keys
from coatcheck.verifier import Demand, refusal
from coatcheck.visit import Asked
from tests.api_keys.making import asked, authenticated, changed, editor, key_of, made_up
from tests.clients.machines import machine
from tests.gate.test_not_allowed import counted
from tests.site import ORIGIN, VISIT, Site
from tests.statements import statements


async def later(site: Site, by: timedelta) -> None:
    """Let time pass in a process that goes on reading the log."""
    site.clock.advance(by)
    await site.follow_log()


async def refused(site: Site, text: str) -> str:
    """Give why a key is refused."""
    with pytest.raises(ApiKeyRefused) as refusal:
        await authenticated(site, text)
    return refusal.value.because


async def test_gives_the_owner_and_no_more_than_the_scopes(site: Site) -> None:
    ann = await editor(site)
    made = await key_of(site, ann.id, "notes:read")
    principal = await authenticated(site, made.secret.reveal())
    assert (principal.subject, principal.session, principal.api_key) == (ann.id, None, made.key.id)
    assert (principal.permissions, principal.scopes) == (frozenset({"notes:read"}), frozenset({"notes:read"}))
    assert (principal.roles, principal.amr, principal.auth_time) == (frozenset(), (), None)
    assert (principal.email, principal.ends_at) == ("ann@example.org", made.key.expires_at)


async def test_says_so_over_http(site: Site) -> None:
    ann = await editor(site)
    made = await key_of(site, ann.id, "notes:read")
    words = (await asked(site, made.secret.reveal())).json()
    assert (words["account"]["id"], words["session"], words["api_key"]["id"]) == (ann.id, None, made.key.id)
    assert (words["roles"], words["permissions"]) == ([], ["notes:read"])


async def test_a_service_has_keys_too(site: Site) -> None:
    service = await machine(site)
    made = await key_of(site, service.id, "notes:read")
    principal = await authenticated(site, made.secret.reveal())
    assert (principal.subject, principal.api_key) == (service.id, made.key.id)
    assert principal.permissions == {"notes:read"}
    await revoke_from_service(site.desk, VISIT, service=service.id, permission="notes:read", actor="operator")
    assert (await authenticated(site, made.secret.reveal())).permissions == frozenset()
    await disable_service(site.desk, VISIT, service=service.id, actor="operator")
    await refused(site, made.secret.reveal())
    await enable_service(site.desk, VISIT, service=service.id, actor="operator")
    assert "revoked" in await refused(site, made.secret.reveal()), "what a service had before stays dead"


async def test_is_never_fresh_and_holds_no_role(site: Site) -> None:
    ann = await editor(site)
    principal = await authenticated(site, (await key_of(site, ann.id, "notes:read")).secret.reveal())
    now = site.desk.now()
    assert isinstance(refusal(Demand(fresh=minutes(5)), principal, now), FreshSignInNeeded)
    assert isinstance(refusal(Demand(acr="aal2"), principal, now), FreshSignInNeeded)
    assert isinstance(refusal(Demand(role="editor"), principal, now), NotAllowed)
    assert isinstance(refusal(Demand(permission="notes:write"), principal, now), NotAllowed)
    assert refusal(Demand(permission="notes:read"), principal, now) is None


async def test_outlives_no_role_of_its_owner_that_was_given_for_a_time(site: Site) -> None:
    ann = await editor(site)
    text = (await key_of(site, ann.id, "notes:read", "notes:write")).secret.reveal()
    until = site.desk.now() + millis(timedelta(minutes=10))
    await grant_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator", until=until)
    await site.follow_log()
    assert (await authenticated(site, text)).permissions == {"notes:read", "notes:write"}
    await later(site, timedelta(minutes=9, seconds=59))
    assert (await authenticated(site, text)).permissions == {"notes:read", "notes:write"}
    await later(site, timedelta(seconds=1))
    assert (await authenticated(site, text)).permissions == frozenset()


async def test_may_what_its_owner_may_now(site: Site) -> None:
    ann = await editor(site)
    text = (await key_of(site, ann.id, "notes:read", "notes:write")).secret.reveal()
    assert (await authenticated(site, text)).permissions == {"notes:read", "notes:write"}
    await revoke_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
    assert (await authenticated(site, text)).permissions == frozenset()
    await create_role(site.desk, VISIT, role="reader", permissions=("notes:read", "bills:pay"), actor="operator")
    await grant_role(site.desk, VISIT, account=ann.id, role="reader", actor="operator")
    assert (await authenticated(site, text)).permissions == {"notes:read"}, "within its scopes, as ever"


async def test_rests_while_its_owner_is_locked(site: Site) -> None:
    ann = await editor(site)
    text = (await key_of(site, ann.id, "notes:read")).secret.reveal()
    await authenticated(site, text)
    await lock_account(site.desk, VISIT, account=ann.id, actor="operator")
    assert "locked" in await refused(site, text)
    await unlock_account(site.desk, VISIT, account=ann.id, actor="operator")
    assert (await authenticated(site, text)).subject == ann.id


async def test_ends_with_its_account(site: Site) -> None:
    ann = await editor(site)
    text = (await key_of(site, ann.id, "notes:read")).secret.reveal()
    await authenticated(site, text)
    await close_account(site.desk, VISIT, account=ann.id, actor=ann.id)
    await refused(site, text)


async def test_outlives_sessions(site: Site) -> None:
    ann = await editor(site)
    text = (await key_of(site, ann.id, "notes:read")).secret.reveal()
    await end_sessions(site.desk, VISIT, account=ann.id, actor=ann.id)
    assert (await authenticated(site, text)).subject == ann.id


async def test_ends_when_it_is_revoked(site: Site) -> None:
    ann = await editor(site)
    made, other = await key_of(site, ann.id, "notes:read"), await key_of(site, ann.id, name="other")
    for key in (made, other):
        await authenticated(site, key.secret.reveal())
    await revoke_key(site.desk, VISIT, key=made.key.id, actor="operator")
    await refused(site, made.secret.reveal())
    with statements() as ran:
        assert (await authenticated(site, other.secret.reveal())).api_key == other.key.id
    assert not ran, "only the one was forgotten"


async def test_runs_out(site: Site) -> None:
    ann = await editor(site)
    text = (await key_of(site, ann.id, lasts=timedelta(hours=1))).secret.reveal()
    await later(site, timedelta(hours=1))
    assert (await authenticated(site, text)).subject == ann.id
    await later(site, timedelta(milliseconds=1))
    assert "run out" in await refused(site, text)


async def test_people_have_none_where_that_is_off(site: Site) -> None:
    ann, service = await editor(site), await machine(site)
    of_ann, of_service = await key_of(site, ann.id), await key_of(site, service.id)
    force_setattr(site.desk.settings.api_keys, "personal", False)
    assert "api_keys.personal" in await refused(site, of_ann.secret.reveal())
    assert (await authenticated(site, of_service.secret.reveal())).subject == service.id


async def test_costs_no_statement_once_it_is_known(site: Site) -> None:
    ann = await editor(site)
    text = (await key_of(site, ann.id, "notes:read")).secret.reveal()
    await authenticated(site, text)
    with statements() as ran:
        for _ in range(20):
            await authenticated(site, text)
    assert not ran


async def test_a_slip_asks_nobody(site: Site) -> None:
    ann = await editor(site)
    text = (await key_of(site, ann.id)).secret.reveal()
    with statements() as ran:
        for at in range(len(text)):
            if text[at] != "_":
                with pytest.raises(NotSignedIn):
                    await authenticated(site, changed(text, at))
    assert not ran, "the checksum tells"


async def test_is_taken_as_bearer_alone(site: Site) -> None:
    ann = await editor(site)
    text = (await key_of(site, ann.id)).secret.reveal()
    await authenticated(site, text)  # in memory now, so nothing else may find it there
    for name in ("__Host-coatcheck", "__Host-coatcheck-access"):
        with pytest.raises((SessionEnded, TokenRefused)):
            await site.auth.authenticate(Asked(url=ORIGIN, cookies=f"{name}={text}"))
    for scheme in ("DPoP", "Basic", "Token", "Api-Key"):
        with pytest.raises(NotSignedIn):
            await site.auth.authenticate(Asked(authorization=f"{scheme} {text}", dpop="a.b.c"))
    async with site.machine() as program:
        for query in (f"access_token={text}", f"api_key={text}"):
            assert (await program.get(f"/api/session?{query}")).status_code == 401


async def test_a_cookies_secret_is_no_key(site: Site) -> None:
    secret = (await site.let_in(await site.person(password=None))).secret.reveal()
    with pytest.raises(NotSignedIn):
        await authenticated(site, secret)


async def test_a_bad_key_is_not_made_good_by_a_cookie(site: Site) -> None:
    secret = (await site.let_in(await site.person(password=None))).secret.reveal()
    both = Asked(url=ORIGIN, cookies=f"__Host-coatcheck={secret}", authorization=f"Bearer {made_up()}")
    with pytest.raises(ApiKeyRefused):
        await site.auth.authenticate(both)


async def test_its_use_is_written_once_a_minute(site: Site) -> None:
    ann = await editor(site)
    made = await key_of(site, ann.id)
    for _ in range(3):
        await authenticated(site, made.secret.reveal())
    used = site.desk.keep(UsedKeys)
    assert used._waiting == {made.key.id}
    await used.write()
    first = site.desk.now()
    await later(site, timedelta(seconds=59))
    await authenticated(site, made.secret.reveal())
    assert not used._waiting
    await later(site, timedelta(seconds=1))
    await authenticated(site, made.secret.reveal())
    async with site.desk.database.reading() as db:
        assert (await db.execute(select(api_keys.c.last_used_at))).scalar() == first
    await used.write()
    async with site.desk.database.reading() as db:
        assert (await db.execute(select(api_keys.c.last_used_at))).scalar() == site.desk.now()


async def test_looking_is_no_use(site: Site) -> None:
    ann = await editor(site)
    made = await key_of(site, ann.id)
    await site.auth.authenticate(Asked(is_use=False, authorization=f"Bearer {made.secret.reveal()}"))
    assert not site.desk.keep(UsedKeys)._waiting


async def test_a_refusal_is_counted_for_whom_it_concerns(site: Site) -> None:
    ann = await editor(site)
    made = await key_of(site, ann.id)
    await lock_account(site.desk, VISIT, account=ann.id, actor="operator")
    for _ in range(3):
        assert (await asked(site, made.secret.reveal())).status_code == 401
    await asked(site, made_up())
    assert set(await counted(site)) == {
        ("api_key.refused", ann.id, "198.51.100.7", 3),
        ("api_key.refused", None, "198.51.100.7", 1),
    }


async def test_a_restart_of_the_log_forgets_it(site: Site) -> None:
    ann = await editor(site)
    await authenticated(site, (await key_of(site, ann.id)).secret.reveal())
    cache = site.desk.keep(PrincipalCache)
    assert len(cache) == 1
    cache.forget_all()
    assert len(cache) == 0


async def test_what_it_is_told(site: Site) -> None:
    answer = await asked(site, made_up())
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_api_key")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert "DPoP" not in answer.headers["www-authenticate"]
