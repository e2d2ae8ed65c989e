"""Keys as operators handle them: made for a person or a service, found by either's name, revoked."""

from datetime import timedelta

import pytest
from msgspec.structs import force_setattr

from coatcheck.admin.api_keys import (
    list_keys,
    look_at_key,
    make_key_for,
    resolve_owner,
    revoke_key,
    revoke_keys_of,
)
from coatcheck.admin.lock_account import lock_account
from coatcheck.admin.services import disable_service
from coatcheck.audit.show import show
from coatcheck.errors import ApiKeyRefused, BadInput, Conflict, NotFound
from coatcheck.recovery.ask import ask_for_recovery
from coatcheck.recovery.finish import finish_recovery
from tests.api_keys.making import authenticated, editor, key_of
from tests.clients.machines import machine
from tests.site import PASSWORD, VISIT, Site, submit


async def test_for_a_person(site: Site) -> None:
    ann = await editor(site)
    made = await key_of(site, ann.id, "notes:read")
    [mail] = await site.mails("ann@example.org")
    assert mail.subject == "An API key was made at Coatcheck"
    assert made.secret.reveal() not in mail.text
    [event] = await show(site.desk, event="api_key.created")
    assert (event.account, event.actor) == (ann.id, "operator")
    with pytest.raises(BadInput):
        await key_of(site, ann.id, "notes:delete")


async def test_for_a_service(site: Site) -> None:
    service = await machine(site)
    made = await key_of(site, service.id, "notes:read")
    assert (await authenticated(site, made.secret.reveal())).subject == service.id
    assert await site.mails() == []
    with pytest.raises(BadInput):
        await key_of(site, service.id, "notes:delete")


async def test_not_for_who_may_not_act(site: Site) -> None:
    ann, service = await editor(site), await machine(site)
    await lock_account(site.desk, VISIT, account=ann.id, actor="operator")
    await disable_service(site.desk, VISIT, service=service.id, actor="operator")
    for owner in (ann.id, service.id, "acc_nobody", "svc_nobody"):
        with pytest.raises(NotFound):
            await key_of(site, owner)
    force_setattr(site.desk.settings.api_keys, "personal", False)
    with pytest.raises(Conflict):
        await key_of(site, ann.id)


async def test_an_owner_is_found_by_its_names(site: Site) -> None:
    ann = await site.person(username="ann")
    service = await machine(site)
    assert [await resolve_owner(site.desk, typed) for typed in ("ann@example.org", "ann", ann.id)] == [ann.id] * 3
    assert [await resolve_owner(site.desk, typed) for typed in ("reports", service.id)] == [service.id] * 2
    with pytest.raises(NotFound):
        await resolve_owner(site.desk, "nobody")
    await site.person("reports@example.org", username="reports")
    with pytest.raises(Conflict) as refusal:
        await resolve_owner(site.desk, "reports")
    assert service.id in refusal.value.because


async def test_are_listed_and_looked_at(site: Site) -> None:
    ann, service = await editor(site), await machine(site)
    of_ann = await key_of(site, ann.id, "notes:read")
    of_service = await key_of(site, service.id, lasts=timedelta(hours=1))
    assert {key.id for key in await list_keys(site.desk)} == {of_ann.key.id, of_service.key.id}
    assert [key.id for key in await list_keys(site.desk, ann.id)] == [of_ann.key.id]
    assert await look_at_key(site.desk, of_ann.key.id) == (of_ann.key, ["notes:read"], None)
    site.clock.advance(timedelta(hours=2))
    assert (await look_at_key(site.desk, of_service.key.id))[2] == "it has run out"
    await lock_account(site.desk, VISIT, account=ann.id, actor="operator")
    assert (await look_at_key(site.desk, of_ann.key.id))[1:] == ([], "its owner is locked")
    with pytest.raises(NotFound):
        await look_at_key(site.desk, "key_nothing")


async def test_are_revoked(site: Site) -> None:
    ann = await editor(site)
    one, two, three = [await key_of(site, ann.id) for _ in range(3)]
    await revoke_key(site.desk, VISIT, key=one.key.id, actor="operator")
    with pytest.raises(NotFound):
        await revoke_key(site.desk, VISIT, key=one.key.id, actor="operator")
    with pytest.raises(NotFound):
        await revoke_key(site.desk, VISIT, key=two.key.id, owner="acc_other", actor="operator")
    assert await revoke_keys_of(site.desk, VISIT, owner=ann.id, actor="operator") == 2
    assert await revoke_keys_of(site.desk, VISIT, owner=ann.id, actor="operator") == 0
    for made in (one, two, three):
        with pytest.raises(ApiKeyRefused):
            await authenticated(site, made.secret.reveal())
    assert [event.details.get("api_keys") for event in await show(site.desk, event="api_key.revoked")] == [2, None]


async def test_a_recovery_ends_them(site: Site) -> None:
    ann = await editor(site, password=PASSWORD)
    made = await key_of(site, ann.id)
    await authenticated(site, made.secret.reveal())
    site.clock.advance(timedelta(minutes=1))
    await ask_for_recovery(site.desk, VISIT, email="ann@example.org")
    token = await site.token("ann@example.org")
    await finish_recovery(site.desk, VISIT, token=token, new_password="nine other lanterns drift")
    with pytest.raises(ApiKeyRefused):
        await authenticated(site, made.secret.reveal())
    assert any("Every API key of it was revoked" in mail.text for mail in await site.mails("ann@example.org"))


async def test_at_the_console(site: Site) -> None:
    root, ann = await site.administrator(), await editor(site)
    made = await key_of(site, ann.id, "notes:read", name="nightly")
    person = f"/admin/accounts/{ann.id}"
    shown = (await root.get(person)).text
    assert "nightly" in shown
    assert made.secret.reveal() not in shown
    answer = await submit(root, person, f"{person}/api-keys/{made.key.id}/revoke")
    assert answer.headers["location"].endswith("done=api-key")
    with pytest.raises(ApiKeyRefused):
        await authenticated(site, made.secret.reveal())
    other = await key_of(site, (await machine(site)).id)
    assert (await submit(root, person, f"{person}/api-keys/{other.key.id}/revoke")).status_code == 404


async def test_makes_none_without_its_owner(site: Site) -> None:
    with pytest.raises(NotFound):
        await make_key_for(site.desk, VISIT, owner="", name="x", scopes=(), lifetime=None, actor="operator")
