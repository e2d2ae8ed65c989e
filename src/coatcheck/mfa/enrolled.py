"""Which second factors an account has: enrolled and removed here, so that backup codes come and go with them."""

from typing import Final

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.desk import Desk
from coatcheck.mfa import records
from coatcheck.mfa.backup_codes import replace_codes
from coatcheck.storage.database import Writing

SECONDS: Final = frozenset({"totp", "passkey"})
"""What an account is asked for two factors by; backup codes stand in for them, and are none without one."""
BACKUP_CODE: Final = "backup_code"


def has_second_factor(account: Account) -> bool:
    """Tell whether an account is asked for two factors."""
    return not SECONDS.isdisjoint(account.factors)


def is_last(account: Account, factor: str) -> bool:
    """Tell whether an account would be left without a second factor."""
    return SECONDS & account.factors <= {factor}


async def add_factor(
    tx: Writing, desk: Desk, held: Account, factor: str, *, shows_codes: bool = True
) -> tuple[str, ...]:
    """Enrol a second factor, and make void whatever is pending; give backup codes, to be shown once, if there are none.

    Args:
        held: the account, whose row the caller holds.
        shows_codes: whether there is somebody to show codes to; else none are made.
    """
    has_codes = BACKUP_CODE in held.factors
    codes = await replace_codes(tx, desk, held.id) if shows_codes and not has_codes else ()
    await accounts.set_factors(tx, held.id, held.factors | {factor} | ({BACKUP_CODE} if codes else set()))
    return codes


async def remove_factor(tx: Writing, held: Account, factor: str) -> None:
    """Take a second factor away, and with the last one the backup codes; whatever is pending is void."""
    left = held.factors - {factor}
    if SECONDS.isdisjoint(left):
        await records.remove_codes(tx, held.id)
        left -= {BACKUP_CODE}
    await accounts.set_factors(tx, held.id, left)
