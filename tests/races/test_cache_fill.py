"""A session revoked between the read and the fill of a cache miss: a late fill brings no dead session back."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TypeAlias

import pytest

from coatcheck.accounts.account import Account
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.ending.end_sessions import end_session, end_sessions
from coatcheck.errors import SessionEnded
from coatcheck.gate.cache import Entry, PrincipalCache
from coatcheck.gate.cookie import check_cookie
from coatcheck.login.sign_in import Admitted
from coatcheck.revocation.log import start_new_era
from tests.races.nodes import Nodes, let_in, status_of, visit
from tests.site import Site

VISITORS = 2
Change: TypeAlias = Callable[[Site, Account, Admitted], Awaitable[None]]


async def looked_up(node: Site, admitted: Admitted) -> Entry:
    """Give what the database says of a session, as the cache would keep it."""
    cookie = admitted.secret.reveal()
    await check_cookie(node.desk, cookie)
    entry = node.desk.keep(PrincipalCache).get(sha256(cookie.encode()).digest(), node.desk.now())
    assert entry is not None
    return entry


async def end_one(node: Site, account: Account, admitted: Admitted) -> None:
    await end_session(node.desk, visit(), account=account.id, session=admitted.session.id, actor=account.id)


async def end_all(node: Site, account: Account, _: Admitted) -> None:
    await end_sessions(node.desk, visit(), account=account.id, actor=account.id)


async def grant(node: Site, account: Account, _: Admitted) -> None:
    await create_role(node.desk, visit(), role="editor", permissions=(), actor="operator")
    await grant_role(node.desk, visit(), account=account.id, role="editor", actor="operator")


async def restore(node: Site, _account: Account, _: Admitted) -> None:
    await start_new_era(node.desk)
    await node.follow_log()


@pytest.mark.parametrize("change", [end_one, end_all, grant, restore])
async def test_a_fill_that_began_before_is_refused(site: Site, change: Change) -> None:
    account = await site.person()
    admitted = await let_in(site, account)
    cache, entry = site.desk.keep(PrincipalCache), await looked_up(site, admitted)
    ticket = cache.begin()
    await change(site, account, admitted)
    assert not cache.fill(ticket, entry)
    assert cache.get(entry.digest, site.desk.now()) is None


async def test_news_of_others_refuses_no_fill(site: Site) -> None:
    ann, ben = await site.person(), await site.person("ben@example.org")
    admitted, other = await let_in(site, ann), await let_in(site, ben)
    cache, entry = site.desk.keep(PrincipalCache), await looked_up(site, admitted)
    ticket = cache.begin()
    await end_one(site, ben, other)
    assert cache.fill(ticket, entry)


async def test_a_fill_on_another_node(nodes: Nodes) -> None:
    """What that node has not heard of yet may be kept, and goes when it looks; after that no old fill is let in."""
    here, there = nodes
    account = await here.person()
    admitted = await let_in(here, account)
    cache, entry = there.desk.keep(PrincipalCache), await looked_up(there, admitted)
    ticket = cache.begin()
    await end_one(here, account, admitted)
    assert cache.fill(ticket, entry)
    await there.follow_log()
    assert cache.get(entry.digest, there.desk.now()) is None
    assert not cache.fill(ticket, entry)
    with pytest.raises(SessionEnded):
        await check_cookie(there.desk, admitted.secret.reveal())


async def test_no_request_after_a_revocation_gets_in(cold_pair: Nodes) -> None:
    """Two hundred times: requests that miss the cache, and a revocation that commits while they read."""
    here, there = cold_pair
    account = await here.person()
    for _ in range(20):
        opened = [await let_in(here, account) for _ in range(10)]
        await asyncio.gather(*(_revoke_under_load(here, there, account, admitted) for admitted in opened))


async def _revoke_under_load(here: Site, there: Site, account: Account, admitted: Admitted) -> None:
    cookie = admitted.secret.reveal()
    over = {here: asyncio.Event(), there: asyncio.Event()}

    async def visitor(node: Site) -> None:
        while True:
            began_after = over[node].is_set()
            try:
                await check_cookie(node.desk, cookie)
            except SessionEnded:
                return
            assert not began_after, "a request that began after the revocation got in"
            await asyncio.sleep(0)

    async def revoke() -> None:
        await end_one(here, account, admitted)
        over[here].set()
        await there.follow_log()
        over[there].set()

    visitors = [visitor(node) for node in (here, there) for _ in range(VISITORS // 2)]
    await asyncio.gather(*visitors, revoke())


async def test_and_by_a_browser(nodes: Nodes) -> None:
    here, there = nodes
    account = await here.person()
    admitted = await let_in(here, account)
    cookie = admitted.secret.reveal()
    assert [await status_of(node, cookie) for node in nodes] == [200, 200]
    await end_one(here, account, admitted)
    assert await status_of(here, cookie) == 401, "this process refuses as soon as the revocation returns"
    await there.follow_log()
    assert await status_of(there, cookie) == 401
