"""Examine a deployment from outside: every probe in turn, the one that makes its account wait last.

address → nodes → TLS → probes that need nobody → probes that sign in by a permit → report
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import httpx
from msgspec import Struct, field

from coatcheck.clock import Clock, SystemClock
from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.outside import (
    cookies,
    cors,
    discovery,
    errors,
    headers,
    hosts,
    keys,
    lifetimes,
    limits,
    mail,
    operations,
    reached,
    redirects,
    replays,
    sign_out,
    tls,
    tokens,
    verify_junk,
)
from coatcheck.doctor.outside.asking import Asking, NoAnswer, Node, find_nodes
from coatcheck.doctor.outside.check import shown
from coatcheck.doctor.outside.handshake import Handshake, shake_hands, trusting_all
from coatcheck.doctor.outside.probe import NEEDS_PERMIT, CannotTell, Case, Probe
from coatcheck.doctor.outside.target import Target, parse_target
from coatcheck.doctor.permit import Permit
from coatcheck.doctor.report import Report
from coatcheck.errors import ConfigurationError


class Means(Struct, frozen=True, kw_only=True):
    """Say how a deployment is reached and who is trusted.

    Args:
        at: addresses to connect to in the place of those of the name: single nodes behind a balancer.
        trust: a file of certificates to trust in the place of the usual authorities.
        plain_port: where plain HTTP would answer; 80 where HTTPS is at 443, else not known.
        clock: the time here.
        pause: waits for some seconds; a replay is one only when it comes late.
    """

    at: tuple[str, ...] = ()
    trust: Path | None = None
    plain_port: int | None = None
    clock: Clock = field(default_factory=SystemClock)
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


PROBES: Final[tuple[Probe, ...]] = (
    reached.PROBE,
    tls.PROBE,
    cookies.PROBE,
    headers.PROBE,
    cors.PROBE,
    hosts.PROBE,
    redirects.PROBE,
    errors.PROBE,
    operations.PROBE,
    mail.PROBE,
    discovery.PROBE,
    keys.PROBE,
    verify_junk.PROBE,
    tokens.PROBE,
    tokens.TOKEN_PROBE,
    hosts.ADDRESS_PROBE,
    lifetimes.PROBE,
    sign_out.PROBE,
    replays.REFRESH_PROBE,
    replays.CODES_PROBE,
    limits.PROBE,
)
"""In this order."""


async def examine(url: str, permit: Permit | None = None, *, means: Means | None = None) -> Report:
    """Examine a deployment from outside. Only its own host is asked, nothing is followed.

    Args:
        url: where people reach it, with the mount, such as `https://example.org/auth`.
        permit: lets the probes sign in as an account of their own; without it, what would sign in does not run.
        means: how it is reached and who is trusted, where that is not as usual.

    Raises:
        ConfigurationError: the address is none, no Coatcheck answers there, the permit is for another address or has
            run out, or the file of certificates cannot be read.
    """
    async with opened(url, permit, means or Means()) as case:
        await _check_there(case)
        await _check_permitted(case)
        try:
            outcomes = [outcome for probe in PROBES async for outcome in run_probe(probe, case)]
        finally:
            await _end_permit(case)
        return Report(target=case.target.url, at=case.clock.now(), outcomes=tuple(outcomes))


async def run_probe(probe: Probe, case: Case) -> AsyncIterator[Outcome]:
    """Run one probe; what it does not come to is not run, and says why."""
    if probe.needs_permit and case.permit is None:
        for check in probe.checks:
            yield check.not_run(case.withheld or NEEDS_PERMIT)
        return
    said = set[str]()
    because = ""
    try:
        async for outcome in probe.look(case):
            said.add(outcome.code)
            yield outcome
    except NoAnswer as silent:
        because = f"no answer: {silent}"
    except CannotTell as cannot:
        because = str(cannot)
    except (ValueError, TypeError, AttributeError, LookupError) as odd:  # who is examined sends whatever it likes
        because = f"an answer is not made as it should be ({type(odd).__name__})"
    for check in probe.checks:
        if because and check.code not in said:
            yield check.not_run(because)


@asynccontextmanager
async def opened(url: str, permit: Permit | None, means: Means) -> AsyncIterator[Case]:
    """Find a deployment and look at how TLS begins there: only where that is trusted is a permit used.

    Raises:
        ConfigurationError: see `examine`.
    """
    target, clock = parse_target(url), means.clock
    _check_permit(permit, target, clock)
    trusted = _trusting(means.trust)
    nodes = await find_nodes(target, means.at)
    hands = await _handshakes(target, nodes, trusted)
    kept_back = withheld(target, nodes, hands)
    is_at_443 = target.is_https and target.port == 443
    async with Asking(target, nodes, trusting_all() if any(each.trouble for each in hands) else trusted) as asking:
        yield Case(
            target=target,
            asking=asking,
            permit=None if kept_back else permit,
            withheld=kept_back if permit else "",
            clock=clock,
            pause=means.pause,
            plain_port=means.plain_port or (80 if is_at_443 else None),
            handshakes=hands,
        )


async def _check_there(case: Case) -> None:
    """Refuse to examine what is no Coatcheck, or is not there now: nearly all would seem to pass.

    Raises:
        ConfigurationError: it does not answer as Coatcheck does to somebody who is not signed in.
    """
    try:
        seen = await case.asking.get("/api/session")
        told = f"{seen.status} {seen.words.get('code', '')}".strip()
    except NoAnswer as silent:
        told = f"nothing ({silent})"
    if told != "401 not_signed_in":
        raise ConfigurationError(
            f"no Coatcheck answers at {case.target.url}: /api/session gives {shown(told)} in the place of 401 "
            "not_signed_in. Is its path in the address, such as https://example.org/auth?"
        )


async def _check_permitted(case: Case) -> None:
    """Refuse to examine by a permit that the server has ended: its wrong tries would count against this address.

    Raises:
        ConfigurationError: the server does not know the permit any more.
    """
    if case.permit is None or not case.permit.header:
        return
    try:
        seen = await case.asking.get("/api/doctor/permit", case.with_permit())
    except NoAnswer as silent:
        raise ConfigurationError(f"{case.target.url} does not answer for the permit: {silent}") from None
    if seen.status == 404:
        raise ConfigurationError(
            "the server does not know the permit: it was used already, or has run out. `coatcheck doctor permit` on "
            "the server makes another"
        )


async def _end_permit(case: Case) -> None:
    """Have the permit's account removed; where that does not work, it is gone in a few minutes."""
    if case.permit is not None:
        with suppress(NoAnswer):
            await case.asking.call("/api/doctor/permit", None, case.with_permit(), method="DELETE")


