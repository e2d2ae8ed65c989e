"""How many sign-ins a second, against how many hashes the same pool makes alone, both at the same concurrency."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from bench.place import AGENT, new_folder, open_desk
from bench.table import Line
from bench.turns import in_turns
from coatcheck.accounts.identifiers import parse_email
from coatcheck.accounts.records import insert_account
from coatcheck.desk import Desk
from coatcheck.login.sign_in import Admitted
from coatcheck.login.with_password import sign_in_with_password
from coatcheck.passwords.check import hashing_pool
from coatcheck.passwords.choose import choose_password, store_password
from coatcheck.visit import Visit

PEOPLE = 64
AT_ONCE = 16
PASSWORD = "seven quiet lanterns drift"  # noqa: S105 (everybody's, here)
# High enough to refuse nobody here: every limit is counted as always.
LIMITS = {"overall_per_second": 1_000_000, "address_per_hour": 1_000_000, "account_per_day": 1_000_000}


async def measure() -> list[Line]:
    """Measure sign-ins: limits in SQL, default argon2id, every commit synced to disk."""
    with new_folder() as folder:
        async with open_desk(folder, limits=LIMITS) as desk:
            stored = await _people(desk)
            pool = desk.keep(hashing_pool)

            async def sign_in(number: int) -> None:
                visit = Visit(address=f"192.0.2.{number}", user_agent=AGENT)
                outcome = await sign_in_with_password(
                    desk, visit, identifier=f"p{number}@example.org", password=PASSWORD
                )
                if not isinstance(outcome, Admitted):
                    raise TypeError("the bench measures complete sign-ins")

            async def hash_alone(_: int) -> None:
                await pool.verify(stored, PASSWORD)

            rates = await in_turns(15, {"ours": lambda: _rate(sign_in), "other": lambda: _rate(hash_alone)})
    what = "Sign-ins : what the same pool hashes alone"
    return [Line(what=what, **rates, unit="/s", bound="at least", target=0.8)]


async def _rate(work: Callable[[int], Awaitable[None]]) -> float:
    waiting = iter(range(PEOPLE))

    async def one_after_another() -> None:
        for number in waiting:
            await work(number)

    began = time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    return PEOPLE / (time.perf_counter() - began)


async def _people(desk: Desk) -> str:
    new = await choose_password(desk, PASSWORD, context=())
    async with desk.database.writing() as tx:
        for number in range(PEOPLE):
            account = await insert_account(tx, parse_email(f"p{number}@example.org"), None, desk.now())
            await store_password(tx, account.id, new, desk.now())
    return new.hash
