"""The mailbox of an imported account is read for the first time: whatever else was not proven with it, goes.

Somebody may have made the account at the other system with an address that was never theirs, and have waited for its
owner. What they know or hold must not stay beside the owner's way in; who proves both keeps both. Of several passkeys
or providers the one that was used stays: the others may be anybody's.
"""

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.login.sign_in import SignIn
from coatcheck.mfa import records as mfa
from coatcheck.passkeys import records as passkeys
from coatcheck.passwords import records as passwords
from coatcheck.storage.database import Writing
from coatcheck.upstream import records as upstream
from coatcheck.upstream.give_back import queue_givebacks_of
from coatcheck.visit import Visit


async def confirm_mailbox(tx: Writing, desk: Desk, visit: Visit, held: Account, sign_in: SignIn) -> Account:
    """Keep that a complete sign-in has read the account's mailbox, and give the account as it is then.

    Args:
        held: the account, whose row the caller holds.

    See: attacks 62 and 74 (pre-hijacking) in docs/security/attacks.md.
    """
    proven = {each.factor for each in sign_in.proofs}
    if held.email_proven or "email_code" not in proven:
        return held
    await _remove_unproven(tx, desk, held, proven, used={each.by for each in sign_in.proofs if each.by})
    await accounts.prove_email(tx, held.id)
    kept = " ".join(sorted(proven))
    await record(tx, desk, visit, "email.confirmed", account=held.id, email=held.email, details={"kept": kept})
    confirmed = await accounts.lock(tx, held.id)
    return confirmed or held


async def _remove_unproven(tx: Writing, desk: Desk, held: Account, proven: set[str], used: set[str]) -> None:
    if "password" not in proven:
        await passwords.remove(tx, held.id)
    await queue_givebacks_of(tx, desk, account=held.id, keep=used)
    await upstream.remove_all(tx, held.id, keep=used)
    await passkeys.remove_all(tx, held.id, keep=used)
    if proven.isdisjoint({"totp", "backup_code"}):
        await mfa.remove_all(tx, held.id)
    # By this the epoch goes up too: what others have begun with what they know, is void.
    await accounts.set_factors(tx, held.id, _kept_of(held.factors, proven))


def _kept_of(factors: frozenset[str], proven: set[str]) -> frozenset[str]:
    codes_stay = not proven.isdisjoint({"totp", "backup_code"})
    stay = {"passkey"} & proven | ({"totp", "backup_code"} if codes_stay else set())
    return factors & stay
