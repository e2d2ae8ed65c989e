"""The server's share of sealed storage: the same for one installation, another for each, gone with the account."""

import asyncio
import base64
from itertools import combinations

import pytest
from sqlalchemy import func, select, update

from coatcheck.accounts.account import Account
from coatcheck.admin.lock_account import lock_account
from coatcheck.ending.close_account import close_account
from coatcheck.errors import SessionEnded
from coatcheck.secret import CannotUnseal
from coatcheck.storage.tables.tokens import share_keys
from coatcheck.tokens.storage_share import storage_share
from tests.site import VISIT, Site

PHONE, LAPTOP = "p" * 43, "l" * 43


async def share(site: Site, account: Account, jkt: str = PHONE) -> str:
    """Give an installation's share."""
    return (await storage_share(site.desk, account=account.id, jkt=jkt)).reveal()


async def keys_kept(site: Site) -> int:
    """Count what is kept."""
    async with site.desk.database.reading() as db:
        counted: int = (await db.execute(select(func.count()).select_from(share_keys))).scalar_one()
    return counted


async def test_one_installation_gets_the_same_each_time(site: Site) -> None:
    ann = await site.person(password=None)
    first = await share(site, ann)
    assert await share(site, ann) == first
    assert len(base64.urlsafe_b64decode(first + "=")) == 32


async def test_each_installation_and_each_person_has_another(site: Site) -> None:
    ann, ben = await site.person(password=None), await site.person("ben@example.org", password=None)
    shares = [await share(site, account, jkt) for account in (ann, ben) for jkt in (PHONE, LAPTOP)]
    assert all(one != other for one, other in combinations(shares, 2))
    assert await keys_kept(site) == 2


async def test_what_is_kept_is_sealed_for_its_account(site: Site) -> None:
    """Whoever can write the database cannot give a person's key to another account, and so have its shares."""
    ann, ben = await site.person(password=None), await site.person("ben@example.org", password=None)
    await share(site, ann), await share(site, ben)
    async with site.desk.database.writing() as tx:
        hers = select(share_keys.c.sealed).where(share_keys.c.account == ann.id)
        sealed = (await tx.execute(hers)).scalar_one()
        await tx.execute(update(share_keys).where(share_keys.c.account == ben.id).values(sealed=sealed))
    with pytest.raises(CannotUnseal):
        await share(site, ben)


async def test_fifty_at_once_get_the_same(every_site: Site) -> None:
    ann = await every_site.person(password=None)
    shares = await asyncio.gather(*(share(every_site, ann) for _ in range(50)))
    assert len(set(shares)) == 1
    assert await share(every_site, ann) == shares[0]


async def test_a_closed_account_has_none_and_gets_none(every_site: Site) -> None:
    ann = await every_site.person(password=None)
    await share(every_site, ann)
    await close_account(every_site.desk, VISIT, account=ann.id, actor=ann.id)
    assert await keys_kept(every_site) == 0
    with pytest.raises(SessionEnded):
        await share(every_site, ann)
    assert await keys_kept(every_site) == 0


async def test_closed_while_a_share_is_given_nothing_stays(every_site: Site) -> None:
    people = [await every_site.person(f"p{number}@example.org", password=None) for number in range(10)]
    closing = (close_account(every_site.desk, VISIT, account=each.id, actor=each.id) for each in people)
    given = await asyncio.gather(*closing, *(share(every_site, each) for each in people), return_exceptions=True)
    assert [each for each in given if isinstance(each, Exception) and not isinstance(each, SessionEnded)] == []
    assert await keys_kept(every_site) == 0


async def test_a_locked_account_gets_none_until_it_is_unlocked(site: Site) -> None:
    ann = await site.person(password=None)
    await lock_account(site.desk, VISIT, account=ann.id, actor="operator")
    with pytest.raises(SessionEnded):
        await share(site, ann)
