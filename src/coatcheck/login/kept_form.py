"""Keep a form that was sent before its sender had to confirm that it is them, until they send it again by a button.

Nothing repeats itself: the form waits sealed, for one session, ten minutes, and works once. Secrets are never kept: a
form with a password in it is filled in anew.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Final

import msgspec

from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.errors import FormGone
from coatcheck.http.form_token import FIELD
from coatcheck.secret import Veiled, hash_secret, new_secret, same
from coatcheck.verifier import Principal

LIVES: Final = timedelta(minutes=10)
LARGEST: Final = 65_536
"""How many bytes the fields of a form may have."""

MOST: Final = 20
"""How many forms one session may have kept within ten minutes."""

_KIND = "kept_form"
_SECRETS = ("password", "passwd", "passphrase", "passcode", "pwd", "secret", "otp")
_SECRET_WORDS = frozenset({"pass", "pin", "cvv", "cvc", "csc"})
_NOT_SHOWN = ("token", "csrf", "xsrf", "nonce")
Pairs = Sequence[tuple[str, str]]


class KeptForm(Veiled, frozen=True, kw_only=True):
    """Hold a form as it was sent.

    Args:
        place: the path and query that it was sent to, on this site.
        pairs: its fields in their order; the token of our own forms is not among them.
        session: whose it is; no other can look at it.
        is_ours: whether it had such a token, and so needs one again.
    """

    veils: ClassVar = frozenset({"pairs"})

    place: str
    pairs: tuple[tuple[str, str], ...]
    session: str
    is_ours: bool = False

    @property
    def shown(self) -> tuple[tuple[str, str], ...]:
        """The fields that tell a person something: no tokens, nothing empty."""
        return tuple((name, value) for name, value in self.pairs if value.strip() and not _has(name, _NOT_SHOWN))


async def keep_form(desk: Desk, principal: Principal, *, place: str, pairs: Pairs) -> str | None:
    """Keep a form and give its handle, or None where it is not one to be kept.

    Args:
        place: where it was sent, from `parse_return_to`.
        pairs: its fields; the request passed the cross-site check.

    Raises:
        Busy: the store cannot be reached.
    """
    fields = tuple((name, value) for name, value in pairs if name != FIELD)
    if any(_is_secret(name) for name, _ in fields) or _size(fields) > LARGEST or principal.session is None:
        return None
    if await desk.ephemeral.count(_KIND, principal.session, ttl_ms=millis(LIVES)) > MOST:
        return None
    handle = new_secret().reveal()
    is_ours = len(fields) < len(pairs)
    kept = KeptForm(place=place, pairs=fields, session=principal.session, is_ours=is_ours)
    sealed = desk.key_ring.seal(msgspec.json.encode(kept), place=_place(handle))
    await desk.ephemeral.put(_KIND, _key(handle), sealed, ttl_ms=millis(LIVES))
    return handle


async def look_at_form(desk: Desk, principal: Principal, handle: str) -> KeptForm:
    """Give a kept form to be shown; nothing happens by looking.

    Raises:
        FormGone: it was sent, ran out, or is another session's.
    """
    return _opened(desk, principal, handle, await desk.ephemeral.get(_KIND, _key(handle)))


async def take_form(desk: Desk, principal: Principal, handle: str, *, pairs: Pairs) -> str:
    """Spend a kept form that is sent again, and give where it goes; of many at once one gets it.

    Args:
        pairs: the fields that were sent: those that were kept, and no others.

    Raises:
        FormGone: it was sent, ran out, is another session's, or is another form.
    """
    await look_at_form(desk, principal, handle)  # first: nobody spends the form of another
    kept = _opened(desk, principal, handle, await desk.ephemeral.take(_KIND, _key(handle)))
    if _lines(kept.pairs) != _lines(pairs):
        raise FormGone("other fields were sent than had been kept")
    return kept.place


def _opened(desk: Desk, principal: Principal, handle: str, sealed: bytes | None) -> KeptForm:
    if sealed is None:
        raise FormGone("no form waits under this handle")
    kept = msgspec.json.decode(desk.key_ring.unseal(sealed, place=_place(handle)), type=KeptForm)
    if not same(kept.session, principal.session or ""):
        raise FormGone("the form belongs to another session")
    return kept


def _key(handle: str) -> str:
    return hash_secret(handle).hex()


def _place(handle: str) -> str:
    return f"{_KIND}:{_key(handle)}"


def _is_secret(name: str) -> bool:
    return _has(name, _SECRETS) or not _SECRET_WORDS.isdisjoint(_words(name))


def _words(name: str) -> list[str]:
    """Take a field's name apart, however its words are joined: `user_pin`, `userPin`, `user-pin`."""
    return [word.lower() for word in re.findall("[A-Z]?[a-z]+|[A-Z]+", name)]


def _has(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name.lower() for word in words)


def _size(pairs: Pairs) -> int:
    return sum(len(name.encode()) + len(value.encode()) + 2 for name, value in pairs)


def _lines(pairs: Pairs) -> list[tuple[str, str]]:
    """Write line ends one way: a browser makes them anew when it sends a form."""
    return [(name, value.replace("\r\n", "\n").replace("\r", "\n")) for name, value in pairs if name != FIELD]
