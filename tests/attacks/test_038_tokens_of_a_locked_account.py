"""Attack 38: django-allauth 65.13.0: the access and refresh tokens of somebody who was disabled since still work.

There only signing in looked at the flag. Here locking ends the account's sessions, and by that sets the bits of all
their tokens: this worker refuses them at once, any other within the bound, and unlocking brings none of them back.
"""

from datetime import timedelta

import pytest

from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.errors import SessionEnded
from tests.attacks.workers import another_worker
from tests.site import VISIT, Site
from tests.tokens.holders import is_good, let_in, refreshed


async def test_neither_works(site: Site) -> None:
    ann = await site.person(password=None)
    held = [await let_in(site, ann, present=present) for present in ("tokens", "token_cookies")]
    async with another_worker(site) as other:
        assert all([await is_good(node, each.access) for each in held for node in (site, other)])
        await lock_account(site.desk, VISIT, account=ann.id, actor="operator")
        assert not any([await is_good(site, each.access) for each in held])
        site.clock.advance(timedelta(seconds=1, milliseconds=1))
        assert not any([await is_good(other, each.access) for each in held])
        await unlock_account(site.desk, VISIT, account=ann.id, actor="operator")
        await other.follow_log()
        for each in held:
            assert not await is_good(other, each.access)
            with pytest.raises(SessionEnded):
                await refreshed(other, each.refresh)
