"""Sign in with a passkey: as the only factor, or as the second one; by a name, or by the key alone.

start: limits → challenge, kept in the sign-in → the browser signs it
prove: find account → check what was signed → count → admit (policy → open session) → audit
"""

from typing import Any

from msgspec.structs import replace

from coatcheck.accounts import records as accounts
from coatcheck.audit.blocked import blocks_counted
from coatcheck.audit.record import record
from coatcheck.audit.row import Detail
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.errors import BadInput, InvalidCode, InvalidCredentials, PasskeyUnknown
from coatcheck.http.pages import mail_text
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.login import transactions
from coatcheck.login.factors import Factor, Proof
from coatcheck.login.prove import Step, prove, whose
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.standing import wanted_of
from coatcheck.login.who import Who
from coatcheck.passkeys import records
from coatcheck.passkeys.answer import parse_answer
from coatcheck.passkeys.decoys import decoys, is_decoy
from coatcheck.passkeys.options import to_use
from coatcheck.passkeys.passkey import Allowed, Asserted, NotProven, Passkey
from coatcheck.passkeys.roots import AttestationRoots
from coatcheck.passkeys.rp import relying_party
from coatcheck.passkeys.verify import verify_use
from coatcheck.passwords import records as passwords
from coatcheck.secret import new_secret
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

FACTOR: Factor = "passkey"
STARTED_PER_HOUR = 1200
"""Challenges that one address of the network may ask for in an hour: each costs two writes to the ephemeral store."""


async def start_passkey(desk: Desk, visit: Visit, step: Step) -> dict[str, Any]:
    """Give what the browser asks its passkeys (`PublicKeyCredentialRequestOptions`); nothing is told by it.

    A name without passkeys, and one that nobody has, are answered as one with passkeys is.

    Raises:
        SignInGone: it ran out, went on already, or is another's.
        BadInput: a passkey would bring it no further, or this machine is visited by an address.
        TooManyAttempts: this address of the network asked for too many.

    See: WebAuthn section 7.2, 13.4.3 (challenges), 14.6.2 (names).
    """
    async with blocks_counted(desk, visit, "sign_in.blocked", address_key(visit.address)):
        await tries.spend_address(desk, visit, what="start a passkey", per_hour=STARTED_PER_HOUR)
    rp = relying_party(desk.settings, visit.base_url)
    sign_in = await transactions.look(desk, step.sign_in, step.continuation)
    if FACTOR not in sign_in.options:
        raise BadInput({"factor": "A passkey would bring this sign-in no further."})
    allowed, must_verify = await _allowed(desk, sign_in), await _must_verify(desk, sign_in)
    challenge = new_secret().reveal().encode()
    held = await transactions.resume(desk, step.sign_in, step.continuation)
    started = {**held.started, FACTOR: challenge}
    await transactions.put_back(desk, replace(held, started=started), step.continuation)
    return to_use(rp, challenge, allowed, must_verify=must_verify)


