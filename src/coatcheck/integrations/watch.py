"""Watch a credential while a connection stays open: it must not outlive its session.

present or redeem  →  tick  →  look  →  still good
                       ↑                 │  a new token would do: 30 s to present one
                       └─────────────────┘  or it is over
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from msgspec.structs import replace

from coatcheck.verifier import (
    Asked,
    Authenticator,
    Clock,
    CoatcheckError,
    NotSignedIn,
    Principal,
    SystemClock,
    TokenRefused,
)
from coatcheck.verifier.authenticator import ask

TO_RENEW_S = 30.0
"""How long a connection may wait for a new token after its own ran out, or its session moved."""

_LOOK_EVERY_S = 0.25
_NOT_OFTENER_S = 0.02


class Pace:
    """Say when to look again; tests pass one that they tick by hand.

    Args:
        clock: the time.
        every: seconds between two looks, if nothing is told meanwhile.
    """

    def __init__(self, clock: Clock | None = None, every: float = _LOOK_EVERY_S) -> None:
        self.clock: Clock = clock or SystemClock()
        self._every = every

    async def tick(self, told: asyncio.Event) -> None:
        """Wait until it is time to look again, or until there is news; a flood of news is taken in one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._every):
                await told.wait()
                await asyncio.sleep(_NOT_OFTENER_S)


class Watch:
    """Hold whom a connection was opened by, and tell whether that still counts.

    Args:
        authenticator: who checks. Where it has `check`, tokens are looked at again by that, in memory; `redeem_ticket`
            and `recheck` let tickets in; `on_revocation` is told to make looking prompt; `hold_connection` is told
            what is open, and what it gives is told when that is closed.
        pace: when to look.
    """

    def __init__(self, authenticator: Authenticator, pace: Pace) -> None:
        self.pace = pace
        self._principal: Principal | None = None
        self._parts: Any = authenticator
        self._again: Callable[[], Awaitable[Principal]] = _nothing
        self._told = asyncio.Event()
        self._renew_until: float | None = None
        self._is_refused = False

    async def present(self, asked: Asked) -> None:
        """Begin, or go on, with what a request or a message presents.

        Raises:
            NotSignedIn: it is refused, or it is another's than the one this connection was opened by.
            CrossSiteRefused: a cookie on an upgrade that another site caused.
        """
        found = await ask(self._parts, asked)
        self._go_on_as(found, lambda: self._ask_again(replace(asked, is_use=False)))

    async def redeem(self, ticket: str) -> None:
        """Begin with a ticket, which works once.

        Raises:
            NotSignedIn: there is no such ticket.
            RuntimeError: the authenticator takes none, or could not tell when the ticket's session ends.
        """
        if not hasattr(self._parts, "redeem_ticket") or not hasattr(self._parts, "recheck"):
            raise RuntimeError("this authenticator takes no tickets: it needs redeem_ticket and recheck")
        found: Principal = await self._parts.redeem_ticket(ticket)
        self._go_on_as(found, lambda: self._parts.recheck(found))

    async def look(self) -> CoatcheckError | None:
        """Give why the connection must be closed, or None while it may stay open."""
        try:
            self._principal = await self._again()
        except CoatcheckError as error:
            if self._may_renew(error):
                return None
            self._is_refused = True
            return error
        self._renew_until = None
        return None

    @property
    def principal(self) -> Principal:
        """Whom the connection was opened by, as of the last look.

        Raises:
            RuntimeError: nothing was presented yet.
        """
        if self._principal is None:
            raise RuntimeError("nothing was presented yet")
        return self._principal

    @property
    def waits_for_token(self) -> bool:
        """Whether a new token must be presented soon."""
        return self._renew_until is not None

    async def tick(self) -> None:
        """Wait until it is time to look."""
        await self.pace.tick(self._told)
        self._told.clear()

    async def over(self) -> None:
        """Wait until what was presented counts no more; nothing else can be presented here."""
        while await self.look() is None and not self.waits_for_token:
            await self.tick()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Let revocations be told, so that a look follows at once; they may come from another thread."""
        loop = asyncio.get_running_loop()

        def tell(*_news: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: there is nobody left to tell
                loop.call_soon_threadsafe(self._told.set)

        listen = getattr(self._parts, "on_revocation", None)
        stop = listen(tell) if listen is not None else None
        try:
            yield
        finally:
            if stop is not None:
                stop()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the authenticator know that the connection is open, and afterwards that it is closed, and why."""
        hold = getattr(self._parts, "hold_connection", None)
        closed = hold(self.principal) if hold is not None else None
        try:
            yield
        finally:
            if closed is not None:
                closed(is_cut=self._is_refused)

    def _go_on_as(self, found: Principal, again: Callable[[], Awaitable[Principal]]) -> None:
        held = self._principal
        if held is not None and (held.subject, held.session) != (found.subject, found.session):
            raise TokenRefused("the new token is of another session")
        self._principal, self._again, self._renew_until = found, again, None

    async def _ask_again(self, asked: Asked) -> Principal:
        check = getattr(self._parts, "check", None)
        if check is None or asked.authorization is None or asked.dpop is not None:
            return await ask(self._parts, asked)
        try:
            principal: Principal = check(asked.authorization.partition(" ")[2].strip())
        except CoatcheckError:  # memory may lack a key or news; `authenticate` may fetch them, and has the last word
            return await ask(self._parts, asked)
        return principal

    def _may_renew(self, error: CoatcheckError) -> bool:
        """Tell whether to wait for a new token: never longer than 30 s, and never for a session known to be over."""
        if not isinstance(error, TokenRefused) or not (error.renew or self._has_run_out()):
            return False
        now = self.pace.clock.monotonic()
        if self._renew_until is None:
            self._renew_until = now + TO_RENEW_S
        return now < self._renew_until

    def _has_run_out(self) -> bool:
        return 0 < self.principal.ends_at <= self.pace.clock.now()


async def _nothing() -> Principal:
    raise NotSignedIn("nothing was presented yet")
