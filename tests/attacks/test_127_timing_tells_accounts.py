"""Attack 127: CVE-2021-29621, CVE-2016-2513 and CVE-2024-39329: the time of a sign-in tells which accounts exist.

No hash is computed for an unknown account or one without a password, so the answer comes sooner. Here every refused
sign-in does the same work, which is counted: the same statements in the same order, one verification of the same cost,
the same rows written, no timer more; and it says the same, word for word. The times are compared too.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from coatcheck.admin.lock_account import lock_account
from coatcheck.ending.panic import panic
from coatcheck.passwords.check import hashing_pool
from coatcheck.passwords.pool import HashingPool
from coatcheck.passwords.schemes import Cost
from coatcheck.settings import PasswordSettings
from coatcheck.visit import Visit
from tests.attacks.census import row_counts
from tests.site import PASSWORD, Site, open_site, sign_in
from tests.statements import statements

WRONG = "not the password at all"
CASES = {
    "unknown": ("nobody@example.org", WRONG),
    "unknown, no address at all": ("not a name at all", WRONG),
    "wrong password": ("ann@example.org", WRONG),
    "no password": ("ben@example.org", WRONG),
    "no password, blank": ("ben@example.org", ""),
    "locked, right password": ("cyd@example.org", PASSWORD),
    "locked, wrong password": ("cyd@example.org", WRONG),
    "secured, right password": ("eve@example.org", PASSWORD),
    "secured, wrong password": ("eve@example.org", WRONG),
    "waits for its link": ("dan@example.org", PASSWORD),
}
LEAST_ROUNDS, MOST_ROUNDS = 5, 30
_ONE_COLUMN = re.compile(r"accounts\.(id|email|username) = (\?|:\w+)")


class CountingPool(HashingPool):
    """Hash as ever, and note the cost of everything that is run."""

    costs: list[Cost]

    async def run(self, cost: Cost, work: Callable[[], Any]) -> Any:
        """Note the cost, then run."""
        self.costs.append(cost)
        return await super().run(cost, work)


@pytest.fixture
async def peopled(tmp_path: Path) -> AsyncIterator[Site]:
    limits = {"overall_per_second": 10_000, "address_per_hour": 10_000, "account_per_day": 10_000}
    real = {"argon2_memory_kib": PasswordSettings().argon2_memory_kib}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, limits=limits, passwords=real) as site:
        pool = CountingPool(site.desk.settings.passwords)
        pool.costs = []
        site.desk._kept[hashing_pool] = pool  # in the place where the process keeps its pool
        await site.person()
        await site.person("ben@example.org", None)
        locked = await site.person("cyd@example.org")
        await lock_account(site.desk, Visit(), account=locked.id, actor="operator")
        secured = await site.person("eve@example.org")
        await panic(site.desk, Visit(), account=secured.id, actor="operator")
        await site.browser().post("/api/sign-up", json={"email": "dan@example.org", "password": PASSWORD})
        await attempt(site, "warm-up@example.org", WRONG, "192.0.2.250")
        yield site


async def attempt(site: Site, name: str, password: str, address: str) -> httpx.Response:
    return await sign_in(site.browser(address=address), name, password)


@contextmanager
def timers() -> Iterator[list[float]]:
    """Note every timer that is set: nobody may be made to wait longer than another."""
    loop = asyncio.get_running_loop()
    waits: list[float] = []
    with pytest.MonkeyPatch.context() as patched:
        for name in ("call_at", "call_later"):
            patched.setattr(loop, name, _noting(getattr(loop, name), waits))
        yield waits


def _noting(call: Callable[..., Any], waits: list[float]) -> Callable[..., Any]:
    def noting(when: float, *more: Any, **named: Any) -> Any:
        waits.append(when)
        return call(when, *more, **named)

    return noting


async def test_all_refusals_are_one_answer_and_one_work(peopled: Site) -> None:
    seen = {}
    pool: Any = peopled.desk.keep(hashing_pool)
    for number, (case, (name, password)) in enumerate(CASES.items()):
        before, pool.costs = await row_counts(peopled), []
        with statements() as ran, timers() as waits:
            answer = await attempt(peopled, name, password, f"192.0.2.{number}")
        after = await row_counts(peopled)
        written = {table: after[table] - before[table] for table in after if after[table] != before[table]}
        body = {key: value for key, value in answer.json().items() if key != "request_id"}
        headers = {key: value for key, value in answer.headers.items() if key != "x-request-id"}
        written.pop("limit_totals", None)  # a second try at one subject adds to the row that is there
        # One look-up by one indexed column; which one follows from how the name is spelt, not from who has it.
        alike = [_ONE_COLUMN.sub("accounts.one = ?", statement) for statement in ran]
        seen[case] = (answer.status_code, body, headers, alike, list(pool.costs), written, len(waits))
    first = seen["wrong password"]
    assert first[0] == 401
    assert len(first[4]) == 1, "one verification"
    for case, work in seen.items():
        assert work == first, case


async def test_the_times_are_alike(peopled: Site) -> None:
    """The processor's time of this process, the least of several rounds: who else keeps the machine busy only adds."""
    least = dict.fromkeys(CASES, float("inf"))
    for turn in range(MOST_ROUNDS):
        for number, (case, (name, password)) in enumerate(CASES.items()):
            began = time.process_time()
            answer = await attempt(peopled, name, password, f"198.51.{turn}.{number}")
            least[case] = min(least[case], time.process_time() - began)
            assert answer.status_code == 401
        if turn + 1 >= LEAST_ROUNDS and max(least.values()) < 2 * min(least.values()):
            return
    pytest.fail(f"never alike: {least}")


async def test_a_block_says_the_same_of_strangers_and_accounts(peopled: Site) -> None:
    answers = {}
    for number, (case, (name, password)) in enumerate(CASES.items()):
        for _ in range(6):
            answer = await attempt(peopled, name, password, f"203.0.113.{number}")
        answers[case] = (answer.status_code, answer.json()["code"], answer.headers["retry-after"])
    assert set(answers.values()) == {(429, "too_many_attempts", answers["unknown"][2])}
