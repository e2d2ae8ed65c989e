"""Authenticator apps: the key that one shares with us, sealed, and each of its codes accepted once."""

from coatcheck.desk import Desk
from coatcheck.mfa import records
from coatcheck.mfa.totp import matching_step
from coatcheck.storage.database import Reading, Writing


def seal_key(desk: Desk, account: str, key: bytes) -> bytes:
    """Seal a key for its account's row."""
    return desk.key_ring.seal(key, place=_place(account))


async def key_of(db: Reading, desk: Desk, account: str) -> bytes | None:
    """Give the key that an account's app has, or None where there is no app."""
    kept = await records.find_totp(db, account)
    return None if kept is None else desk.key_ring.unseal(kept.sealed, place=_place(account))


async def spend_totp(desk: Desk, account: str, code: str) -> bool:
    """Tell whether a code is right and was not used before; it is used by this, and so are all older ones.

    Args:
        code: as typed.

    See: RFC 6238 section 5.2; ASVS 6.5.1.
    """
    async with desk.database.reading() as db:
        key = await key_of(db, desk, account)
    step = None if key is None else matching_step(key, code, desk.now(), window=desk.settings.sign_in.totp_steps)
    if step is None:
        return False
    async with desk.database.writing() as tx:
        return await records.spend_step(tx, account, step)


async def keep_totp(tx: Writing, desk: Desk, account: str, key: bytes, step: int) -> bool:
    """Keep the app whose code of this step was typed just now, so that this code is spent; tell whether there was one.

    The caller holds the account's row.
    """
    return await records.put_totp(tx, account, seal_key(desk, account, key), step, desk.now())


def _place(account: str) -> str:
    return f"totp_secrets.sealed:{account}"
