"""Sign in with a password.

limits → find account → check password → admit (policy → open session) → audit
"""

from typing import Final

from coatcheck.audit.blocked import blocks_counted
from coatcheck.audit.refused import refused
from coatcheck.desk import Desk
from coatcheck.errors import Busy, InvalidCredentials
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.limits.counters import SIGN_IN
from coatcheck.limits.tries import Spent
from coatcheck.login.admit import admit
from coatcheck.login.factors import Proof
from coatcheck.login.policy import NO_MORE, Wanted
from coatcheck.login.prove import Step, prove
from coatcheck.login.sign_in import AS_USUAL, Admitted, AskedFor, MoreNeeded, SignIn
from coatcheck.login.step_up import begin_step_up
from coatcheck.login.who import Who, find_who
from coatcheck.passwords.check import Checked, check_password
from coatcheck.passwords.choose import upgrade_hash
from coatcheck.secret import new_id
from coatcheck.verifier import Principal
from coatcheck.visit import Visit

PASSWORD: Final = Proof(factor="password")


async def sign_in_with_password(
    desk: Desk,
    visit: Visit,
    *,
    identifier: str,
    password: str,
    asked_for: AskedFor = AS_USUAL,
    in_pages: bool = False,
) -> Admitted | MoreNeeded:
    """Sign in with a name and a password, at once.

    Args:
        identifier: an email address or a username, as typed.
        password: as typed.
        asked_for: how the session is to be presented, and how long it lasts.
        in_pages: whether a further step comes in the pages of the visiting browser.

    Raises:
        InvalidCredentials: wrong name or password, or an account that is locked; the same for all.
        TooManyAttempts: this try was not judged.
        Busy: too many passwords are being checked; this try was given back.
        ProofRefused: the proof of possession came before.

    See: NIST SP 800-63B-4 section 3.1.1; ASVS 6.3.1, 6.3.8.
    """
    who = await find_who(desk, identifier)
    spent = await _spend(desk, visit, who)
    checked = await _judge(desk, who, password, spent)
    if who.account is None or not checked.is_right or not who.account.is_active:
        account = who.account.id if who.account else None
        await refused(desk, visit, "sign_in.refused", account=account, email=who.email)
        raise InvalidCredentials("no account, a wrong password, or a locked account")
    sign_in = SignIn(
        id=new_id("sgn_"),
        account=who.account.id,
        epoch=who.account.epoch,
        proofs=(PASSWORD,),
        asked_for=asked_for,
        in_pages=in_pages,
    )
    outcome = await admit(desk, visit, sign_in, spent)
    if checked.upgrade_from is not None:
        await _upgrade(desk, who.account.id, checked.upgrade_from, password)
    return outcome


async def prove_password(desk: Desk, visit: Visit, step: Step, *, password: str) -> Admitted | MoreNeeded:
    """Prove the password of a sign-in that was begun.

    Raises:
        SignInGone, BadInput, InvalidCode, InvalidCredentials, TooManyAttempts: see `prove`.
        Busy: too many passwords are being checked; this try was given back.
    """
    upgrades: list[tuple[str, str]] = []

    async def judge(_sign_in: SignIn, who: Who) -> Proof | None:
        account = who.account.id if who.account else None
        checked = await check_password(desk, account=account, identifier=who.typed, password=password)
        if account is not None and checked.upgrade_from is not None:
            upgrades.append((account, checked.upgrade_from))
        return PASSWORD if checked.is_right else None

    outcome = await prove(desk, visit, step, "password", judge, limit=SIGN_IN)
    for account, old_hash in upgrades:
        await _upgrade(desk, account, old_hash, password)
    return outcome


async def step_up_with_password(
    desk: Desk, visit: Visit, principal: Principal, *, password: str, wanted: Wanted = NO_MORE, in_pages: bool = False
) -> Admitted | MoreNeeded:
    """Make a session fresh by its account's password, and by what more the policy asks for; it gets a new secret.

    Raises:
        InvalidCredentials: the password is wrong, or there is none.
        TooManyAttempts: this try was not judged.
        SessionEnded: the session ended meanwhile.
    """
    begun = await begin_step_up(desk, visit, principal, wanted=wanted, in_pages=in_pages)
    if "password" not in begun.options:
        raise InvalidCredentials("this account has no password")
    return await prove_password(desk, visit, Step(begun.sign_in, begun.continuation.reveal()), password=password)


async def _spend(desk: Desk, visit: Visit, who: Who) -> Spent:
    account = who.account.id if who.account else None
    by = (address_key(visit.address), account or "")  # names without an account are counted together: there is no end
    async with blocks_counted(desk, visit, "sign_in.blocked", *by, account=account, email=who.email):
        return await tries.spend(desk, visit, subject=who.subject)


async def _judge(desk: Desk, who: Who, password: str, spent: Spent) -> Checked:
    account = who.account.id if who.account else None
    async with tries.while_judged(desk, spent):
        return await check_password(desk, account=account, identifier=who.typed, password=password)


async def _upgrade(desk: Desk, account: str, old_hash: str, password: str) -> None:
    try:
        await upgrade_hash(desk, account, old_hash, password)
    except Busy:
        # The person is in; the stronger hash comes with the next sign-in.
        return
