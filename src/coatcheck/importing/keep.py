"""Keep a batch of accounts in one transaction: all of it or nothing, none twice, whoever else imports or signs up."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from msgspec import Struct, field

from coatcheck.access import records as access
from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record_each
from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.importing import records
from coatcheck.importing.arriving import Arriving
from coatcheck.mfa.authenticator import keep_totp
from coatcheck.mfa.backup_codes import keep_codes
from coatcheck.mfa.totp import step_of
from coatcheck.passkeys import records as passkeys
from coatcheck.passwords import records as passwords
from coatcheck.secret import new_id
from coatcheck.storage.database import Reading, Writing
from coatcheck.upstream import records as upstream
from coatcheck.upstream.identity import Identity
from coatcheck.upstream.records import LinkedIdentity
from coatcheck.visit import Visit

CLASHES: Final = (passkeys.Taken, upstream.Taken)
"""Somebody registered the same passkey or link in the same moment: the batch was undone, and may be kept again."""
Seen: TypeAlias = set[int]
"""What rows before had, as hashes: a dry run finds two of one address by it."""
_TAKEN = "another account has its {what}"


class Kept(Struct):
    """Say what became of a batch: which came over, which were here, and why others cannot come."""

    came: list[Arriving] = field(default_factory=list)
    here: list[Arriving] = field(default_factory=list)
    collided: list[tuple[Arriving, str]] = field(default_factory=list)


async def keep_batch(desk: Desk, visit: Visit, *, source: str, batch: Sequence[Arriving], actor: str) -> Kept:
    """Bring accounts over.

    Raises:
        DatabaseAway: the database cannot be reached, or undid this for the sake of another; nothing was kept.
        Taken: one of `CLASHES`; nothing was kept.
    """
    async with desk.database.writing() as tx:
        # First of all: whom another run brings at the same time is here when this one goes on, and no stranger.
        claimed = await records.claim(tx, source, batch)
        kept = await sort_out(tx, [each for each in batch if each.account.id in claimed], set())
        kept.here = [each for each in batch if each.account.id not in claimed]
        made = await accounts.insert_new(tx, [each.account for each in kept.came])
        taken = [each for each in kept.came if each.account.id not in made]
        kept.collided += [(each, _TAKEN.format(what="address or name")) for each in taken]
        kept.came = [each for each in kept.came if each.account.id in made]
        await records.give_back(tx, [each.account.id for each, _ in kept.collided])
        await _keep_what_they_bring(tx, desk, kept.came, actor)
        about = {each.account.id: {"source": source, "roles": " ".join(each.roles)} for each in kept.came}
        await record_each(tx, desk, visit, "account.imported", actor=actor, about=about)
    return kept


async def sort_out(db: Reading, batch: Sequence[Arriving], seen: Seen) -> Kept:
    """Find which accounts cannot come, as somebody has what must be theirs alone.

    Args:
        seen: what rows before had; those of this batch that may come are added.
    """
    emails = [each.account.email for each in batch if each.account.email]
    usernames = [each.account.username for each in batch if each.account.username]
    taken = await accounts.taken_of(db, emails, usernames)
    kept = Kept()
    for each in batch:
        if what := await _taken_of(db, each, taken, seen):
            kept.collided.append((each, _TAKEN.format(what=what)))
        else:
            kept.came.append(each)
            seen.update(map(hash, _own(each)))
    return kept


async def _taken_of(db: Reading, each: Arriving, taken: set[str], seen: Seen) -> str:
    account = each.account
    for what, text in (("address", account.email), ("username", account.username)):
        if text is not None and text in taken:
            return what
    for passkey in each.passkeys:
        if await passkeys.find(db, passkey.credential_id) is not None:
            return "passkey"
    for identity in each.identities:
        if await upstream.find(db, identity) is not None:
            return f"link to {identity.provider}"
    return next((what for what, own in _own(each) if hash((what, own)) in seen), "")


def _own(each: Arriving) -> list[tuple[str, str | bytes]]:
    """Give what must be one account's alone."""
    named = [("address", each.account.email), ("username", each.account.username)]
    held = [*(("passkey", key.credential_id) for key in each.passkeys), *(("link", one.key) for one in each.identities)]
    return [*((what, text) for what, text in named if text is not None), *held]


async def _keep_what_they_bring(tx: Writing, desk: Desk, came: Sequence[Arriving], actor: str) -> None:
    now = desk.now()
    rows = [
        {"account": each.account.id, "hash": each.hash, "label": each.label, "changed_at": now,
         # Beside a second factor a short one will have done; its length is known when it is next typed.
         "stands_alone": not each.account.factors}
        for each in came
        if each.hash is not None
    ]  # fmt: skip
    await passwords.insert_all(tx, rows)
    for each in came:
        for role in each.roles:
            await access.assign(tx, each.account.id, role, now, by=actor)
        await _keep_factors(tx, desk, each)
        for identity in each.identities:
            await upstream.add(tx, _linked(each.account.id, identity, now), identity.key)


def _linked(account: str, identity: Identity, now: Instant) -> LinkedIdentity:
    return LinkedIdentity(
        id=new_id("idn_"),
        account=account,
        provider=identity.provider,
        issuer=identity.issuer,
        subject=identity.subject,
        email=identity.email,
        name=identity.name,
        linked_at=now,
        last_used_at=None,
    )


async def _keep_factors(tx: Writing, desk: Desk, each: Arriving) -> None:
    if each.totp is not None:
        # Codes up to now are spent: one that was typed there a moment ago works here no more.
        await keep_totp(tx, desk, each.account.id, each.totp, step_of(desk.now()))
    if each.codes:
        await keep_codes(tx, desk, each.account.id, each.codes)
    for passkey in each.passkeys:
        await passkeys.add(tx, passkey)
