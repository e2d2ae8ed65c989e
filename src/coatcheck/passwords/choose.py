"""Take a new password: judge it, then hash it; nothing is stored yet."""

import importlib
from collections.abc import Iterable
from typing import ClassVar

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import BadInput
from coatcheck.passwords import records, rules, schemes
from coatcheck.passwords.check import hashing_pool
from coatcheck.passwords.lookup import LeakedPasswords, Lookup
from coatcheck.secret import Veiled
from coatcheck.storage.database import Writing


class NewPassword(Veiled, frozen=True):
    """Hold the hash of a password that was taken.

    Args:
        stands_alone: whether it is long enough to be the only factor.
    """

    veils: ClassVar = frozenset({"hash"})

    hash: str
    label: str
    stands_alone: bool = True


async def choose_password(
    desk: Desk, raw: str, *, context: Iterable[str], name: str = "password", has_second_factor: bool = False
) -> NewPassword:
    """Judge a new password by the site's rules and hash it.

    Args:
        context: what others know of the account: its address, its username.
        name: the field to complain about.
        has_second_factor: whether the account asks for a second factor, so that a shorter password will do.

    Raises:
        BadInput: it is not taken; the field says why.
        Busy: too many hashes wait already.

    See: NIST SP 800-63B-4 section 3.1.1.2; ASVS 6.2.
    """
    settings = desk.settings.passwords
    try:
        prepared = rules.prepare(raw)
    except rules.UnusablePassword as unusable:
        raise BadInput({name: unusable.complaint.says}) from None
    around = [*context, desk.settings.site.name]
    complaints = rules.check(prepared, settings=settings, context=around, has_second_factor=has_second_factor)
    if not complaints and settings.breached_check:
        looked_up = await desk.keep(breached_passwords).look_up(prepared)
        complaints = [rules.BREACHED] if looked_up is Lookup.LEAKED else []
    if complaints:
        raise BadInput({name: complaints[0].says})
    hashed = await desk.keep(hashing_pool).hash(prepared)
    return NewPassword(hashed, schemes.label(hashed), stands_alone=len(prepared) >= settings.min_length)


async def store_password(tx: Writing, account: str, new: NewPassword, now: Instant) -> None:
    """Set or replace an account's password."""
    await records.store(tx, account, new.hash, new.label, now, stands_alone=new.stands_alone)


async def upgrade_hash(desk: Desk, account: str, old_hash: str, password: str) -> None:
    """Hash a right password anew with today's settings, in place of an old or imported hash."""
    hashed = await desk.keep(hashing_pool).hash(rules.prepare(password))
    async with desk.database.writing() as tx:
        await records.upgrade(tx, account, old_hash, hashed, schemes.label(hashed))


def breached_passwords(desk: Desk) -> LeakedPasswords:
    """Make the look-up of leaked passwords; reach it by `desk.keep(breached_passwords)`."""
    # By name: it is off unless set, and the HTTP client takes memory and time to import.
    breached = importlib.import_module("coatcheck.passwords.breached")
    made: LeakedPasswords = breached.BreachedPasswords(desk.settings.passwords)
    return made