async def _handshakes(target: Target, nodes: tuple[Node, ...], trusted: ssl.SSLContext) -> tuple[Handshake, ...]:
    if not target.is_https:
        return ()
    try:
        return tuple([await shake_hands(node, target, trusted) for node in nodes])
    except NoAnswer as silent:
        raise ConfigurationError(f"{target.url} does not answer: {silent}") from None


def withheld(target: Target, nodes: tuple[Node, ...], hands: tuple[Handshake, ...]) -> str:
    """Say why no password may be sent there, or nothing."""
    if any(each.trouble for each in hands):
        return "its certificate is not trusted, so the permit is not sent there"
    stays_here = target.is_this_machine and all(each.is_this_machine for each in nodes)
    if not target.is_https and not stays_here:
        return "it is reached by plain HTTP, so the permit is not sent there"
    return ""


def _check_permit(permit: Permit | None, target: Target, clock: Clock) -> None:
    if permit is None:
        return
    if permit.url.rstrip("/") != target.url:
        raise ConfigurationError(f"the permit is for {permit.url}, and not for {target.url}")
    if permit.expires_at <= clock.now():
        raise ConfigurationError("the permit has run out: `coatcheck doctor permit` on the server makes another")


def _trusting(trust: Path | None) -> ssl.SSLContext:
    if trust is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=trust)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"{trust}: no certificates can be read from it ({error})") from None
