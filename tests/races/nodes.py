"""Two nodes on one database, crowds that come to them at once, and what becomes of each of their members."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeAlias, TypeVar

import httpx

from coatcheck.accounts.account import Account
from coatcheck.errors import CoatcheckError
from coatcheck.limits import tries
from coatcheck.login.admit import admit
from coatcheck.login.factors import Proof
from coatcheck.login.sign_in import Admitted, SignIn
from coatcheck.passwords.check import hashing_pool
from coatcheck.passwords.schemes import Cost
from coatcheck.secret import new_id
from coatcheck.testing.clock import ManualClock
from coatcheck.visit import Visit
from tests.site import PASSWORD, Site, open_site, sign_in

T = TypeVar("T")
Nodes: TypeAlias = tuple[Site, ...]

BASE = "https://auth.example.org"
COOKIE = "__Host-coatcheck"
# The clock stands still, so that all of a test falls into one second.
NO_RATE = {"overall_per_second": 1_000_000, "address_per_hour": 1_000_000, "account_per_day": 1_000_000}
PATIENCE = 30.0  # seconds, for what happens within milliseconds


@asynccontextmanager
async def open_nodes(
    url: str, folder: Path, *, ephemeral: str = "sql", count: int = 2, **sections: Mapping[str, object]
) -> AsyncIterator[Nodes]:
    """Open so many sites on one database, with one clock and one key; `sections` are settings by section."""
    clock, sections = ManualClock(), {"limits": NO_RATE, **sections}
    async with AsyncExitStack() as stack:
        opening = [open_site(url, folder, ephemeral=ephemeral, clock=clock, **sections) for _ in range(count)]
        yield tuple([await stack.enter_async_context(site) for site in opening])


def visit(number: int = 0) -> Visit:
    """Visit from an address of one's own."""
    return Visit(base_url=BASE, address=f"198.51.{100 + number // 250}.{number % 250 + 1}")


async def at_once(attempts: Iterable[Awaitable[T]]) -> list[T | CoatcheckError]:
    """Begin all in one breath; a refusal of ours is an outcome, and anything else (a deadlock, say) fails the test."""
    ended = await asyncio.gather(*attempts, return_exceptions=True)
    outcomes: list[T | CoatcheckError] = []
    for outcome in ended:
        if isinstance(outcome, BaseException) and not isinstance(outcome, CoatcheckError):
            raise outcome
        outcomes.append(outcome)
    return outcomes


def counted(outcomes: Iterable[object]) -> Counter[str]:
    """Count outcomes by the names of their kinds."""
    return Counter(type(outcome).__name__ for outcome in outcomes)


async def let_in(node: Site, account: Account, number: int = 0) -> Admitted:
    """Open a session by the one door, as a right password does, without the time that hashing takes."""
    spent = await tries.spend(node.desk, visit(number), subject=account.id)
    proven = SignIn(id=new_id("sgn_"), account=account.id, epoch=account.epoch, proofs=(Proof(factor="password"),))
    admitted = await admit(node.desk, visit(number), proven, spent)
    assert isinstance(admitted, Admitted)
    return admitted


async def status_of(node: Site, cookie: str) -> int:
    """Ask who is signed in by a cookie; give the status."""
    async with node.browser(headers={"cookie": f"{COOKIE}={cookie}"}) as browser:
        return (await browser.get("/api/session")).status_code


async def statuses_of(node: Site, cookies: Iterable[str]) -> list[int]:
    """Ask for many cookies at once."""
    return list(await asyncio.gather(*(status_of(node, cookie) for cookie in cookies)))


async def sign_in_somewhere(nodes: Nodes, number: int, password: str = PASSWORD) -> httpx.Response:
    """Sign Ann in at one of the nodes, from an address that nobody else has."""
    node = nodes[number % len(nodes)]
    async with node.browser(address=visit(number).address) as browser:
        return await sign_in(browser, "ann@example.org", password)


def cookies_of(answers: Iterable[object]) -> list[str]:
    """Give the session cookies that were handed out."""
    handed_out = [answer for answer in answers if isinstance(answer, httpx.Response) and answer.status_code == 200]
    return [answer.cookies[COOKIE] for answer in handed_out]


@asynccontextmanager
async def hashing_held(nodes: Nodes) -> AsyncIterator[None]:
    """Occupy the hashing pools, so that whoever comes waits there in line until the block is left."""
    release = threading.Event()
    pools = [node.desk.keep(hashing_pool) for node in nodes]
    everything = [Cost(pool.memory_bytes, lanes=1_000) for pool in pools]
    held = [
        asyncio.ensure_future(pool.run(all_of_it, release.wait))
        for pool, all_of_it in zip(pools, everything, strict=True)
    ]
    try:
        await asyncio.sleep(0)
        yield
    finally:
        release.set()
        await asyncio.gather(*held)


async def in_line(nodes: Nodes, count: int) -> None:
    """Wait until so many wait to be hashed, over all nodes."""
    async with asyncio.timeout(PATIENCE):
        while sum(node.desk.keep(hashing_pool).waiting for node in nodes) < count:  # noqa: ASYNC110 (no event tells)
            await asyncio.sleep(0.001)
