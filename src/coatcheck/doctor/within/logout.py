"""Principle 7: is who signs out, or is cut off, refused everywhere and soon?"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from coatcheck.clients import records as clients
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.doctor import records
from coatcheck.doctor.finding import Finding, Outcome, Passed
from coatcheck.doctor.fixes import run, set_to, unless_found
from coatcheck.doctor.principles import LOGOUT
from coatcheck.doctor.within.looked_at import LookedAt
from coatcheck.http.ago import in_words as ago
from coatcheck.revocation import records as revocation
from coatcheck.settings.durations import in_words

_SLOWEST: Final = timedelta(seconds=10)
_SILENT: Final = timedelta(minutes=5)
_FAR_BEHIND: Final = 1000


def check_bound(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find that an ended session counts for too long elsewhere."""
    bound = looked.settings.revocation.bound
    if bound <= _SLOWEST:
        return (Passed("revocation", LOGOUT, f"What is ended is refused by every worker within {in_words(bound)}."),)
    says = f"revocation.bound is {in_words(bound)}: for so long other workers take a session that has ended."
    return (Finding("revocation-slow", LOGOUT, "medium", says, set_to("revocation", 'bound = "1s"')),)


async def check_readers(desk: Desk) -> tuple[Outcome, ...]:
    """Find services that do not hear of revocations, and a backup that was put back without a word."""
    async with desk.database.reading() as db:
        readers, head = await revocation.readers(db), await revocation.head(db)
        names = {each.id: each.name for each in await clients.listed(db)}
    ahead = [
        names.get(service, service) for service, at, _ in readers if at.era == head.era and at.number > head.number
    ]
    if ahead:
        return (_restored(ahead[0]),)
    behind = [
        _behind(names.get(service, service), f"is {head.number - at.number} events behind")
        for service, at, _ in readers
        if at.era == head.era and head.number - at.number > _FAR_BEHIND
    ]
    silent = [
        _behind(names.get(service, service), f"was last heard of {ago(read_at, desk.now())}")
        for service, at, read_at in readers
        if desk.now() - read_at > millis(_SILENT)
    ]
    passed = Passed("feed-readers", LOGOUT, "No service that follows the revocations lags behind.")
    return unless_found([*behind, *silent], passed)


def _restored(service: str) -> Finding:
    says = (
        f"The service {service} has read further than the revocation log goes: a backup was put back, and what was "
        "ended since it was made may count again."
    )
    return Finding("backup-not-marked", LOGOUT, "high", says, run("coatcheck migrate --restored"))


def _behind(service: str, how: str) -> Finding:
    says = f"The service {service} {how}: until it reads on, its Verifier may take what has ended, or refuse everybody."
    return Finding(
        "service-behind", LOGOUT, "medium", says, run("coatcheck service list", why=f"See to {service}; then")
    )


async def check_permits(desk: Desk) -> tuple[Outcome, ...]:
    """Find accounts of the doctor's own that nobody removed in time."""
    async with desk.database.reading() as db:
        over = await records.run_out(db, desk.now() - 60_000)
    return unless_found(
        _left_over(len(over)), Passed("doctor-permits", LOGOUT, "No permit of the doctor is left over.")
    )


def _left_over(count: int) -> Iterator[Finding]:
    if count:
        says = (
            f"No server runs that ends permits of the doctor: {count} have run out, and their accounts are still there."
        )
        yield Finding("permit-left-over", LOGOUT, "low", says, run("coatcheck serve", why="The server removes them"))
