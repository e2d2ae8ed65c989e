"""Values of a row: read leniently where sources differ, refused with a sentence that never quotes them."""

import binascii
import re
from base64 import b32decode, b64decode
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from coatcheck.clock import Instant, parse_rfc3339
from coatcheck.importing.account import BadRow, ImportedAccount, Row
from coatcheck.importing.files.found import Found
from coatcheck.passwords.schemes import CostTooHigh, UnknownHash

TRUE: Final = frozenset({"true", "t", "1", "yes"})
FALSE: Final = frozenset({"false", "f", "0", "no", ""})
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # as JSON has it, and not a backslash before `u0000`
_Kind = TypeVar("_Kind")


class Unfit(ValueError):
    """Say why a row cannot come over; the message is for the operator and holds nothing secret."""


class Quiet(msgspec.Struct):
    """Stand under every form that a source has: what it holds is not printed."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


def read_row(found: Found | BadRow, make: Callable[[dict[str, Any]], ImportedAccount], *id_names: str) -> Row:
    """Make an account of a row, or say why it cannot come over.

    Args:
        make: what knows the source's form; it raises `Unfit`, or what `msgspec` and the schemes raise.
        id_names: where the source's id may stand, to name the row by.
    """
    if isinstance(found, BadRow):
        return found
    try:
        account = make(found.values)
        refuse_unwritable(account)
    except msgspec.ValidationError as wrong:
        return BadRow(_where(found, id_names), f"it has an unexpected form: {wrong}")
    except (Unfit, UnknownHash, CostTooHigh) as unfit:
        return BadRow(_where(found, id_names), str(unfit))
    return account


def form(values: object, kind: type[_Kind]) -> _Kind:
    """Read values as a source's form; numbers may be written as texts.

    Raises:
        msgspec.ValidationError: they are of another form; the message names the place and no value.
    """
    return msgspec.convert(values, kind, strict=False)


def form_of_text(text: str, kind: type[_Kind], *, name: str) -> _Kind:
    """Read a form out of JSON that stands within a text.

    Raises:
        Unfit: it is no JSON of that form.
    """
    try:
        return msgspec.json.decode(text, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise Unfit(f"{name} is no JSON of the expected form") from None


def flag(text: str, *, name: str) -> bool:
    """Read yes or no, as databases and people write it.

    Raises:
        Unfit: it is neither.
    """
    if (lowered := text.strip().lower()) not in TRUE | FALSE:
        raise Unfit(f"{name} is neither true nor false")
    return lowered in TRUE


def moment(text: str, *, name: str) -> Instant:
    """Read a moment with its offset from UTC, as RFC 3339 or PostgreSQL write it.

    Raises:
        Unfit: it is none.
    """
    try:
        return parse_rfc3339(text.strip())
    except (ValueError, OverflowError):
        raise Unfit(f"{name} is no moment such as 2026-01-31T12:00:00Z") from None


def from_base64(text: str, *, name: str) -> bytes:
    """Read base64 of either alphabet, with padding or without.

    Raises:
        Unfit: it is none.
    """
    plain = text.strip().rstrip("=").translate(_STANDARD)
    try:
        return b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Unfit(f"{name} is no base64") from None


def from_base32(text: str, *, name: str) -> bytes:
    """Read base32 as people type it: spaces and dashes do not count, nor do case and padding.

    Raises:
        Unfit: it is none, or nothing.
    """
    plain = text.translate(_BETWEEN).rstrip("=").upper()
    try:
        raw = b32decode(plain + "=" * (-len(plain) % 8))
    except (binascii.Error, ValueError):
        raise Unfit(f"{name} is no base32") from None
    if not raw:
        raise Unfit(f"{name} is empty")
    return raw


def refuse_unwritable(account: ImportedAccount) -> None:
    """Refuse an account with a text that no database keeps.

    Raises:
        Unfit: one holds NUL, or bytes that were no UTF-8.
    """
    try:
        has_nul = _NUL.search(msgspec.json.encode(account)) is not None
    except UnicodeEncodeError:
        raise Unfit("it holds bytes that are not UTF-8") from None
    if has_nul:
        raise Unfit("it holds the character NUL")


def _where(found: Found, id_names: tuple[str, ...]) -> str:
    named = [found.values[name] for name in id_names if isinstance(found.values.get(name), (str, int))]
    return f"{found.where}, {named[0]}" if named else found.where


_STANDARD: Final = str.maketrans("-_", "+/")
_BETWEEN: Final = str.maketrans("", "", " -\t\r\n")
