"""Trust a browser at a complete sign-in, so that its next ones take one factor."""

from msgspec.structs import replace

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.login import policy
from coatcheck.login.factors import kinds_of
from coatcheck.login.notice import notice
from coatcheck.login.sign_in import SignIn
from coatcheck.login.standing import standing_of
from coatcheck.mfa import trusted
from coatcheck.secret import Secret
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

_MORE = "Somebody signed in there with two factors, and chose that for a while one of them will do."


async def may_trust(desk: Desk, visit: Visit, sign_in: SignIn) -> bool:
    """Tell whether to offer trust at a step: only where it would have spared its owner just this step.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    if not desk.settings.sign_in.trust_devices_for or sign_in.session or not sign_in.proofs:
        return False
    async with desk.database.reading() as db:
        account = await accounts.find(db, sign_in.account)
        if account is None:
            return False
        standing = await standing_of(db, desk, visit, account, sign_in)
    trusting = replace(standing, is_trusted=True, is_stranger=False)
    return isinstance(policy.decide(sign_in.proofs, trusting), policy.Enough)


async def trust_browser(
    tx: Writing, desk: Desk, visit: Visit, account: Account, sign_in: SignIn, session: str
) -> Secret | None:
    """Trust the visiting browser if a sign-in that is complete asked for it; give the value of its cookie.

    The door calls this in its own transaction, which holds the account's row. One kind of proof gives no trust: nobody
    comes by it without a second factor.

    See: ASVS 6.3.3.
    """
    is_allowed = bool(desk.settings.sign_in.trust_devices_for) and len(kinds_of(sign_in.proofs)) > 1
    if not sign_in.asked_for.trust_device or not is_allowed:
        return None
    token = await trusted.trust(tx, desk, visit, account)
    await record(tx, desk, visit, "trust.given", account=account.id, session=session)
    await notice(tx, desk, visit, account, "A browser is trusted by your account", _MORE)
    return token
