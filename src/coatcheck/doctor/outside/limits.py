"""Limits that really limit: wrong passwords of the permit's own account, one after the other, at every node in turn."""

from collections.abc import AsyncIterator
from itertools import cycle
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import set_to, take_out
from coatcheck.doctor.outside.asking import Node, Seen
from coatcheck.doctor.outside.check import Check
from coatcheck.doctor.outside.probe import STRANGER, CannotTell, Case, Probe
from coatcheck.doctor.principles import INPUTS, LIMITS

OFF: Final = Check("limits-off", LIMITS, "high")
TELLS: Final = Check("block-tells-password", LIMITS, "high")
PER_NODE: Final = Check("limits-per-node", LIMITS, "high")
WAIT: Final = Check("retry-after-missing", LIMITS, "low")
TOLD: Final = Check("accounts-told-apart", INPUTS, "medium")

MOST_TRIES: Final = 12
_WRONG: Final = "not the password of anybody"
_BY_DEFAULT: Final = set_to("limits", "tries = 5", 'window = "15m"', 'block = "1h"')


async def look_at_limits(case: Case) -> AsyncIterator[Outcome]:
    """Try wrong passwords until one is not judged, over a new connection each; last of all, as the account then waits.

    Raises:
        CannotTell: the account waits already.

    See: NIST SP 800-63B-4 section 3.2.2; ASVS 6.3.1.
    """
    nobody = await _try(case, identifier=f"nobody@{STRANGER}")
    first = await _try(case)
    if first.status == 429:
        raise CannotTell("the permit's account waits already: make another permit")
    yield TOLD.judged(
        None if _public(nobody) == _public(first) else _differs(nobody, first),
        fix=take_out("error_page 401 …;", "proxy_intercept_errors on;"),
        right="an account that is there is answered as one that is not",
    )
    judged, refused, at = 1, None, cycle(case.asking.nodes)
    while refused is None and judged < MOST_TRIES:
        seen = await _try(case, node=next(at))
        if seen.status == 429:
            refused = seen
        else:
            judged += 1
    yield OFF.judged(
        None if refused else f"{judged} wrong passwords of one account were judged, and none was made to wait",
        fix=_BY_DEFAULT,
        right=f"after {judged} wrong passwords there is a wait",
    )
    if refused is None:
        for check in (PER_NODE, TELLS, WAIT):
            yield check.not_run("nothing was made to wait")
        return
    yield await _everywhere(case)
    yield WAIT.judged(
        None if refused.header("retry-after") else "429 comes without Retry-After, so nobody knows when to try again",
        fix=take_out("proxy_hide_header Retry-After;"),
        right="who must wait is told for how long",
    )
    let_in = (await case.sign_in()).words.get("status") in ("admitted", "more_needed")
    yield TELLS.judged(
        "while wrong passwords must wait, the right one is let in: guessing goes on" if let_in else None,
        fix=_BY_DEFAULT,
        right="while an account waits, the right password waits too",
    )


PROBE: Final = Probe((TOLD, OFF, PER_NODE, TELLS, WAIT), look_at_limits, needs_permit=True)


async def _everywhere(case: Case) -> Outcome:
    """Try once more at each node: who must wait at one must wait at all."""
    nodes = case.asking.nodes
    if len(nodes) == 1:
        return PER_NODE.not_run("it answers at one address alone: name the nodes behind that with --at")
    apart = [node for node in nodes if (await _try(case, node=node)).status != 429]
    return PER_NODE.judged(
        f"{apart[0].authority} judges a password of an account that must wait at another node" if apart else None,
        fix=set_to("database", 'url = "postgresql://…"  # the same at every node'),
        right=f"who must wait at one node must wait at all {len(nodes)}",
    )


async def _try(case: Case, *, identifier: str | None = None, node: Node | None = None) -> Seen:
    words = {"identifier": identifier or case.granted.email, "password": _WRONG}
    return await case.asking.call("/api/sign-in", words, case.with_permit(), node=node or case.asking.nodes[0])


def _public(seen: Seen) -> tuple[object, ...]:
    """Give what of an answer a stranger could tell accounts apart by."""
    names = sorted(name for name in seen.headers if name not in ("date", "x-request-id", "content-length"))
    words = {name: value for name, value in seen.words.items() if name != "request_id"}
    return seen.status, words, names


def _differs(nobody: Seen, known: Seen) -> str:
    return (
        f"a wrong password is answered with {known.status} {known.words.get('code', '')}, and one of nobody "
        f"with {nobody.status} {nobody.words.get('code', '')}, or with other headers"
    )
