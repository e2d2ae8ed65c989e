"""For every schedule: a pair is tried no more often than the settings say, and whatever is refused had to be."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk
from coatcheck.limits.tries import Spent, give_back, succeeded
from coatcheck.testing.clock import ManualClock
from tests.limits.desks import HOME, attempt, make_tables, open_desk

TRIES, WINDOW, BLOCK = 3, timedelta(minutes=15), timedelta(minutes=40)
WINDOW_MS, BLOCK_MS = millis(WINDOW), millis(BLOCK)

WRONG, UNJUDGED, RIGHT = "wrong", "unjudged", "right"
MINUTES = st.sampled_from([0, 0, 0, 1, 5, 14, 15, 16, 25, 39, 40])
STEPS = st.lists(st.tuples(MINUTES, st.sampled_from([WRONG, WRONG, WRONG, UNJUDGED, RIGHT])), max_size=25)


@dataclass
class Model:
    """Say the rule in the plainest way: a list of times, and a time before which nobody is judged."""

    spent: list[Instant] = field(default_factory=list)
    blocked_until: Instant = 0

    def wait(self, now: Instant) -> int:
        return max(0, self.blocked_until - now)

    def spend(self, now: Instant) -> None:
        self.spent.append(now)
        if sum(time > now - WINDOW_MS for time in self.spent) >= TRIES:
            self.blocked_until = now + BLOCK_MS

    def end(self, how: str) -> None:
        if how == RIGHT:
            self.spent, self.blocked_until = [], 0
        if how == UNJUDGED:
            self.spent.pop()
            self.blocked_until = 0


async def end(desk: Desk, spent: Spent, how: str) -> None:
    if how == UNJUDGED:
        await give_back(desk, spent)
    if how == RIGHT:
        async with desk.database.writing() as tx:
            succeeded(tx, spent)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    url = await make_tables(f"sqlite:///{tmp_path / 'limits.db'}")
    limits = {"tries": TRIES, "window": WINDOW, "block": BLOCK, "account_per_day": 10**6, "address_per_hour": 10**6}
    async with open_desk(url, ManualClock(), **limits) as desk:
        yield desk


SUBJECTS = itertools.count()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
@example([(0, WRONG), (14, WRONG), (2, WRONG), (0, WRONG)])
@example([(0, WRONG), (0, WRONG), (0, UNJUDGED), (0, WRONG), (39, WRONG), (1, WRONG)])
async def test_every_schedule_is_judged_as_the_rule_says(desk: Desk, steps: list[tuple[int, str]]) -> None:
    subject, model, clock = f"name{next(SUBJECTS)}", Model(), desk.clock
    assert isinstance(clock, ManualClock)
    wrong: list[Instant] = []
    for minutes, how in steps:
        clock.advance(timedelta(minutes=minutes))
        now = clock.now()
        outcome = await attempt(desk, HOME, subject)
        if model.wait(now):
            assert not isinstance(outcome, Spent)
            assert outcome.retry_after == model.wait(now) // 1000
            continue
        assert isinstance(outcome, Spent)
        model.spend(now)
        await end(desk, outcome, how)
        model.end(how)
        wrong = [] if how == RIGHT else [*wrong, now] if how == WRONG else wrong
        # Said apart from the model, as the promise: in no window, wherever it begins, more than so many.
        assert sum(time > now - WINDOW_MS for time in wrong) <= TRIES
