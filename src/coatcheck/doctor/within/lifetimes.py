"""Principle 6: do sessions and tokens end in time, and is the time right?"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from coatcheck.desk import Desk
from coatcheck.doctor import records
from coatcheck.doctor.finding import Finding, Outcome, Passed
from coatcheck.doctor.fixes import run, set_to, unless_found
from coatcheck.doctor.principles import LIFETIMES
from coatcheck.doctor.within.looked_at import LookedAt
from coatcheck.settings import SessionSettings
from coatcheck.settings.durations import in_words

LONGEST: Final = {
    "cookie_idle": timedelta(days=1),
    "cookie_lifetime": timedelta(days=30),
    "remembered_idle": timedelta(days=30),
    "remembered_lifetime": timedelta(days=90),
    "token_idle": timedelta(days=30),
    "token_lifetime": timedelta(days=90),
}
"""Longer than these, who finds a device or a cookie is in. 30 days is NIST's (SP 800-63B-4 section 2.1.3)."""

_OFF_MS, _FAR_OFF_MS = 2_000, 60_000


def check_sessions(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find sessions that live too long."""
    sessions = looked.settings.sessions
    passed = Passed(
        "sessions",
        LIFETIMES,
        f"A session ends after {in_words(sessions.cookie_idle)} unused, {in_words(sessions.cookie_lifetime)} in all; "
        f"an access token after {in_words(looked.settings.tokens.access_lifetime)}.",
    )
    return unless_found(_sessions(sessions), passed)


def _sessions(sessions: SessionSettings) -> Iterator[Finding]:
    usual = SessionSettings()
    for name, longest in LONGEST.items():
        value = getattr(sessions, name)
        if value > longest:
            says = f"sessions.{name} is {in_words(value)}, longer than {in_words(longest)}: a stolen one lasts as long."
            fix = set_to("sessions", f'{name} = "{in_words(getattr(usual, name))}"')
            yield Finding(f"session-{name.replace('_', '-')}-long", LIFETIMES, "medium", says, fix)


async def check_clock(desk: Desk) -> tuple[Outcome, ...]:
    """Find a clock that differs from the database's: every lifetime is counted by it."""
    async with desk.database.reading() as db:
        before, theirs, after = desk.now(), await records.database_clock(db), desk.now()
    off = 0 if theirs is None else max(before - theirs, theirs - after, 0)
    if off < _OFF_MS:
        same = "is the database's own" if theirs is None else "agrees with the database's"
        return (Passed("clock", LIFETIMES, f"The clock {same}; whether it is right, `timedatectl` tells."),)
    says = f"The clocks here and at the database differ by {off // 1000} s: codes and tokens fail early or late."
    fix = run("timedatectl set-ntp true", why="On both machines, have the time set by NTP")
    return (Finding("clock-off", LIFETIMES, "high" if off >= _FAR_OFF_MS else "medium", says, fix),)
