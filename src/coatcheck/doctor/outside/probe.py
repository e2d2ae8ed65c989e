"""What each probe is given, and what it is: the checks it makes and one function that makes them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from msgspec import Struct

from coatcheck.clock import Clock
from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.outside.asking import Asking, Seen
from coatcheck.doctor.outside.check import Check
from coatcheck.doctor.outside.handshake import Handshake
from coatcheck.doctor.outside.target import Target
from coatcheck.doctor.permit import HEADER, Permit

STRANGER: Final = "stranger.example"
"""The host of somebody who tries it on; nobody has it (RFC 2606)."""

NEEDS_PERMIT: Final = (
    "it signs in, so it needs a permit: run `coatcheck doctor permit` on the server, then give the file with --permit"
)


class CannotTell(Exception):
    """Say that a check came to nothing, as what it rests on did not work."""


class Case(Struct, frozen=True):
    """Hold what is examined and by what means.

    Args:
        target: the deployment.
        asking: the only way to it.
        permit: lets the probes sign in as an account of their own, or None.
        withheld: why a permit that there is is not used, or empty.
        clock: the time here.
        pause: waits for some seconds.
        plain_port: where plain HTTP would answer, or None where that is not known.
        handshakes: how TLS began with each node.
    """

    target: Target
    asking: Asking
    permit: Permit | None
    withheld: str
    clock: Clock
    pause: Callable[[float], Awaitable[None]]
    plain_port: int | None
    handshakes: tuple[Handshake, ...] = ()

    @property
    def granted(self) -> Permit:
        """The permit, for a probe that runs with one alone.

        Raises:
            CannotTell: there is none.
        """
        if self.permit is None:
            raise CannotTell(self.withheld or NEEDS_PERMIT)
        return self.permit

    async def sign_in(self, headers: Mapping[str, str] | None = None, **words: Any) -> Seen:
        """Try to sign in with the permit's account, and give whatever is answered.

        Args:
            headers: sent along.
            words: what else the call says, such as `present`.
        """
        permit = self.granted
        if words.get("present") == "tokens":  # for this server: where services are named, its own call refuses others
            words["audience"] = self.target.url
        said = {"identifier": permit.email, "password": permit.password, **words}
        return await self.asking.call("/api/sign-in", said, {HEADER: permit.header, **(headers or {})})

    async def admitted(self, headers: Mapping[str, str] | None = None, **words: Any) -> Seen:
        """Sign in.

        Raises:
            CannotTell: the account of the permit is not let in.
        """
        seen = await self.sign_in(headers, **words)
        if seen.words.get("status") != "admitted":
            raise CannotTell(f"the permit's account was not let in: {seen.status} {seen.words.get('code', '')}".strip())
        return seen

    def with_permit(self, headers: Mapping[str, str] | None = None) -> dict[str, str]:
        """Give headers that show the permit."""
        return {HEADER: self.granted.header, **(headers or {})}


Look: TypeAlias = Callable[[Case], AsyncIterator[Outcome]]


class Probe(Struct, frozen=True):
    """Hold one kind of probe.

    Args:
        checks: all that it may say something of.
        look: makes them; what it does not come to could not be run.
        needs_permit: whether it does nothing without one.
    """

    checks: tuple[Check, ...]
    look: Look
    needs_permit: bool = False
