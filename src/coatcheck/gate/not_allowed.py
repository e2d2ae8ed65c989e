"""Write down that somebody asked for what they may not do."""

from coatcheck.audit.refused import refused
from coatcheck.desk import Desk
from coatcheck.limits.address import address_key
from coatcheck.verifier import Principal
from coatcheck.visit import Visit


async def record_not_allowed(desk: Desk, visit: Visit, principal: Principal) -> None:
    """Count a demand that a principal did not meet: one row a minute for an account and an address.

    Raises:
        DatabaseAway: the database cannot be reached.

    See: ASVS 16.3.2.
    """
    tally = desk.key_ring.mac("audit tally", "access.refused", principal.subject, address_key(visit.address))
    await refused(desk, visit, "access.refused", account=principal.subject, tally=tally)
