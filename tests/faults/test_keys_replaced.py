"""An emergency rotation against workers that run as they do in earnest: each has heard of it within the bound."""

import asyncio
import time
from functools import partial
from pathlib import Path

from coatcheck.admin.rotate_keys import replace_keys
from coatcheck.keys.ring import SigningKeys
from coatcheck.settings import RevocationSettings
from tests.faults.running import PATIENCE, eventually, running
from tests.site import VISIT, Site

BOUND = RevocationSettings().bound.total_seconds()
ROUNDS = 4


def keys_of(site: Site) -> SigningKeys:
    return site.desk.keep(SigningKeys)


async def test_a_leaked_key_is_unknown_everywhere_within_the_bound(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'site.db'}"
    async with running(url, tmp_path) as here, running(url, tmp_path) as there:
        assert await keys_of(there).current() is not None
        for _ in range(ROUNDS):
            leaked = (await keys_of(here).current()).kid
            assert await keys_of(there).find(leaked) is not None
            made = await replace_keys(here.desk, VISIT, actor="operator")
            assert keys_of(here).verifying(leaked) is None, "in this process at once"
            assert await seconds_until_unknown(there, leaked) <= BOUND
            # Nobody asks: the one that runs beside the requests reads the new one by itself.
            await eventually(partial(is_known, there, made.kid), True)


async def is_known(site: Site, kid: str) -> bool:
    return keys_of(site).verifying(kid) is not None


async def seconds_until_unknown(site: Site, kid: str) -> float:
    """Look again and again; give the seconds that took."""
    began = time.monotonic()
    while await is_known(site, kid):
        assert time.monotonic() - began < PATIENCE
        await asyncio.sleep(0.005)
    return time.monotonic() - began


async def test_one_worker_makes_the_first_key_by_itself(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'site.db'}"
    async with running(url, tmp_path) as here, running(url, tmp_path) as there:

        async def published() -> int:
            for site in (here, there):
                keys_of(site).look_again()
                await keys_of(site).read()
            sets = [keys_of(site).jwks() for site in (here, there)]
            return len(sets[0]["keys"]) if sets[0] == sets[1] else -1

        await eventually(published, 1)
