"""The server's share of what an installation seals its storage under: whoever is not signed in there cannot open it.

A key for each account, drawn here and kept sealed → HMAC with the installation's own key's thumbprint → its share
"""

import hmac

from coatcheck.accounts import records as accounts
from coatcheck.desk import Desk
from coatcheck.errors import SessionEnded
from coatcheck.keys.algorithms import base64url
from coatcheck.secret import Secret, random_bytes
from coatcheck.tokens import records

_KEY_BYTES = 32


async def storage_share(desk: Desk, *, account: str, jkt: str) -> Secret:
    """Give an installation's share, the same each time until the account is closed; the caller has seen its key proven.

    It is 32 bytes as base64url. In a transaction of its own: the account's row comes before the session's.

    Args:
        jkt: thumbprint of the installation's key, to which its tokens are bound.

    Raises:
        SessionEnded: the account was locked or closed meanwhile.
    """
    async with desk.database.reading() as db:
        sealed = await records.share_key(db, account)
    key = desk.key_ring.unseal(sealed or await _drawn(desk, account), place=_place(account))
    return Secret(base64url(hmac.digest(key, f"storage share|{jkt}".encode(), "sha256")))


async def _drawn(desk: Desk, account: str) -> bytes:
    """Draw the account's key; of many who do at once all get the one that was first."""
    async with desk.database.writing() as tx:
        holder = await accounts.lock(tx, account)
        if holder is None or not holder.is_active:  # a key of a closed account would stay for ever
            raise SessionEnded("the account was locked or closed before its share was given")
        sealed = desk.key_ring.seal(random_bytes(_KEY_BYTES), place=_place(account))
        await records.add_share_key(tx, account, sealed)
        return await records.share_key(tx, account) or sealed


def _place(account: str) -> str:
    return f"share_keys.sealed:{account}"
