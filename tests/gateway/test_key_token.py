"""An API key at a proxy: the service behind it gets a token of the key's owner, and never the key."""

from datetime import timedelta

import pytest
from msgspec.structs import force_setattr

from coatcheck.admin.api_keys import revoke_key
from coatcheck.admin.lock_account import lock_account
from coatcheck.admin.roles import revoke_role
from coatcheck.errors import ApiKeyRefused
from coatcheck.gateway.key_token import make_key_token
from coatcheck.revocation.lists import HeldLists
from coatcheck.verifier import Principal
from tests.api_keys.making import editor, key_of, made_up, presenting
from tests.clients.machines import machine
from tests.gateway.asking import BILLS_HOST, NOTES, ask, passed_on, token_of
from tests.site import ORIGIN, VISIT, Site


async def is_taken_back(site: Site, claims: dict[str, object]) -> bool:
    """Tell whether the bit of a token is set."""
    await site.follow_log()
    status = claims["status"]["status_list"]  # type: ignore[index]
    return await site.desk.keep(HeldLists).is_set(int(status["uri"].rpartition("/")[2]), status["idx"])


async def test_what_is_passed_on(site: Site) -> None:
    ann = await editor(site)
    made = await key_of(site, ann.id, "notes:read")
    answer = await ask(site, presenting(made.secret.reveal()), method="POST")
    claims = passed_on(answer)
    assert (claims["sub"], claims["aud"], claims["scope"]) == (ann.id, NOTES, "notes:read")
    assert (claims["iss"], claims["client_id"], claims["exp"] - claims["iat"]) == (ORIGIN, "gateway", 60)
    assert not claims.keys() & {"sid", "roles", "auth_time", "amr", "acr", "email", "username"}
    assert made.secret.reveal() not in str(answer.headers)


async def test_is_made_once_and_given_again(site: Site) -> None:
    made = await key_of(site, (await editor(site)).id)
    one, two = [token_of(await ask(site, presenting(made.secret.reveal()))) for _ in range(2)]
    assert one == two
    assert token_of(await ask(site, presenting(made.secret.reveal()), host=BILLS_HOST)) != one


async def test_each_key_has_its_own(site: Site) -> None:
    ann = await editor(site)
    keys = [await key_of(site, ann.id, *scopes) for scopes in (("notes:read",), ("notes:write",), ())]
    told = [passed_on(await ask(site, presenting(each.secret.reveal()))) for each in keys]
    assert [claims.get("scope") for claims in told] == ["notes:read", "notes:write", None]


async def test_of_a_service(site: Site) -> None:
    service = await machine(site)
    made = await key_of(site, service.id, "notes:write")
    claims = passed_on(await ask(site, presenting(made.secret.reveal())))
    assert (claims["sub"], claims["scope"]) == (service.id, "notes:write")


async def test_says_what_the_owner_may_now(site: Site) -> None:
    ann = await editor(site)
    made = await key_of(site, ann.id, "notes:read")
    before = passed_on(await ask(site, presenting(made.secret.reveal())))
    await revoke_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
    assert await is_taken_back(site, before)
    assert "scope" not in passed_on(await ask(site, presenting(made.secret.reveal())))


async def test_ends_with_its_key(site: Site) -> None:
    made = await key_of(site, (await editor(site)).id)
    claims = passed_on(await ask(site, presenting(made.secret.reveal())))
    assert not await is_taken_back(site, claims)
    await revoke_key(site.desk, VISIT, key=made.key.id, actor="operator")
    assert await is_taken_back(site, claims)
    answer = await ask(site, presenting(made.secret.reveal()))
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_api_key")


async def test_rests_with_its_owner(site: Site) -> None:
    ann = await editor(site)
    made = await key_of(site, ann.id)
    claims = passed_on(await ask(site, presenting(made.secret.reveal())))
    await lock_account(site.desk, VISIT, account=ann.id, actor="operator")
    assert await is_taken_back(site, claims), "what was passed on is refused too"
    assert (await ask(site, presenting(made.secret.reveal()))).status_code == 401


async def test_never_outlives_its_key(site: Site) -> None:
    made = await key_of(site, (await editor(site)).id, lasts=timedelta(seconds=90))
    site.clock.advance(timedelta(seconds=60))
    await site.follow_log()
    claims = passed_on(await ask(site, presenting(made.secret.reveal())))
    assert claims["exp"] == made.key.expires_at // 1000


async def test_is_no_way_in_again(site: Site) -> None:
    made = await key_of(site, (await editor(site)).id)
    token = token_of(await ask(site, presenting(made.secret.reveal())))
    assert (await ask(site, presenting(token))).status_code == 401
    async with site.machine() as service:
        assert (await service.get("/api/session", headers=presenting(token))).status_code == 401


async def test_what_was_made_up(site: Site) -> None:
    for text in (made_up(), made_up()[:-1], "cck_"):
        assert (await ask(site, presenting(text))).status_code == 401


async def test_a_key_that_is_used_too_often_is_no_failure_of_ours(site: Site) -> None:
    force_setattr(site.desk.settings.api_keys, "per_minute", 1)
    made = await key_of(site, (await editor(site)).id)
    answers = [await ask(site, presenting(made.secret.reveal())) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 403]
    assert (answers[1].json()["code"], int(answers[1].headers["retry-after"]) > 0) == ("api_key_overused", True)


async def test_one_that_ended_meanwhile(site: Site) -> None:
    ann = await editor(site)
    made = await key_of(site, ann.id)
    presented = Principal(subject=ann.id, api_key=made.key.id)
    for key in ("", "key_nothing"):
        with pytest.raises(ApiKeyRefused):
            await make_key_token(site.desk, Principal(subject=ann.id, api_key=key), issuer=ORIGIN, audience=NOTES)
    await revoke_key(site.desk, VISIT, key=made.key.id, actor="operator")
    with pytest.raises(ApiKeyRefused):
        await make_key_token(site.desk, presented, issuer=ORIGIN, audience=NOTES)
