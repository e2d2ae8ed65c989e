"""The overall rate: above it strangers wait, so that a flood from everywhere leaves room for known devices."""

from coatcheck.desk import Desk
from coatcheck.errors import Busy

_SECOND_MS = 1000


async def is_crowded(desk: Desk) -> bool:
    """Count one more stranger's try this second; tell whether that is one too many.

    Asked only about tries that every other limit lets through: else one address alone could use up everybody's share.
    It shapes the load and guards nothing, so it goes without while the store is away.
    """
    try:
        count = await desk.ephemeral.count("limits", "strangers", ttl_ms=_SECOND_MS)
    except Busy:
        return False
    return count > desk.settings.limits.overall_per_second
