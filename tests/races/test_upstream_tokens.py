"""Many who act for one person at a provider at once: one renewal, and a good token for everybody."""

import asyncio
from pathlib import Path

from tests.servers.others import OpenIdServer
from tests.upstream.kept import RUN_OUT, ada, is_good, keeping, token


async def test_fifty_at_once_over_two_workers(work: OpenIdServer, ready: str, tmp_path: Path) -> None:
    """This provider takes a refresh token once, and ends the whole grant where it comes again."""
    async with keeping(work, ready, tmp_path, count=2) as nodes:
        account = await ada(nodes[0])
        given = [await token(nodes[1], account)]
        for _ in range(3):
            nodes[0].clock.advance(RUN_OUT)
            renewed = await asyncio.gather(*(token(nodes[number % 2], account) for number in range(50)))
            assert len(set(renewed)) == 1
            assert await is_good(work, renewed[0])
            given += set(renewed)
        assert len(set(given)) == 4
