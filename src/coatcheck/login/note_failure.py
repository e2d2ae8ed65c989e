"""Note that a sign-in with a provider came to nothing: in the trail, under the request id that the person sees."""

from typing import Final

from coatcheck.audit.refused import refused
from coatcheck.desk import Desk
from coatcheck.errors import TooManyAttempts, UpstreamFailed
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.visit import Visit

NOTED_PER_HOUR: Final = 60
"""Failures of one address of the network that are written down in full in an hour; further ones are only counted."""


async def note_failure(desk: Desk, visit: Visit, failed: UpstreamFailed, *, provider: str, account: str = "") -> None:
    """Write a failure down for the operator: which provider, which trouble, and the check that failed.

    Anybody can cause one without end, so of an address only so many are kept whole.

    Args:
        provider: its name in the settings.
        account: who wanted to link it, where it was no sign-in.

    Raises:
        DatabaseAway: the database cannot be reached.

    See: ASVS 16.3.1, 16.3.3.
    """
    tally = None
    try:
        await tries.spend_address(desk, visit, what="fail at a provider", per_hour=NOTED_PER_HOUR)
    except TooManyAttempts:
        tally = desk.key_ring.mac("audit tally", "upstream.failed", failed.trouble, address_key(visit.address))
    details = {"provider": provider, "trouble": failed.trouble, "because": failed.because}
    await refused(desk, visit, "upstream.failed", account=account or None, details=details, tally=tally)
