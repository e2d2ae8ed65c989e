"""Sign-ins, refreshes, repeats, replays, ends, moves and time, in any order, against a model that fits on a page.

What always holds: no token of a session that ended is taken by any worker; the latest tokens of a session that did not
end work; and nobody is signed out without a replay, an end, or too long without use.
"""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from coatcheck.accounts import records as accounts
from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.admin.roles import create_role, grant_role, revoke_role
from coatcheck.clock import Instant, millis
from coatcheck.ending.end_sessions import end_session, end_sessions
from coatcheck.errors import RefreshSuperseded, SessionEnded
from coatcheck.login.revoke import revoke
from tests.attacks.workers import another_worker
from tests.keys.sites import signing_site
from tests.races.nodes import NO_RATE
from tests.site import VISIT, Site
from tests.tokens.holders import Held, is_good, let_in, refreshed

GRACE: Final = 10_000
IDLE: Final = millis(timedelta(days=7, minutes=1))
LONGEST: Final = millis(timedelta(days=30))
LIVES: Final = millis(timedelta(minutes=15))
Run: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Any]


@dataclass(eq=False)
class Session:
    """Hold what is known of one session.

    Args:
        tokens: its refresh tokens in the order in which they came, each with when it was replaced.
        access: its access tokens, each with when it runs out and how often the account had moved.
    """

    id: str
    opened: Instant
    used: Instant
    tokens: list[list[Any]] = field(default_factory=list)
    access: list[tuple[str, Instant, int]] = field(default_factory=list)
    is_ended: bool = False

    def is_alive(self, now: Instant) -> bool:
        """Tell whether it must be."""
        return not self.is_ended and now <= min(self.used + IDLE, self.opened + LONGEST)

    def got(self, held: Held, now: Instant, moves: int) -> None:
        """Note tokens that were given."""
        assert held.session == self.id
        runs_out = min(now + LIVES, self.used + millis(timedelta(days=7)), self.opened + LONGEST) // 1000 * 1000
        self.access.append((held.access, runs_out, moves))
        if not self.tokens or self.tokens[-1][0] != held.refresh:
            if self.tokens:
                self.tokens[-1][1] = now
            self.tokens.append([held.refresh, None])


