"""Remove every second factor of an account at once: when it is recovered, reset or closed."""

from coatcheck.accounts import records as accounts
from coatcheck.ending import records
from coatcheck.mfa import records as mfa
from coatcheck.passkeys import records as passkeys
from coatcheck.storage.database import Writing


async def remove_factors(tx: Writing, account: str) -> None:
    """Remove every second factor of an account, and a recovery that waits for them; whatever is pending is void.

    The caller holds the account's row, and ends its sessions where they rest on what goes.

    See: NIST SP 800-63B-4 section 4.2; ASVS 6.4.4.
    """
    await mfa.remove_all(tx, account)
    await passkeys.remove_all(tx, account)
    await records.drop_recovery(tx, account)
    await accounts.set_factors(tx, account, ())
