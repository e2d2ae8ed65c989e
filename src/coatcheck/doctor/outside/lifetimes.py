"""How long a session lives that nobody asked to be remembered."""

from collections.abc import AsyncIterator
from typing import Final

from coatcheck.clock import parse_rfc3339
from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import set_to
from coatcheck.doctor.outside.check import Check
from coatcheck.doctor.outside.probe import CannotTell, Case, Probe
from coatcheck.doctor.principles import LIFETIMES

IDLE: Final = Check("session-idles-long", LIFETIMES, "medium")
LONG: Final = Check("session-lives-long", LIFETIMES, "medium")

_HOUR_MS: Final = 3_600_000
_LONGEST_IDLE_H: Final = 24
_LONGEST_H: Final = 30 * 24


async def look_at_lifetimes(case: Case) -> AsyncIterator[Outcome]:
    """Sign in as anybody does, and see until when.

    Raises:
        CannotTell: the answer to a sign-in does not say until when.

    See: NIST SP 800-63B-4 section 2.1.3 (30 days at AAL1, and inactivity within that).
    """
    session = (await case.admitted()).words.get("session", {})
    try:
        began, idle, ends = (parse_rfc3339(str(session[name])) for name in ("auth_time", "expires_at", "ends_at"))
    except (KeyError, ValueError):
        raise CannotTell("the answer to a sign-in does not say until when the session lives") from None
    idle_h, ends_h = (idle - began) // _HOUR_MS, (ends - began) // _HOUR_MS
    yield IDLE.judged(
        f"a session that nobody uses lives for {idle_h} hours" if idle_h > _LONGEST_IDLE_H else None,
        fix=set_to("sessions", 'cookie_idle = "1h"'),
        right=f"a session that nobody uses is over after {idle_h} hour{'' if idle_h == 1 else 's'}",
    )
    yield LONG.judged(
        f"a session lives for {ends_h // 24} days" if ends_h > _LONGEST_H else None,
        fix=set_to("sessions", 'cookie_lifetime = "30 days"'),
        right=f"a session is over after {ends_h // 24} days at the latest",
    )


PROBE: Final = Probe((IDLE, LONG), look_at_lifetimes, needs_permit=True)
