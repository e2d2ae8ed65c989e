"""Attack 37: CVE-2026-43983, Pocket ID: refreshing goes on after the account is disabled or its group taken away.

There a refresh token was good for as long as it was kept alive, with the rights of when it was issued. Here each
refresh reads the account anew: what was taken away is not in the next token, and the one before is refused; who is
locked or closed has no session, and so no refresh token.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.admin.roles import create_role, grant_role, revoke_role
from coatcheck.ending.close_account import close_account
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.errors import SessionEnded
from coatcheck.recovery.finish import finish_recovery
from tests.site import VISIT, Site
from tests.tokens.holders import claims_of, is_good, let_in, refreshed


async def lock(site: Site, account: str) -> None:
    await lock_account(site.desk, VISIT, account=account, actor="operator")


async def lock_and_unlock(site: Site, account: str) -> None:
    await lock(site, account)
    await unlock_account(site.desk, VISIT, account=account, actor="operator")


async def close(site: Site, account: str) -> None:
    await close_account(site.desk, VISIT, account=account, actor=account)


async def end_all(site: Site, account: str) -> None:
    await end_sessions(site.desk, VISIT, account=account, actor=account)


async def recover(site: Site, account: str) -> None:
    await site.browser().post("/api/recover", json={"email": "ann@example.org"})
    token = await site.token("ann@example.org")
    await finish_recovery(site.desk, VISIT, token=token, new_password="other words entirely now")


@pytest.mark.parametrize("change", [lock, lock_and_unlock, close, end_all, recover])
async def test_it_does_not_go_on(site: Site, change: Callable[[Site, str], Awaitable[None]]) -> None:
    ann = await site.person()
    first = await let_in(site, ann)
    second = await refreshed(site, first.refresh)
    await change(site, ann.id)
    for held in (first, second):
        assert not await is_good(site, held.access)
        with pytest.raises(SessionEnded):
            await refreshed(site, held.refresh)


async def test_a_group_that_was_taken_away(site: Site) -> None:
    ann = await site.person(password=None)
    await create_role(site.desk, VISIT, role="editor", permissions=["notes:write"], actor="operator")
    await grant_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
    held = await let_in(site, ann)
    await revoke_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
    for _ in range(3):
        held = await refreshed(site, held.refresh)
        assert not {"roles", "scope"} & claims_of(held.access).keys()


async def test_it_does_not_go_on_for_ever(site: Site) -> None:
    held = await let_in(site, await site.person(password=None))
    for _ in range(5):
        site.clock.advance(timedelta(days=6))
        held = await refreshed(site, held.refresh)
    site.clock.advance(timedelta(milliseconds=1))
    with pytest.raises(SessionEnded):
        await refreshed(site, held.refresh)
