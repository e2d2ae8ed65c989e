"""Panic: everything of an account ends at once, and nobody gets in again but by its mailbox.

one transaction: epoch → everything is cut → secured → receipt → log      nothing begun before opens anything after
after the commit: the receipt says by when → providers are called, connections close, services say that they heard
"""

from typing import Final

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.audit.row import Detail
from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk
from coatcheck.desk.outbox import count_anew, post
from coatcheck.ending.cut_everything import Cut, cut_everything
from coatcheck.ending.receipts import records
from coatcheck.ending.receipts.receipt import PREFIX, PROVIDER, VERIFIER, WORKER, Receipt
from coatcheck.errors import NotFound
from coatcheck.http.pages import mail_text
from coatcheck.revocation import records as revocation
from coatcheck.revocation.event import Event
from coatcheck.revocation.log import announce
from coatcheck.secret import hash_secret, new_id
from coatcheck.storage.database import Writing
from coatcheck.storage.workers import live_workers
from coatcheck.visit import Visit

_DAY_MS: Final = 86_400_000
_CLOSING_MS: Final = 5250
"""How long a connection may take beyond the bound: a look every 250 ms, and 5 s to say goodbye."""


async def panic(desk: Desk, visit: Visit, *, account: str, actor: str) -> Receipt:
    """End everything of an account at once and leave it secured: recovery alone opens it again.

    It asks for no fresh sign-in, as the worst it does to its owner is a recovery. Twice at once gives two receipts.

    Args:
        actor: who calls it: the account itself, an administrator, or `operator`.

    Returns:
        The receipt as it is now; providers, connections and services fill their lines soon.

    Raises:
        NotFound: there is no such account, or it is closed.
        DatabaseAway: the database cannot be reached. Called again, it tells how much was left to end.

    See: ASVS 7.4.3, 7.4.5; NIST SP 800-63B-4 section 4.5.
    """
    called_at, panic_id = desk.now(), new_id(PREFIX)
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, account)
        if held is None or held.status == "closed":
            raise NotFound("no such account")
        await accounts.raise_epoch(tx, account)
        announce(tx, desk, Event("ended", account, panic_id))  # before the others: who hears it counts what is open
        cut = await cut_everything(tx, desk, account=account)
        await _write_receipt(tx, desk, visit, panic_id, account=account, actor=actor, called_at=called_at, cut=cut)
        if held.status == "active":
            await accounts.set_status(tx, account, "secured")
            await _tell_owner(tx, desk, visit, held, by_owner=actor == account)
        counts: dict[str, Detail] = {what: count for what, count in cut.counts.items() if count}
        details: dict[str, Detail] = {"receipt": panic_id, **counts}
        await record(tx, desk, visit, "account.panic", account=account, actor=actor, details=details)
    async with desk.database.writing() as tx:
        await see_cut(tx, desk, panic_id)
        receipt = await records.find(tx, panic_id)
    if receipt is None:
        raise NotFound("the account was closed meanwhile")
    return receipt


async def see_cut(tx: Writing, desk: Desk, panic_id: str) -> None:
    """Hold the receipt of a panic, and keep by when it has certainly committed, if nobody did.

    That time is taken after the commit, so that it is true of whoever looks then. A worker that finds it missing, as
    another died just there, writes its own, which is later.
    """
    if await records.lock(tx, panic_id) is not None:
        await records.note_cut(tx, panic_id, desk.now(), await revocation.head(tx))


async def _write_receipt(
    tx: Writing, desk: Desk, visit: Visit, panic_id: str, *, account: str, actor: str, called_at: Instant, cut: Cut
) -> None:
    browser_hash = hash_secret(visit.browser) if visit.browser and actor == account else None
    await records.add_panic(tx, panic_id, account=account, called_by=actor, now=called_at, browser_hash=browser_hash)
    for what, count in cut.counts.items():
        await records.add_line(tx, panic_id, what, count=count, bound_ms=None)
    for giveback, provider in cut.givebacks.items():
        await records.add_line(tx, panic_id, PROVIDER, name=giveback, title=provider, count=None, bound_ms=_DAY_MS)
    hears_within = millis(desk.settings.revocation.bound) + _CLOSING_MS
    for worker in await live_workers(tx, called_at):
        await records.add_line(tx, panic_id, WORKER, name=worker, count=None, bound_ms=hears_within)
    token_lives = millis(desk.settings.tokens.access_lifetime)
    for service, name, staleness in await records.followers(tx):
        bound = min(token_lives, staleness or token_lives)
        await records.add_line(tx, panic_id, VERIFIER, name=service, title=name, count=None, bound_ms=bound)


async def _tell_owner(tx: Writing, desk: Desk, visit: Visit, held: Account, *, by_owner: bool) -> None:
    """Write to the owner, once until the account is open again; their way back must not be held up by mails of before.

    Whoever was in may have asked for recovery links until no more were mailed this hour.
    """
    if not held.email:
        return
    template, url, has_passwords = "ending/panic.txt", visit.base_url, desk.settings.passwords.enabled
    link = f"{url}/recover" if has_passwords else f"{url}/open-again"
    message = mail_text(
        desk.settings, template, to=held.email, base_url=url, link=link, by_owner=by_owner, has_passwords=has_passwords
    )
    await count_anew(tx, desk, held.email)
    await post(tx, desk, message, asked_by_stranger=False)
