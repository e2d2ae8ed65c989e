"""Check an API key: from memory after the first time, for what its owner may do now within its scopes.

digest → principal cache → (miss: checksum → database) → one use of this minute → principal
"""

from hashlib import sha256
from typing import Final

from coatcheck.api_keys import records
from coatcheck.api_keys.api_key import PREFIX
from coatcheck.api_keys.key_text import adds_up, has_form
from coatcheck.api_keys.used import UsedKeys
from coatcheck.api_keys.uses import KeyUses
from coatcheck.audit.refused import refused
from coatcheck.clients.registration import PREFIX as SERVICE
from coatcheck.desk import Desk
from coatcheck.errors import ApiKeyRefused, TokenRefused
from coatcheck.gate.cache import Entry, PrincipalCache, look_up
from coatcheck.gate.junk_keys import JunkKeys
from coatcheck.limits.address import UNKNOWN
from coatcheck.secret import hash_secret
from coatcheck.sessions.session import SEEN_EVERY_MS
from coatcheck.verifier import Principal
from coatcheck.visit import Visit

_BESIDE: Final = b"\0key "
"""Keeps a key apart from the cookies in the cache: no secret of a session is hashed with this before it."""

_NEVER_IDLE: Final = 2**53


async def check_api_key(desk: Desk, text: str, *, address: str = "", is_use: bool = True) -> Principal:
    """Give the principal behind an API key: its owner, with no session, no role, and what the owner may of its scopes.

    Roles are left out, as no scope stands for one: who demands a role wants the person.

    Args:
        text: what `Authorization: Bearer` presents; nothing else brings a key.
        address: the client's, or empty.
        is_use: whether this counts as a use of the key.

    Raises:
        TokenRefused: it does not read like a key at all.
        ApiKeyRefused: it is not one of ours, was revoked or has run out, or its owner may not act.
        ApiKeyOverused: it was used as often as one may be in a minute.
        TooManyAttempts: too many keys of this address have led nowhere.
        DatabaseAway: it is not in memory, and the database cannot be reached.

    See: ASVS 8.3.1, 8.3.3, 13.2.1.
    """
    digest, now = cached_by(text), desk.now()
    entry = desk.keep(PrincipalCache).get(digest, now)
    if entry is None:
        entry = await _find(desk, text, digest, address)
    if is_use:
        key, uses = entry.principal.api_key or "", desk.keep(KeyUses)
        if not uses.take(key, now):
            await uses.spend(key)
        if now >= entry.seen_again_at:
            entry.seen(now)
            desk.keep(UsedKeys).note(key)
    return entry.principal


def cached_by(text: str) -> bytes:
    """Give the digest by which a key is kept in memory: another than that of a cookie with the same text."""
    return sha256(_BESIDE + text.encode()).digest()


async def _find(desk: Desk, text: str, digest: bytes, address: str) -> Entry:
    if not has_form(text):
        raise TokenRefused("this is neither a signed token nor an API key")
    if not adds_up(text):
        raise ApiKeyRefused("the checksum of the API key is wrong: it was cut off, mistyped or made up")
    junk = desk.keep(JunkKeys)
    counted_by = junk.spend(address)
    try:
        entry = await look_up(desk.keep(PrincipalCache), lambda: _read(desk, text, digest))
    except _Refused as refusal:
        await _note(desk, refusal, address, counted_by)
        raise ApiKeyRefused(refusal.because) from None
    except BaseException:
        junk.give_back(counted_by)
        raise
    junk.give_back(counted_by)
    return entry


class _Refused(Exception):
    """Carry why a key was refused, and whose it is if it is anybody's."""

    def __init__(self, because: str, found: records.Found | None = None) -> None:
        super().__init__(because)
        self.because = because
        self.found = found


async def _read(desk: Desk, text: str, digest: bytes) -> Entry:
    began = desk.now()
    async with desk.database.reading() as db:
        found = await records.find(db, hash_secret(text), began)
    if found is None:
        raise _Refused("no such API key, or it was revoked")
    why = why_refused(desk, found)
    if why is not None:
        raise _Refused(f"{found.key.id}: {why}", found)
    if found.roles_end is not None and desk.now() >= found.roles_end:  # a role ran out while this was read
        return await _read(desk, text, digest)
    return _entry(found, digest)


def why_refused(desk: Desk, found: records.Found) -> str | None:
    """Say why a key does not count now, in a few words; None where it does."""
    if found.key.has_run_out(desk.now()):
        return "it has run out"
    if found.standing != "active":
        return f"its owner is {found.standing or 'gone'}"
    if not desk.settings.api_keys.personal and not found.key.owner.startswith(SERVICE):
        return "people have no keys here (api_keys.personal)"
    return None


def _entry(found: records.Found, digest: bytes) -> Entry:
    key, scopes = found.key, frozenset(found.key.scopes)
    works_until = key.expires_at if found.roles_end is None else min(key.expires_at, found.roles_end - 1)
    principal = Principal(
        subject=key.owner,
        permissions=found.may & scopes,
        scopes=scopes,
        expires_at=key.expires_at,
        ends_at=key.expires_at,
        email=found.email,
        username=found.username,
        api_key=key.id,
    )
    return Entry(
        principal=principal,
        digest=digest,
        idle_for=_NEVER_IDLE,
        works_until=works_until,
        good_until=works_until,
        seen_again_at=(key.last_used_at or 0) + SEEN_EVERY_MS,
    )


async def _note(desk: Desk, refusal: _Refused, address: str, counted_by: str) -> None:
    """Count a refusal in the audit trail; of a flood that nobody can be told apart in, only its beginning."""
    if counted_by == UNKNOWN and desk.keep(JunkKeys).is_flood(counted_by):
        return
    key = refusal.found.key if refusal.found is not None else None
    tally = desk.key_ring.mac("audit tally", "api_key.refused", key.id if key else PREFIX, counted_by)
    visit = Visit(address="" if counted_by == UNKNOWN else address)
    await refused(desk, visit, "api_key.refused", account=key.owner if key else None, tally=tally)