class Tokens(RuleBasedStateMachine):
    """Do what people, thieves and administrators do."""

    sites: tuple[Site, ...]
    run: Run
    sessions = Bundle("sessions")
    workers = st.integers(0, 1)

    @initialize()
    def begin(self) -> None:
        """Begin with an account of one's own, in the database that all examples share."""
        self.here = self.sites[0]
        self.ann = self.run(self.here.person(f"p{id(self)}-{self.here.clock.now()}@example.org", password=None))
        self.moves = 0
        self.is_editor = False
        self.all: list[Session] = []
        self.here.clock.advance(timedelta(milliseconds=1))

    @property
    def now(self) -> Instant:
        """The time."""
        return self.here.clock.now()

    @rule(target=sessions, worker=workers)
    def sign_in(self, worker: int) -> Any:
        if len(self.all) > 5:
            return multiple()
        held = self.run(self._let_in(self.sites[worker]))
        session = Session(held.session, self.now, self.now)
        session.got(held, self.now, self.moves)
        self.all.append(session)
        return session

    async def _let_in(self, site: Site) -> Held:
        async with site.desk.database.reading() as db:
            account = await accounts.find(db, self.ann.id)
        assert account is not None
        return await let_in(site, account)

    @rule(session=sessions, worker=workers)
    def refresh(self, session: Session, worker: int) -> None:
        self._present(session, len(session.tokens) - 1, worker)

    @rule(session=sessions, worker=workers)
    def ask_again(self, session: Session, worker: int) -> None:
        self._present(session, max(0, len(session.tokens) - 2), worker)

    @rule(session=sessions, worker=workers, back=st.integers(2, 6))
    def present_an_older_one(self, session: Session, worker: int, back: int) -> None:
        self._present(session, max(0, len(session.tokens) - 1 - back), worker)

    def _present(self, session: Session, which: int, worker: int) -> None:
        """Present a refresh token; what must come of it follows from which it is and when it was replaced."""
        token, replaced_at = session.tokens[which]
        is_latest, is_former = which == len(session.tokens) - 1, which == len(session.tokens) - 2
        outcome = self._outcome(worker, token)
        if not session.is_alive(self.now):
            assert isinstance(outcome, SessionEnded)
        elif is_latest:
            assert isinstance(outcome, Held)
            assert outcome.refresh != token
            self._use(session, outcome)
        elif self.now - replaced_at > GRACE:
            assert isinstance(outcome, SessionEnded), "a replay"
            session.is_ended = True
        elif is_former:
            assert isinstance(outcome, Held)
            assert outcome.refresh == session.tokens[-1][0], "the same one again"
            self._use(session, outcome)
        else:
            assert isinstance(outcome, RefreshSuperseded)

    def _use(self, session: Session, held: Held) -> None:
        session.used = self.now
        session.got(held, self.now, self.moves)

    def _outcome(self, worker: int, token: str) -> Held | SessionEnded | RefreshSuperseded:
        async def attempt() -> Any:
            try:
                return await refreshed(self.sites[worker], token)
            except (SessionEnded, RefreshSuperseded) as refused:
                return refused

        outcome: Held | SessionEnded | RefreshSuperseded = self.run(attempt())
        return outcome

    @rule(session=sessions, worker=workers, which=st.integers(0, 3))
    def give_back(self, session: Session, worker: int, which: int) -> None:
        """Give back any refresh token, new or old."""
        token = session.tokens[which % len(session.tokens)][0]
        self.run(revoke(self.sites[worker].desk, VISIT, token=token))
        session.is_ended = True

    @rule(session=sessions, worker=workers)
    def give_back_access(self, session: Session, worker: int) -> None:
        """Give back the latest access token: it ends the session only while it counts."""
        token, runs_out, moves = session.access[-1]
        self.run(revoke(self.sites[worker].desk, VISIT, token=token))
        session.is_ended |= self.now < runs_out and moves == self.moves

    @rule(session=consumes(sessions), worker=workers)
    def end_one(self, session: Session, worker: int) -> None:
        if not session.is_ended:
            ending = end_session(
                self.sites[worker].desk, VISIT, account=self.ann.id, session=session.id, actor=self.ann.id
            )
            self.run(ending)
        session.is_ended = True

    @rule(worker=workers)
    def end_all(self, worker: int) -> None:
        self.run(end_sessions(self.sites[worker].desk, VISIT, account=self.ann.id, actor=self.ann.id))
        for session in self.all:
            session.is_ended = True

    @precondition(lambda self: any(not session.is_ended for session in self.all))
    @rule(worker=workers)
    def lock_and_unlock(self, worker: int) -> None:
        self.run(lock_account(self.sites[worker].desk, VISIT, account=self.ann.id, actor="operator"))
        self.run(unlock_account(self.sites[1 - worker].desk, VISIT, account=self.ann.id, actor="operator"))
        for session in self.all:
            session.is_ended = True

    @rule(worker=workers)
    def move(self, worker: int) -> None:
        """Change what the account may do: what its access tokens say is stale, and nobody is signed out."""
        change = revoke_role if self.is_editor else grant_role
        desk = self.sites[worker].desk
        self.run(change(desk, VISIT, account=self.ann.id, role="editor", actor="operator"))
        self.is_editor = not self.is_editor
        self.moves += 1

    @rule(by=st.sampled_from([1, 4_000, GRACE, GRACE + 1, LIVES, 86_400_000, 3 * 86_400_000, IDLE, IDLE + 1]))
    def wait(self, by: int) -> None:
        self.here.clock.advance(timedelta(milliseconds=by))

    @invariant()
    def every_worker_takes_what_counts_and_nothing_else(self) -> None:
        for session in getattr(self, "all", []):
            is_alive = session.is_alive(self.now)
            for token, runs_out, moves in session.access[-6:]:
                counts = not session.is_ended and moves == self.moves and self.now < runs_out
                assert is_alive or not counts
                for site in self.sites:
                    self.run(site.follow_log())
                    assert self.run(is_good(site, token)) == counts

    def teardown(self) -> None:
        """The latest token of a session that must be alive works; of any other none does."""
        for session in getattr(self, "all", []):
            self._present(session, len(session.tokens) - 1, 1)
            self._present(session, 0, 0)


def test_no_order_of_things_lets_an_ended_session_live() -> None:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def open_two() -> tuple[Site, Site]:
            site = await stack.enter_async_context(signing_site(Path(folder), limits=NO_RATE))
            await create_role(site.desk, VISIT, role="editor", permissions=["notes:write"], actor="operator")
            return site, await stack.enter_async_context(another_worker(site))

        Tokens.sites, Tokens.run = runner.run(open_two()), staticmethod(runner.run)
        try:
            run_state_machine_as_test(
                Tokens,
                settings=settings(
                    max_examples=40,
                    stateful_step_count=30,
                    deadline=None,
                    database=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(stack.aclose())
