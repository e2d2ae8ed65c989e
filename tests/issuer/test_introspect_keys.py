"""Introspection of an API key: whoever was handed one asks what it may, and is told as of now."""

from pathlib import Path

import pytest

from coatcheck.admin.api_keys import revoke_key
from coatcheck.admin.lock_account import lock_account
from coatcheck.admin.roles import revoke_role
from coatcheck.gate.junk_keys import PER_MINUTE
from tests.api_keys.making import changed, editor, key_of, made_up, presenting
from tests.clients.machines import INTROSPECT, machine
from tests.site import ORIGIN, VISIT, Site, open_site


async def test_what_is_told(site: Site) -> None:
    ann, service = await editor(site), await machine(site)
    made = await key_of(site, ann.id, "notes:read")
    assert await service.told(made.secret.reveal()) == {
        "active": True,
        "token_type": "Bearer",
        "iss": ORIGIN,
        "sub": ann.id,
        "scope": "notes:read",
        "exp": made.key.expires_at // 1000,
        "jti": made.key.id,
    }


async def test_names_its_owner_where_tokens_do(sqlite_ready: str, tmp_path: Path) -> None:
    async with open_site(sqlite_ready, tmp_path, tokens={"claims": ["email"]}) as site:
        ann, service = await editor(site), await machine(site)
        made = await key_of(site, ann.id)
        assert (await service.told(made.secret.reveal()))["email"] == "ann@example.org"


async def test_as_of_now(site: Site) -> None:
    ann, service = await editor(site), await machine(site)
    made = await key_of(site, ann.id, "notes:read")
    await service.told(made.secret.reveal())
    await revoke_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
    assert (await service.told(made.secret.reveal()))["scope"] == ""
    await lock_account(site.desk, VISIT, account=ann.id, actor="operator")
    assert await service.told(made.secret.reveal()) == {"active": False}


async def test_nothing_of_what_does_not_count(site: Site) -> None:
    ann, service = await editor(site), await machine(site)
    made = await key_of(site, ann.id)
    await revoke_key(site.desk, VISIT, key=made.key.id, actor="operator")
    for text in (made.secret.reveal(), changed(made.secret.reveal(), 9), made_up(), "cck_", "x"):
        assert await service.told(text) == {"active": False}


async def test_strangers_keep_no_service_from_asking(site: Site) -> None:
    """A service passes on what strangers make up, all from its own address."""
    ann, service = await editor(site), await machine(site)
    for number in range(PER_MINUTE + 2):
        assert await service.told(made_up(f"cck_{number:0>32}")) == {"active": False}
    made = await key_of(site, ann.id)
    assert (await service.told(made.secret.reveal()))["active"] is True


@pytest.mark.parametrize("of", ["person", "service"])
async def test_a_key_does_not_ask(site: Site, of: str) -> None:
    ann, service = await editor(site), await machine(site)
    made = await key_of(site, ann.id if of == "person" else service.id)
    answer = await site.machine().post(
        INTROSPECT, data={"token": made.secret.reveal()}, headers=presenting(made.secret.reveal())
    )
    assert answer.status_code == 401


async def test_one_that_is_used_too_often(sqlite_ready: str, tmp_path: Path) -> None:
    async with open_site(sqlite_ready, tmp_path, api_keys={"per_minute": 1}) as site:
        ann, service = await editor(site), await machine(site)
        made = await key_of(site, ann.id)
        answers = [await service.ask(INTROSPECT, token=made.secret.reveal()) for _ in range(2)]
        assert [each.status_code for each in answers] == [200, 429]
        assert int(answers[1].headers["retry-after"]) > 0
