"""An account held as it was, with the session that something was asked in: neither changes before the end."""

import asyncio

import pytest

from coatcheck.accounts import records as accounts
from coatcheck.admin.lock_account import lock_account
from coatcheck.ending.end_sessions import end_session
from coatcheck.errors import SessionEnded
from coatcheck.login.unchanged import hold_unchanged
from tests.site import VISIT, Site


async def test_held_while_both_are_there(site: Site) -> None:
    ann = await site.person(password=None)
    session = (await site.let_in(ann)).session.id
    async with site.desk.database.writing() as tx:
        assert await hold_unchanged(tx, ann.id, epoch=ann.epoch, session=session) == ann
        assert await hold_unchanged(tx, ann.id, epoch=ann.epoch, session=None) == ann
        assert await hold_unchanged(tx, ann.id, epoch=ann.epoch + 1, session=session) is None
        assert await hold_unchanged(tx, "acc_none", epoch=ann.epoch, session=session) is None


async def test_not_without_the_session_it_names(site: Site) -> None:
    ann = await site.person(password=None)
    session = (await site.let_in(ann)).session.id
    await end_session(site.desk, VISIT, account=ann.id, session=session, actor=ann.id)
    for gone in (session, ""):
        async with site.desk.database.writing() as tx:
            with pytest.raises(SessionEnded):
                await hold_unchanged(tx, ann.id, epoch=ann.epoch, session=gone)


async def test_not_where_the_account_is_locked(site: Site) -> None:
    ann = await site.person(password=None)
    await lock_account(site.desk, VISIT, account=ann.id, actor="operator")
    async with site.desk.database.reading() as db:
        now = await accounts.find(db, ann.id)
    assert now is not None
    async with site.desk.database.writing() as tx:
        assert await hold_unchanged(tx, ann.id, epoch=now.epoch, session=None) is None


async def test_ending_it_waits_until_what_holds_it_is_done(postgres_site: Site) -> None:
    site = postgres_site
    ann = await site.person(password=None)
    session = (await site.let_in(ann)).session.id
    async with site.desk.database.writing() as tx:
        await hold_unchanged(tx, ann.id, epoch=ann.epoch, session=session)
        ending = asyncio.create_task(end_session(site.desk, VISIT, account=ann.id, session=session, actor=ann.id))
        done, _ = await asyncio.wait({ending}, timeout=0.2)
        assert not done
    async with asyncio.timeout(5):
        await ending
