"""Making a key: with no more than its owner may, with an end, and with a name that can be read."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from coatcheck.api_keys.api_key import MOST_KEYS, ApiKey
from coatcheck.api_keys.make import Made, make
from coatcheck.clock import millis
from coatcheck.errors import BadInput, Conflict
from coatcheck.secret import hash_secret
from coatcheck.storage.tables.api_keys import api_keys
from tests.site import Site

MAY = frozenset({"notes:read", "notes:write"})


async def made(site: Site, **other: Any) -> Made:
    """Make a key, with some of it otherwise."""
    asked = {"name": "nightly", "scopes": ["notes:read"], "may": MAY, "lifetime": None, **other}
    async with site.desk.database.writing() as tx:
        return await make(tx, site.desk, owner="acc_1", **asked)


async def rows(site: Site) -> list[dict[str, Any]]:
    """Give what is kept."""
    async with site.desk.database.reading() as db:
        return [dict(row) for row in (await db.execute(select(api_keys))).mappings()]


async def test_keeps_its_hash_alone(site: Site) -> None:
    new = await made(site)
    [row] = await rows(site)
    assert row["secret_hash"] == hash_secret(new.secret.reveal())
    assert new.secret.reveal() not in str(row)
    assert (row["id"], row["owner"], row["name"], row["scopes"]) == (new.key.id, "acc_1", "nightly", "notes:read")
    assert new.secret.reveal().startswith(row["hint"])
    assert row["last_used_at"] is None


async def test_has_an_end(site: Site) -> None:
    now, settings = site.desk.now(), site.desk.settings.api_keys
    assert (await made(site)).key.expires_at == now + millis(settings.lifetime)
    assert (await made(site, lifetime=timedelta(hours=2))).key.expires_at == now + 7_200_000
    assert (await made(site, lifetime=settings.longest)).key.expires_at == now + millis(settings.longest)
    for lifetime in (settings.longest + timedelta(seconds=1), timedelta(0), timedelta(days=-1)):
        with pytest.raises(BadInput) as refusal:
            await made(site, lifetime=lifetime)
        assert refusal.value.fields == {"lifetime": "A key works for up to 365 days."}


async def test_is_shown_for_a_while_after_its_end(site: Site) -> None:
    new = await made(site)
    [row] = await rows(site)
    assert row["kept_until"] == new.key.expires_at + millis(timedelta(days=30))
    assert not new.key.has_run_out(new.key.expires_at)
    assert new.key.has_run_out(new.key.expires_at + 1)


@pytest.mark.parametrize("scope", ["notes:delete", "admin", "*", "notes:*", "", " ", "notes:read notes:write"])
async def test_names_no_more_than_its_owner_may(site: Site, scope: str) -> None:
    with pytest.raises(BadInput) as refusal:
        await made(site, scopes=["notes:read", scope])
    assert list(refusal.value.fields) == ["scopes"]
    assert await rows(site) == []


async def test_scopes_are_a_set(site: Site) -> None:
    new = await made(site, scopes=["notes:write", "notes:read", "notes:read"])
    assert new.key.scopes == ("notes:read", "notes:write")
    assert (await made(site, scopes=[])).key.scopes == ()


async def test_scopes_fit_into_a_token(site: Site) -> None:
    many = frozenset(f"notes:{number:0>60}" for number in range(40))
    with pytest.raises(BadInput) as refusal:
        await made(site, scopes=many, may=many)
    assert "Make two keys" in refusal.value.fields["scopes"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\nb", "a\u202eb", "\x00"])
async def test_a_name_can_be_read(site: Site, name: str) -> None:
    with pytest.raises(BadInput) as refusal:
        await made(site, name=name)
    assert list(refusal.value.fields) == ["name"]


async def test_a_name_is_trimmed_and_may_be_twice(site: Site) -> None:
    assert [(await made(site, name=name)).key.name for name in (" nächtlich ", "nächtlich")] == ["nächtlich"] * 2


async def test_fifty_are_enough(site: Site) -> None:
    for _ in range(MOST_KEYS):
        await made(site)
    with pytest.raises(Conflict):
        await made(site)
    site.clock.advance(timedelta(days=91))
    assert isinstance((await made(site)).key, ApiKey), "what has run out makes room"
