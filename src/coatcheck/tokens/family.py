"""The refresh tokens of one session, and what presenting one of them comes to."""

from typing import ClassVar, Final, Literal, TypeAlias

from coatcheck.clock import Instant
from coatcheck.secret import Veiled

GRACE_MS: Final = 10_000
"""How long a token that was just replaced gives its successor again: two tabs, an answer that got lost."""

MOST_RECENT: Final = 100
_HASH, _TIME = 8, 8

Verdict: TypeAlias = Literal["rotate", "repeat", "superseded", "unproven", "replayed"]
"""
- `rotate`: it is the current one; it gets a successor.
- `repeat`: it was just replaced and its successor was not used yet; it gets that successor again.
- `superseded`: it was just replaced, and its successor is in use; nothing happens.
- `unproven`: it is bound to a key that the request has not proven; nothing happens.
- `replayed`: somebody kept it; the session ends.
"""


class Family(Veiled, frozen=True, kw_only=True):
    """Hold what is kept of a session's refresh tokens: one row, however many there were.

    Args:
        session: whose they are.
        current_hash: of the one that works.
        former_hash: of the one that it replaced.
        replaced_at: when it did.
        sealed: the current one, for the holder of the former one.
        recent: those replaced within the last ten seconds, eight bytes of hash and eight of time each.
        audience: whom the access tokens are meant for, where the sign-in narrowed that.
        cnf_jkt: thumbprint of the key that they are bound to, or None.
    """

    veils: ClassVar = frozenset({"family_hash", "current_hash", "former_hash", "sealed", "recent"})

    session: str
    family_hash: bytes
    current_hash: bytes
    former_hash: bytes | None = None
    replaced_at: Instant | None = None
    sealed: bytes | None = None
    recent: bytes = b""
    audience: str | None = None
    cnf_jkt: str | None = None


def judge(family: Family, presented: bytes, now: Instant, *, proven_key: str | None = None) -> Verdict:
    """Judge a token of a family.

    Args:
        presented: its hash.
        now: the moment by which it is judged.
        proven_key: thumbprint of the key whose possession the request has proven. Tokens that are bound to one are
            nothing without it; who has it may ask for the successor of the former token without a limit of time, as a
            thief of the token could not.

    See: RFC 9700 section 4.14.2 (rotation, replay).
    """
    is_bound = family.cnf_jkt is not None
    if is_bound and proven_key != family.cnf_jkt:
        return "unproven"
    if presented == family.current_hash:
        return "rotate"
    if presented == family.former_hash and (is_bound or _is_recent(family.replaced_at, now)):
        return "repeat"
    replaced = {family.recent[at : at + _HASH]: at for at in range(0, len(family.recent), _HASH + _TIME)}
    place = replaced.get(presented[:_HASH])
    return "superseded" if place is not None and _is_recent(_time_at(family.recent, place), now) else "replayed"


def remembered(family: Family, now: Instant) -> bytes:
    """Give what is remembered once the current token is replaced: it, and those replaced a moment before."""
    size = _HASH + _TIME
    kept = [
        family.recent[at : at + size]
        for at in range(0, len(family.recent), size)
        if _is_recent(_time_at(family.recent, at), now)
    ]
    newest = family.current_hash[:_HASH] + now.to_bytes(_TIME, "big")
    return b"".join([*kept[-MOST_RECENT:], newest])


def _time_at(recent: bytes, at: int) -> Instant:
    return int.from_bytes(recent[at + _HASH : at + _HASH + _TIME], "big")


def _is_recent(replaced_at: Instant | None, now: Instant) -> bool:
    return replaced_at is not None and now - replaced_at <= GRACE_MS
