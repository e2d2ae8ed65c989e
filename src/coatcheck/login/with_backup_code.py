"""Prove a sign-in by a backup code: it is gone by that, and its owner is told how many are left."""

from typing import Final

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.http.pages import mail_text
from coatcheck.limits.counters import CODE
from coatcheck.login.factors import Proof
from coatcheck.login.prove import Step, prove
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.who import Who
from coatcheck.mfa.backup_codes import FEW, spend_code
from coatcheck.mfa.enrolled import BACKUP_CODE
from coatcheck.mfa.records import codes_left
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

PROVEN: Final = Proof(factor="backup_code")


async def prove_backup_code(desk: Desk, visit: Visit, step: Step, *, code: str) -> Admitted | MoreNeeded:
    """Prove a sign-in by one of the account's backup codes, which is used up by it.

    Args:
        code: as typed; spaces, dashes and capitals do not count.

    Raises:
        SignInGone, BadInput, InvalidCode, InvalidCredentials, TooManyAttempts: see `prove`.

    See: NIST SP 800-63B-4 section 3.1.2; ASVS 6.5.1, 6.5.2.
    """

    async def judge(_sign_in: SignIn, who: Who) -> Proof | None:
        if who.account is None:
            return None
        async with desk.database.writing() as tx:
            held = await accounts.lock(tx, who.account.id)
            if held is None or not held.is_active or not await spend_code(tx, desk, held.id, code):
                return None
            await _used(tx, desk, visit, held)
        return PROVEN

    return await prove(desk, visit, step, "backup_code", judge, limit=CODE)


async def _used(tx: Writing, desk: Desk, visit: Visit, held: Account) -> None:
    left, _ = await codes_left(tx, held.id)
    if left == 0:
        # Without a new epoch: it would void the very sign-in that the last code was used for.
        await accounts.drop_factor(tx, held, BACKUP_CODE)
    await record(tx, desk, visit, "backup_code.used", account=held.id, details={"left": left})
    if held.email:
        template = "login/few_backup_codes.txt" if left <= FEW else "login/backup_code_used.txt"
        message = mail_text(desk.settings, template, to=held.email, base_url=visit.base_url, left=left)
        await post(tx, desk, message, asked_by_stranger=False)
