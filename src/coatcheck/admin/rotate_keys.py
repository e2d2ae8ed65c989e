"""Replace signing keys: in good time, so that nobody notices, or at once, when one has leaked."""

from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.keys.life import KeyRow
from coatcheck.keys.ring import SigningKeys
from coatcheck.keys.rotate import publish_next, replace_all
from coatcheck.keys.signing_key import make_key
from coatcheck.revocation.event import Event
from coatcheck.revocation.log import announce
from coatcheck.visit import Visit


async def rotate_keys(desk: Desk, visit: Visit, *, actor: str) -> KeyRow:
    """Publish the next signing key; it signs once every verifier has had the time to fetch it.

    Raises:
        Conflict: one that is published does not sign yet.

    See: NIST SP 800-57 part 1 section 5.3.
    """
    made = await make_key(desk)
    async with desk.database.writing() as tx:
        key = await publish_next(tx, desk, made)
        await record(tx, desk, visit, "keys.rotated", actor=actor, details=_details(key))
        tx.afterwards(desk.keep(SigningKeys).look_again)
    return key


async def replace_keys(desk: Desk, visit: Visit, *, actor: str) -> KeyRow:
    """Replace every signing key at once: tokens signed until now are refused everywhere, and clients refresh.

    Raises:
        Conflict: another process replaced them at the same moment.

    See: NIST SP 800-57 part 1 section 5.5 (a key that is compromised).
    """
    made = await make_key(desk)
    async with desk.database.writing() as tx:
        key = await replace_all(tx, desk, made)
        announce(tx, desk, Event("keys_changed", "", ""))
        await record(tx, desk, visit, "keys.replaced", actor=actor, details=_details(key))
        tx.afterwards(desk.keep(SigningKeys).forget)
    return key


def _details(key: KeyRow) -> dict[str, str]:
    return {"kid": key.kid, "algorithm": key.algorithm}
