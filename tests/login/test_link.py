"""Linking, the one place that does: an identity is one account's, what it was asked under holds, its owner is told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.login.link import CannotLink, link, link_as_asked
from coatcheck.login.sign_in import SignIn
from coatcheck.secret import Secret
from coatcheck.storage.tables.audit import audit_events
from coatcheck.storage.tables.upstream import upstream_tokens
from coatcheck.upstream import records, vault
from coatcheck.upstream.identity import Identity, UpstreamTokens
from tests.site import VISIT, Site, open_site

ADA_THERE = Identity(provider="work", issuer="https://id.example.org", subject="17", email="ann@example.org")
TOKENS = UpstreamTokens(access=Secret("an access token"), refresh=Secret("a refresh token"))


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path) as site:
        yield site


@pytest.fixture
async def ann(there: Site) -> Account:
    """Make an account."""
    return await there.person()


def asking(site: Site, identity: Identity = ADA_THERE, tokens: UpstreamTokens | None = None) -> SignIn:
    """Give a sign-in that was begun by an identity which nobody has."""
    sealed = vault.sealed(site.desk, tokens, place="linking:sgn_one")
    return SignIn(id="sgn_one", linking=identity, linking_tokens=sealed)


async def links(site: Site, account: Account) -> list[str]:
    async with site.desk.database.reading() as db:
        return [each.subject for each in await records.list_of(db, account.id)]


async def as_asked(site: Site, account: Account, sign_in: SignIn) -> None:
    async with site.desk.database.writing() as tx:
        held = await accounts.lock(tx, account.id)
        assert held is not None
        await link_as_asked(tx, site.desk, VISIT, held, sign_in)


async def test_its_owner_is_told_and_the_trail_knows(there: Site, ann: Account) -> None:
    await as_asked(there, ann, asking(there))

    assert await links(there, ann) == ["17"]
    [mail] = await there.mails("ann@example.org")
    assert "linked to your account: work (ann@example.org)" in mail.text
    async with there.desk.database.reading() as db:
        query = select(func.count()).where(audit_events.c.event == "identity.linked", audit_events.c.account == ann.id)
        assert (await db.execute(query)).scalar_one() == 1


async def test_a_sign_in_that_asks_for_none_links_none(there: Site, ann: Account) -> None:
    await as_asked(there, ann, SignIn(id="sgn_one"))
    assert await links(there, ann) == []
    assert await there.mails("ann@example.org") == []


async def test_an_account_whose_address_is_another_by_now(there: Site, ann: Account) -> None:
    """What was asked was whether the owner of this address wants it linked."""
    with pytest.raises(CannotLink):
        await as_asked(there, ann, asking(there, replace(ADA_THERE, email="elsewhere@example.org")))
    assert await links(there, ann) == []


async def test_an_identity_is_one_accounts(there: Site, ann: Account) -> None:
    ben = await there.person("ben@example.org")
    async with there.desk.database.writing() as tx:
        await link(tx, there.desk, ben, ADA_THERE)

    with pytest.raises(CannotLink):
        await as_asked(there, ann, asking(there))
    with pytest.raises(records.Taken):
        async with there.desk.database.writing() as tx:
            await link(tx, there.desk, ann, ADA_THERE)
    assert await links(there, ann) == []
    assert await links(there, ben) == ["17"]


async def test_of_twenty_at_once_one_has_it(there: Site) -> None:
    people = [await there.person(f"p{number}@example.org", password=None) for number in range(20)]

    async def one(account: Account) -> bool:
        try:
            async with there.desk.database.writing() as tx:
                await link(tx, there.desk, account, ADA_THERE)
        except records.Taken:
            return False
        return True

    assert sum(await asyncio.gather(*(one(each) for each in people))) == 1
    assert sum([len(await links(there, each)) for each in people]) == 1


async def test_it_is_found_by_issuer_and_subject_alone(there: Site, ann: Account) -> None:
    """Another issuer's subject, or one that is spelt nearly alike, is somebody else."""
    async with there.desk.database.writing() as tx:
        await link(tx, there.desk, ann, replace(ADA_THERE, subject="Ada"))
    others = [
        replace(ADA_THERE, subject="ada"),
        replace(ADA_THERE, subject="Ada "),
        replace(ADA_THERE, subject="Ada", issuer="https://id.example.org/"),
        replace(ADA_THERE, subject="Ada", issuer="https://other.example.org"),
    ]
    async with there.desk.database.reading() as db:
        assert [await records.find(db, each) for each in others] == [None] * 4
        assert (
            await records.find(db, replace(ADA_THERE, subject="Ada", email="x@example.org", provider="y")) is not None
        )


async def test_the_tokens_that_waited_are_kept_with_it(there: Site, ann: Account) -> None:
    await as_asked(there, ann, asking(there, tokens=TOKENS))

    async with there.desk.database.reading() as db:
        [linked] = await records.list_of(db, ann.id)
        kept = await records.tokens_of(db, linked.id)
    assert kept is not None
    assert vault.opened(there.desk, kept.sealed, place=vault.place_of(linked.id)) == TOKENS


async def test_without_tokens_none_are_kept(there: Site, ann: Account) -> None:
    await as_asked(there, ann, asking(there))
    async with there.desk.database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(upstream_tokens))).scalar_one() == 0
