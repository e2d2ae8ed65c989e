"""Known devices: browsers that completed a sign-in, which keep a lane of their own when strangers are held back.

A lane, not an exemption and never a factor: a known device still has to prove everything.
"""

from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.limits import records
from coatcheck.secret import Secret, hash_secret, new_secret
from coatcheck.storage.database import Reading, Writing
from coatcheck.visit import Visit


async def remember(tx: Writing, desk: Desk, visit: Visit, account: str) -> Secret:
    """Make the browser of a complete sign-in known for this account; give the value of its cookie.

    A browser that is known for the account already keeps its value, for longer.
    """
    now = desk.now()
    expires_at = now + millis(desk.settings.limits.known_device_for)
    if visit.known and await records.prolong_device(tx, hash_secret(visit.known), account, now, expires_at):
        return Secret(visit.known)
    device = new_secret()
    records.add_device(tx, device.hashed(), account, expires_at)
    return device


async def is_known(desk: Desk, visit: Visit, account: str) -> bool:
    """Tell whether the visiting browser is known for this account.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    if not visit.known:
        return False
    async with desk.database.reading() as db:
        return await is_known_in(db, desk, visit, account)


async def is_known_in(db: Reading, desk: Desk, visit: Visit, account: str) -> bool:
    """Tell whether the visiting browser is known for this account, as a transaction sees it."""
    return bool(visit.known) and await records.find_device(db, hash_secret(visit.known), account, desk.now())


async def forget_all(tx: Writing, account: str) -> int:
    """Forget every device of an account, after recovery and in a panic; give how many there were."""
    return await records.remove_devices(tx, account)
