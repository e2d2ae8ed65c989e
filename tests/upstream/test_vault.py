"""The vault: what providers gave is sealed, opens in its own place alone, and outlives a change of the master key."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from coatcheck.accounts.account import Account
from coatcheck.login.link import link
from coatcheck.secret import CannotUnseal, KeyRing, random_bytes
from coatcheck.storage.tables.upstream import upstream_tokens
from coatcheck.upstream import records, vault
from coatcheck.upstream.act_for import upstream_token
from coatcheck.upstream.identity import Identity, UpstreamTokens
from tests.site import Site, open_site
from tests.upstream.kept import made_up

ISSUER = "https://id.example.org"
TABLE = {"entry": "oidc", "issuer": ISSUER, "client_id": "site", "client_secret": "s" * 32, "keeps_tokens": True}
TOKENS = made_up("a-very-secret-access-token", refresh="a-very-secret-refresh-token")


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that keeps a provider's tokens."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, providers={"work": TABLE}) as site:
        yield site


async def linked(site: Site, account: Account, subject: str, tokens: UpstreamTokens | None = TOKENS) -> str:
    """Link an identity with tokens; give its id."""
    identity = Identity(provider="work", issuer=ISSUER, subject=subject, tokens=tokens)
    async with site.desk.database.writing() as tx:
        return (await link(tx, site.desk, account, identity)).id


async def read(site: Site, identity: str) -> UpstreamTokens | None:
    async with site.desk.database.reading() as db:
        kept = await records.tokens_of(db, identity)
    return vault.opened(site.desk, kept.sealed, place=vault.place_of(identity)) if kept else None


@pytest.mark.parametrize(
    "tokens", [TOKENS, replace(TOKENS, refresh=None, expires_at=1_800_000_000_000, scopes=("a", "b"))]
)
async def test_what_is_sealed_opens_again(there: Site, tokens: UpstreamTokens) -> None:
    assert vault.opened(there.desk, vault.sealed(there.desk, tokens, place="here"), place="here") == tokens
    with pytest.raises(CannotUnseal):
        vault.opened(there.desk, vault.sealed(there.desk, tokens, place="here"), place="there")


async def test_nothing_is_sealed_as_nothing(there: Site) -> None:
    assert vault.sealed(there.desk, None, place="here") == b""
    assert vault.opened(there.desk, b"", place="here") is None


async def test_a_copy_of_the_database_shows_nothing(there: Site, tmp_path: Path) -> None:
    await linked(there, await there.person(), "ann")
    with closing(sqlite3.connect(tmp_path / "site.db")) as copied:
        lines = "\n".join(copied.iterdump())
    files = b"".join((tmp_path / name).read_bytes() for name in ("site.db", "site.db-wal"))
    assert 'INSERT INTO "upstream_tokens"' in lines
    assert b"very-secret" not in files
    assert b"very-secret".hex() not in lines.lower()


async def test_what_is_moved_to_another_row_opens_for_nobody(there: Site) -> None:
    """Who can write to the database gives themselves the tokens of somebody else."""
    victim, mallory = await there.person(), await there.person("mallory@example.org")
    theirs, own = await linked(there, victim, "ann"), await linked(there, mallory, "mallory")
    async with there.desk.database.writing() as tx:
        kept = await records.tokens_of(tx, theirs)
        assert kept is not None
        moved = update(upstream_tokens).where(upstream_tokens.c.identity == own).values(sealed=kept.sealed)
        await tx.execute(moved)
    with pytest.raises(CannotUnseal):
        await upstream_token(there.desk, account=mallory.id, provider="work")
    assert (await upstream_token(there.desk, account=victim.id, provider="work")).reveal() == TOKENS.access.reveal()


async def test_the_master_key_may_be_changed(there: Site) -> None:
    """What was sealed under the former one opens while that is in the ring, and is sealed anew when it is kept anew."""
    ann = await there.person()
    identity = await linked(there, ann, "ann")
    former, new = there.desk.key_ring.masters[0], random_bytes(32)
    turned = replace(there, desk=replace(there.desk, key_ring=KeyRing((new, former))))
    assert await read(turned, identity) == TOKENS
    async with turned.desk.database.writing() as tx:
        await vault.store(tx, turned.desk, identity, TOKENS)
    alone = replace(there, desk=replace(there.desk, key_ring=KeyRing((new,))))
    assert await read(alone, identity) == TOKENS
    with pytest.raises(CannotUnseal):
        await read(there, identity)


async def test_a_refresh_token_stays_where_the_next_sign_in_brings_none(there: Site) -> None:
    """Google gives one at a consent alone."""
    identity = await linked(there, await there.person(), "ann")
    async with there.desk.database.writing() as tx:
        await vault.store(tx, there.desk, identity, made_up("newer", refresh=None, expires_at=7))
    assert await read(there, identity) == made_up("newer", refresh="a-very-secret-refresh-token", expires_at=7)
    async with there.desk.database.writing() as tx:
        await vault.store(tx, there.desk, identity, made_up("newest", refresh="another"))
    assert await read(there, identity) == made_up("newest", refresh="another")


async def test_they_are_gone_with_their_identity(there: Site) -> None:
    ann = await there.person()
    identity = await linked(there, ann, "ann")
    async with there.desk.database.writing() as tx:
        await records.remove(tx, ann.id, identity)
    assert await read(there, identity) is None


async def test_nothing_shows_them(there: Site) -> None:
    identity = await linked(there, await there.person(), "ann")
    async with there.desk.database.reading() as db:
        kept = await records.tokens_of(db, identity)
    shown = f"{TOKENS!r} {kept!r} {Identity(provider='work', issuer=ISSUER, subject='ann', tokens=TOKENS)!r}"
    assert "very-secret" not in shown
    assert "sealed" not in shown
