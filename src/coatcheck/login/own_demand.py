"""What a change of one's own account asks for: a proof of the last minutes, as strong as its factors allow."""

from datetime import timedelta
from typing import Final

from coatcheck.accounts import records as accounts
from coatcheck.desk import Desk
from coatcheck.errors import SessionEnded
from coatcheck.login.standing import providers_of
from coatcheck.mfa.enrolled import has_second_factor
from coatcheck.passwords import records as passwords
from coatcheck.verifier import Demand, Principal

FRESH: Final = timedelta(minutes=5)


async def demand_of(desk: Desk, principal: Principal) -> Demand:
    """Give what such a change asks for: a fresh sign-in, and two factors where the account has a second.

    Raises:
        SessionEnded: the account is gone.

    See: NIST SP 800-63B-4 section 4.1; ASVS 7.5.1.
    """
    async with desk.database.reading() as db:
        account = await accounts.find(db, principal.subject)
        if account is None:
            raise SessionEnded("the account is gone")
        # Without a password, an app and a mailbox are all there is, and the two lift nobody to aal2.
        has_password = await passwords.stored_hash(db, account.id) is not None
        reaches = "passkey" in account.factors or has_password or bool(await providers_of(db, desk, account.id))
    return Demand(fresh=FRESH, acr="aal2" if has_second_factor(account) and reaches else None)
