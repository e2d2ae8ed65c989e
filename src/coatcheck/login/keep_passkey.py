"""Keep a passkey that a browser made: the one place that does, for the ways-in page and for a step within a sign-in.

check what was made → lock the account and its session, compare the epoch → keep the key → audit, notice
"""

from typing import ClassVar

from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.audit.row import Detail
from coatcheck.desk import Desk
from coatcheck.errors import BadInput
from coatcheck.login.factors import Proof
from coatcheck.login.notice import notice
from coatcheck.login.prove import Enrolled
from coatcheck.login.unchanged import hold_unchanged
from coatcheck.mfa.enrolled import add_factor
from coatcheck.passkeys import records
from coatcheck.passkeys.answer import Answer
from coatcheck.passkeys.passkey import LONGEST_NAME, MOST, NotProven, Passkey, Registered
from coatcheck.passkeys.roots import AttestationRoots
from coatcheck.passkeys.rp import relying_party
from coatcheck.passkeys.verify import verify_registration
from coatcheck.secret import Veiled, new_id
from coatcheck.sessions.device import describe_device
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit


class Asked(Veiled, frozen=True, kw_only=True):
    """Say what a new passkey was asked for by.

    Args:
        account: whose it is to be.
        epoch: the account's when it was asked for; another one voids the asking.
        session: the one that asks, which must live still; None within a sign-in that opens one.
        challenge: what was asked, already taken.
        must_verify: whether its device must make sure who holds it.
        shows_codes: whether there is somebody to show backup codes to, and a password to use them with.
    """

    veils: ClassVar = frozenset({"challenge"})

    account: str
    epoch: int
    session: str | None
    challenge: bytes
    must_verify: bool
    shows_codes: bool = False


class Kept(Veiled, frozen=True):
    """Give a new passkey, what its making proves, and the backup codes that came with it, to be shown once."""

    veils: ClassVar = frozenset({"codes"})

    passkey: Passkey
    enrolled: Enrolled
    codes: tuple[str, ...]


async def keep_passkey(desk: Desk, visit: Visit, asked: Asked, answer: Answer, *, name: str = "") -> Kept:
    """Check what a browser made, and keep it; whatever else is pending for the account is void from then on.

    Args:
        name: what its owner calls it; the browser's and the system's where it is empty.

    Raises:
        BadInput: it is none for this site and this asking, is registered already, or is one too many.
        SessionEnded: the session that asked is gone.

    See: WebAuthn section 7.1; ASVS 6.3.7 (notices).
    """
    rp, roots = relying_party(desk.settings, visit.base_url), desk.keep(AttestationRoots).pems
    try:
        made = verify_registration(answer, asked.challenge, rp, must_verify=asked.must_verify, roots=roots)
    except NotProven as why:
        raise BadInput({"credential": "This passkey could not be added. Try again."}, because=str(why)) from None
    passkey = _passkey(desk, asked.account, made, answer.transports, name_of(name, visit))
    try:
        async with desk.database.writing() as tx:
            account = await _still_the_same(tx, asked)
            await records.add(tx, passkey)
            codes = await add_factor(tx, desk, account, "passkey", shows_codes=asked.shows_codes)
            details: dict[str, Detail] = {
                "passkey": passkey.id,
                "name": passkey.name,
                "synced": passkey.backup_eligible,
            }
            await record(tx, desk, visit, "passkey.added", account=account.id, details=details)
            await notice(tx, desk, visit, account, "A passkey was added to your account")
    except records.Taken:
        raise BadInput({"credential": "This passkey is in use already."}) from None
    proof = Proof(
        factor="passkey",
        is_verified=made.verifies,
        is_synced=made.backup_eligible,
        is_attested=made.vouched_by is not None,
        by=passkey.id,
    )
    return Kept(passkey, Enrolled(proof, asked.epoch + 1), codes)


def name_of(typed: str, visit: Visit) -> str:
    """Give a passkey's name: as typed, on one line and not too long; else the browser's and the system's."""
    words = " ".join("".join(each if each.isprintable() else " " for each in typed).split())
    return words[:LONGEST_NAME].rstrip() or describe_device(visit.user_agent)[:LONGEST_NAME]


async def _still_the_same(tx: Writing, asked: Asked) -> Account:
    account = await hold_unchanged(tx, asked.account, epoch=asked.epoch, session=asked.session)
    if account is None:
        raise BadInput({"credential": "Your account changed meanwhile. Start again."})
    if len(await records.list_of(tx, account.id)) >= MOST:
        raise BadInput({"credential": f"An account has at most {MOST} passkeys. Remove one first."})
    return account


def _passkey(desk: Desk, account: str, made: Registered, transports: tuple[str, ...], name: str) -> Passkey:
    return Passkey(
        id=new_id("psk_"),
        account=account,
        credential_id=made.credential_id,
        public_key=made.public_key,
        name=name,
        sign_count=made.sign_count,
        backup_eligible=made.backup_eligible,
        backed_up=made.backed_up,
        verifies=made.verifies,
        aaguid=made.aaguid,
        transports=transports,
        created_at=desk.now(),
        vouched_by=made.vouched_by,
    )