async def prove_passkey(desk: Desk, visit: Visit, step: Step, *, credential: str) -> Admitted | MoreNeeded:
    """Prove a passkey by what the browser signed, once.

    Args:
        credential: the browser's answer, in JSON.

    Raises:
        SignInGone, BadInput, InvalidCode, InvalidCredentials: see `prove`.
        PasskeyUnknown: as a first proof, with a key that is not kept here any more; its device may forget it.

    See: WebAuthn section 7.2; NIST SP 800-63B-4 section 3.1.7; ASVS 6.3.3, 6.5.1.
    """
    answer = parse_answer(credential)
    rp = relying_party(desk.settings, visit.base_url)
    async with desk.database.reading() as db:
        passkey = await records.find(db, answer.credential_id)

    async def find(desk: Desk, sign_in: SignIn) -> Who:
        if sign_in.account or sign_in.identifier:
            return await whose(desk, sign_in)
        return await _by_key(desk, passkey)

    async def judge(sign_in: SignIn, who: Who) -> Proof | None:
        challenge = sign_in.started.pop(FACTOR, b"")  # taken: whatever comes of it, it is answered once
        own = passkey if passkey and who.account and passkey.account == who.account.id else None
        is_named = bool(sign_in.account or sign_in.identifier)
        try:
            if not challenge or (answer.user_handle is None and not is_named):
                raise NotProven("nothing was asked, or nobody is named")
            used = verify_use(answer, challenge, rp, own, must_verify=await _must_verify(desk, sign_in))
        except NotProven:
            return None
        return await _counted(desk, visit, own, used) if own else None

    try:
        return await prove(desk, visit, step, FACTOR, judge, limit=None, find=find)
    except InvalidCredentials as wrong:
        is_first = not isinstance(wrong, InvalidCode)
        if is_first and passkey is None and not is_decoy(desk, answer.credential_id):
            raise PasskeyUnknown(wrong.because) from wrong
        raise


async def _by_key(desk: Desk, passkey: Passkey | None) -> Who:
    account = passkey.account if passkey else ""
    async with desk.database.reading() as db:
        return Who(await accounts.find(db, account), account, account, None)


async def _allowed(desk: Desk, sign_in: SignIn) -> tuple[Allowed, ...]:
    """Give the keys of whom a sign-in is for; none where nobody is named, so that a device offers what it has."""
    if not sign_in.account and not sign_in.identifier:
        return ()
    who = await whose(desk, sign_in)
    async with desk.database.reading() as db:
        own = await records.list_of(db, who.account.id if who.account else "")
    if own or sign_in.account:
        return tuple(Allowed(each.credential_id, each.transports) for each in own)
    return decoys(desk, who.typed)


async def _must_verify(desk: Desk, sign_in: SignIn) -> bool:
    """Tell whether the device must make sure who holds it: where no password stands beside the key, or `aal3` is asked.

    Before the first proof it is the site's, the same for every name.
    """
    wanted = (sign_in.asked_for.wanted.acr, wanted_of(desk.settings.sign_in.level).acr)
    if "aal3" in wanted or not desk.settings.passwords.enabled:
        return True
    if not sign_in.account or any(each.factor == "password" for each in sign_in.proofs):
        return False
    async with desk.database.reading() as db:
        return await passwords.stored_hash(db, sign_in.account) is None


async def _counted(desk: Desk, visit: Visit, passkey: Passkey, used: Asserted) -> Proof | None:
    """Keep the use of a key; one whose counter goes back may have been copied: nobody is let in, its owner is told."""
    async with desk.database.writing() as tx:
        now, count = desk.now(), used.sign_count
        if await records.note_use(tx, passkey, sign_count=count, backed_up=used.backed_up, now=now):
            return Proof(
                factor=FACTOR,
                is_verified=used.is_verified,
                is_synced=passkey.backup_eligible,
                is_attested=desk.keep(AttestationRoots).vouch_for(passkey),
                by=passkey.id,
            )
        if await records.find(tx, passkey.credential_id) is not None:
            await _tell_of_copy(tx, desk, visit, passkey, count)
    return None


async def _tell_of_copy(tx: Writing, desk: Desk, visit: Visit, passkey: Passkey, count: int) -> None:
    whose, kept = passkey.account, passkey.sign_count
    details: dict[str, Detail] = {"passkey": passkey.id, "name": passkey.name, "kept": kept, "came": count}
    await record(tx, desk, visit, "passkey.copied", account=whose, outcome="refused", details=details)
    account = await accounts.find(tx, whose)
    if account is not None and account.email:
        link = f"{visit.base_url}/account/ways-in"
        template, url = "login/passkey_copied.txt", visit.base_url
        message = mail_text(desk.settings, template, to=account.email, base_url=url, link=link)
        await post(tx, desk, message, asked_by_stranger=True)
