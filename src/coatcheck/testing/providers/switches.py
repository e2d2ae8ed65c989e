"""How a test spoils what a fake answers: each switch is for one of its addresses, and stays until `behave`."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from coatcheck.testing.providers.wire import HTML, JSON, Answer, Received, as_redirect

GIGABYTE = 1_000_000_000


class Hold:
    """Keep requests waiting until a test lets each go, in the order it chooses."""

    def __init__(self) -> None:
        self.waiting: list[Received] = []
        """What waits, or has waited: in the order it came."""
        self._gates: list[asyncio.Event] = []
        self._came = asyncio.Condition()
        self._is_over = False

    async def arrived(self, count: int) -> None:
        """Wait until this many requests have come."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.waiting) >= count)

    def release(self, number: int) -> None:
        """Let one go: 0 is the one that came first."""
        self._gates[number].set()

    def release_all(self) -> None:
        """Let all go, and hold nothing more."""
        self._is_over = True
        for gate in self._gates:
            gate.set()

    async def pass_through(self, asked: Received) -> None:
        """Wait as a request."""
        if self._is_over:
            return
        gate = asyncio.Event()
        async with self._came:
            self.waiting.append(asked)
            self._gates.append(gate)
            self._came.notify_all()
        await gate.wait()


class Switches:
    """Hold what is spoilt, by the address it is spoilt at.

    The addresses are `authorize`, `token`, `userinfo`, `emails`, `keys`, `discovery` and `revoke`.
    """

    def __init__(self) -> None:
        self._refused: dict[str, str] = {}
        self._before: dict[str, list[Callable[[Received], asyncio.Future[None]]]] = {}
        self._instead: dict[str, Answer] = {}
        self._lengths: dict[str, int] = {}
        self._holds: list[Hold] = []
        self.offset = 0
        self.is_answered_twice = False

    def refuse(self, error: str, *, at: str = "authorize") -> None:
        """Answer with an error, in the provider's own way.

        Args:
            error: such as `access_denied`, or `invalid_grant` at `token`.
        """
        self._refused[at] = error

    def stall(self, seconds: float, *, at: str = "token") -> None:
        """Take a request, and be silent for so long before the answer."""
        self._before.setdefault(at, []).append(lambda _: asyncio.ensure_future(asyncio.sleep(seconds)))

    def hold(self, *, at: str = "token") -> Hold:
        """Keep every request there waiting, for the test to release each when it likes."""
        hold = Hold()
        self._holds.append(hold)
        self._before.setdefault(at, []).append(lambda asked: asyncio.ensure_future(hold.pass_through(asked)))
        return hold

    def lie_about_length(self, length: int = GIGABYTE, *, at: str = "token") -> None:
        """Announce a body of another length than it has."""
        self._lengths[at] = length

    def send(self, body: bytes, content_type: str = JSON, *, at: str = "token", status: int = 200) -> None:
        """Answer with these bytes, whatever was asked."""
        self._instead[at] = Answer(status, body, content_type)

    def redirect_to(self, address: str, *, at: str = "token") -> None:
        """Send whoever asks there elsewhere."""
        self._instead[at] = as_redirect(address)

    def clock_off(self, seconds: int) -> None:
        """Let the provider's clock be off: ahead, or behind where negative."""
        self.offset = seconds

    def answer_twice(self) -> None:
        """Give the same answer, code and all, when a person presses the same page's button again.

        So it is when a browser repeats its request: two callbacks with one code.
        """
        self.is_answered_twice = True

    def behave(self) -> None:
        """Take every switch back, and let all that is held go."""
        for hold in self._holds:
            hold.release_all()
        self._refused, self._before, self._instead, self._lengths, self._holds = {}, {}, {}, {}, []
        self.offset, self.is_answered_twice = 0, False

    def error_at(self, at: str) -> str | None:
        """Give the error to refuse with."""
        return self._refused.get(at)

    async def wait(self, asked: Received) -> None:
        """Wait as long as a test wants a request to wait."""
        for waits in self._before.get(asked.at, ()):
            await waits(asked)

    def spoilt(self, asked: Received, answer: Callable[[], Answer]) -> Answer:
        """Give the answer, or what a test wants in its place."""
        given = self._instead.get(asked.at) or answer()
        length = self._lengths.get(asked.at)
        return given if length is None else replace(given, length=length)


SIGN_IN_PAGE = (b"<!doctype html><title>Sign in</title><p>Please sign in.", HTML)
"""What some gateways send in place of an answer, with status 200: `fake.send(*SIGN_IN_PAGE)`."""
