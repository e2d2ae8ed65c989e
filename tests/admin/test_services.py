"""Services: registered, allowed more and less, disabled; and heeded at once."""

import re

import msgspec
import pytest

from coatcheck.admin.services import (
    MOST_SCOPE,
    create_service,
    disable_service,
    enable_service,
    grant_to_service,
    list_services,
    resolve_service,
    revoke_from_service,
)
from coatcheck.audit.show import show
from coatcheck.errors import BadInput, Conflict, NotFound
from tests.attacks.workers import another_worker
from tests.clients.machines import MAIL, NOTES, Machine, claims_of, machine
from tests.site import VISIT, Site


async def create(site: Site, **more: object) -> None:
    asked: dict[str, object] = {"name": "reports", "permissions": [], "calls": [], "serves": [], "public_key": None}
    await create_service(site.desk, VISIT, actor="operator", **{**asked, **more})  # type: ignore[arg-type]


async def test_a_service_is_registered(site: Site) -> None:
    made = await machine(site, "reports", ["notes:write", "notes:read"], calls=[MAIL], serves=[NOTES])
    assert re.fullmatch(r"svc_[a-z2-7]{26}", made.id)
    [found] = await list_services(site.desk)
    assert (found.id, found.name, found.status) == (made.id, "reports", "active")
    assert (found.permissions, found.calls, found.serves) == (("notes:read", "notes:write"), (MAIL,), (NOTES,))
    [credential] = found.credentials
    assert (credential.kind, credential.place is not None) == ("secret", True)
    assert credential.expires_at - credential.created_at == 365 * 86_400_000
    [entry] = await show(site.desk, event="service.created")
    assert (entry.account, entry.actor, entry.details["name"]) == (made.id, "operator", "reports")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "Reports"},
        {"name": "re ports"},
        {"name": "r" * 64},
        {"name": "reports\n"},
        {"permissions": ["notes"]},
        {"permissions": ["notes:*"]},
        {"calls": ["https://notes.example.org/#part"]},
        {"calls": ["two words"]},
        {"serves": [""]},
        {"serves": ["https://" + "n" * 200]},
        {"public_key": b""},
        {"public_key": b'{"keys": []}'},
    ],
    ids=str,
)
async def test_what_cannot_be_registered(site: Site, wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        await create(site, **wrong)
    assert await list_services(site.desk) == []


async def test_a_name_is_taken_once(site: Site) -> None:
    await create(site)
    with pytest.raises(Conflict, match="another service is named reports"):
        await create(site)
    assert len(await list_services(site.desk)) == 1


async def test_permissions_that_do_not_fit_into_a_token(site: Site) -> None:
    many = [f"notes:{'x' * 60}{number:02}" for number in range(MOST_SCOPE // 60)]
    with pytest.raises(BadInput):
        await create(site, permissions=many)
    *most, one_more = many[:30]
    await create(site, permissions=most)
    service = await resolve_service(site.desk, "reports")
    with pytest.raises(BadInput):
        await grant_to_service(site.desk, VISIT, service=service, permission=one_more, actor="operator")


async def test_the_largest_registration_has_a_token(site: Site) -> None:
    many = [f"notes:{'x' * 60}{number:02}" for number in range(28)]
    audience = "https://" + "n" * 192
    token = await (await machine(site, "reports", many, calls=[audience])).token(audience=audience)
    assert len(token) <= 4096


async def test_a_grant_reaches_the_next_token_and_ends_the_one_before(site: Site) -> None:
    made = await machine(site, permissions=["notes:read"])
    before = await made.token()
    await grant_to_service(site.desk, VISIT, service=made.id, permission="notes:delete", actor="operator")
    assert await made.counts(before) is False
    after = await made.token()
    assert (claims_of(after).scope, await made.counts(after)) == ("notes:delete notes:read", True)
    [entry] = await show(site.desk, event="service.permissions_changed")
    assert (entry.account, entry.details) == (made.id, {"granted": "notes:delete"})


async def test_granting_again_changes_nothing(site: Site) -> None:
    made = await machine(site, permissions=["notes:read"])
    token = await made.token()
    await grant_to_service(site.desk, VISIT, service=made.id, permission="notes:read", actor="operator")
    assert await made.counts(token) is True
    assert await show(site.desk, event="service.permissions_changed") == []


async def test_a_permission_taken_away_is_gone_at_once(site: Site) -> None:
    made = await machine(site)
    before = await made.token()
    await revoke_from_service(site.desk, VISIT, service=made.id, permission="notes:write", actor="operator")
    assert await made.counts(before) is False
    assert claims_of(await made.token()).scope == "notes:read"
    assert (await made.ask_for_token(scope="notes:write")).json()["error"] == "invalid_scope"
    with pytest.raises(NotFound):
        await revoke_from_service(site.desk, VISIT, service=made.id, permission="notes:write", actor="operator")


async def test_another_worker_hears_of_it(site: Site) -> None:
    made = await machine(site)
    async with another_worker(site) as other:
        there = Machine(other, made.id, made.secret)
        token = await there.token()
        await revoke_from_service(site.desk, VISIT, service=made.id, permission="notes:write", actor="operator")
        await other.follow_log()
        assert await there.counts(token) is False
        assert claims_of(await there.token()).scope == "notes:read"


async def test_a_disabled_service_is_nobody(site: Site) -> None:
    made, witness = await machine(site), await machine(site, "witness")
    token = await made.token()
    await disable_service(site.desk, VISIT, service=made.id, actor="operator")
    assert await witness.counts(token) is False
    assert (await made.ask_for_token()).json()["error"] == "invalid_client"
    found = {each.name: each for each in await list_services(site.desk)}["reports"]
    assert (found.status, found.credentials) == ("disabled", ())
    assert len(await show(site.desk, event="service.disabled")) == 1
    with pytest.raises(NotFound):
        await disable_service(site.desk, VISIT, service=made.id, actor="operator")
    with pytest.raises(NotFound):
        await grant_to_service(site.desk, VISIT, service=made.id, permission="notes:read", actor="operator")
    with pytest.raises(Conflict):
        await create(site)


async def test_an_enabled_service_is_what_it_was_by_a_new_secret_alone(site: Site) -> None:
    """Whatever made somebody disable it, a secret that leaked or a token, stays dead."""
    made, witness = await machine(site, calls=[NOTES], serves=[NOTES]), await machine(site, "witness", serves=[NOTES])
    token = await made.token()
    await disable_service(site.desk, VISIT, service=made.id, actor="operator")
    secret = await enable_service(site.desk, VISIT, service=made.id, actor="operator")
    assert secret is not None
    assert (await made.ask_for_token()).json()["error"] == "invalid_client"
    assert await witness.counts(token) is False
    again = Machine(site, made.id, secret.reveal())
    assert (claims_of(await again.token()).scope, claims_of(await again.token()).aud) == (
        "notes:read notes:write",
        NOTES,
    )
    [entry] = await show(site.desk, event="service.enabled")
    assert (entry.account, entry.actor) == (made.id, "operator")
    assert entry.details == {"kind": "secret", "permissions": "notes:read notes:write"}


async def test_what_cannot_be_enabled(site: Site) -> None:
    made = await machine(site)
    with pytest.raises(Conflict, match="reports is not disabled"):
        await enable_service(site.desk, VISIT, service=made.id, actor="operator")
    with pytest.raises(NotFound):
        await enable_service(site.desk, VISIT, service="svc_nobody", actor="operator")
    await disable_service(site.desk, VISIT, service=made.id, actor="operator")
    with pytest.raises(BadInput):
        await enable_service(site.desk, VISIT, service=made.id, public_key=b"{}", actor="operator")
    assert [each.status for each in await list_services(site.desk)] == ["disabled"]


async def test_a_service_is_found_by_id_and_by_name(site: Site) -> None:
    made = await machine(site)
    assert [await resolve_service(site.desk, typed) for typed in (made.id, "reports")] == [made.id, made.id]
    with pytest.raises(NotFound, match="coatcheck service list"):
        await resolve_service(site.desk, "nobody")


async def test_every_database(every_site: Site) -> None:
    made = await machine(every_site, calls=[MAIL, NOTES], serves=[NOTES])
    token = await made.token(audience=NOTES)
    assert (claims_of(token).aud, await made.counts(token)) == (NOTES, True)
    assert msgspec.to_builtins(claims_of(token))["scope"] == "notes:read notes:write"
    await grant_to_service(every_site.desk, VISIT, service=made.id, permission="notes:delete", actor="operator")
    assert await made.counts(token) is False
    assert await made.counts(await made.token(resource=NOTES)) is True
