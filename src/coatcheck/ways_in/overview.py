"""What an account has to sign in with, as its owner sees it."""

from msgspec import Struct

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import SessionEnded
from coatcheck.login.standing import has_use_for_codes
from coatcheck.mfa import records as mfa
from coatcheck.mfa.backup_codes import FEW
from coatcheck.mfa.enrolled import has_second_factor
from coatcheck.mfa.totp import STEP_MS
from coatcheck.passwords import records as passwords
from coatcheck.verifier import Principal


class WaysIn(Struct, frozen=True, kw_only=True):
    """Hold what an account has.

    Args:
        totp_since: when its authenticator app was set up, or None.
        totp_used: when a code of it was last used.
        has_use_for_codes: whether a backup code would let its owner in.
        codes_left: how many of them are unused.
        codes_since: when they were made.
    """

    account: Account
    has_password: bool
    totp_since: Instant | None
    totp_used: Instant | None
    has_use_for_codes: bool
    codes_left: int
    codes_since: Instant

    @property
    def has_second_factor(self) -> bool:
        """Whether a sign-in asks for two factors."""
        return has_second_factor(self.account)

    @property
    def has_few_codes(self) -> bool:
        """Whether new backup codes should be made."""
        return self.has_use_for_codes and self.codes_left <= FEW

    @property
    def may_be_lost(self) -> str:
        """What a backup code stands in for, in words."""
        words = {"totp": "phone", "passkey": "passkey"}
        return " or ".join(word for factor, word in words.items() if factor in self.account.factors)


async def ways_in(desk: Desk, principal: Principal) -> WaysIn:
    """Gather what the signed-in account has to sign in with.

    Raises:
        SessionEnded: the account is gone.
    """
    async with desk.database.reading() as db:
        account = await accounts.find(db, principal.subject)
        if account is None:
            raise SessionEnded("the account is gone")
        totp = await mfa.find_totp(db, account.id)
        left, since = await mfa.codes_left(db, account.id)
        return WaysIn(
            account=account,
            has_password=await passwords.stored_hash(db, account.id) is not None,
            totp_since=totp.created_at if totp else None,
            totp_used=totp.last_step * STEP_MS if totp else None,
            has_use_for_codes=await has_use_for_codes(db, desk.settings, account),
            codes_left=left,
            codes_since=since,
        )
