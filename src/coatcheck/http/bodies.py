"""Read bodies strictly: a size, a media type, well-formed text, each field once."""

from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from coatcheck.errors import BadBody, BadInput, WrongContentType

FORM_TYPE = "application/x-www-form-urlencoded"
JSON_TYPE = "application/json"
_USUAL_TYPES = (FORM_TYPE, JSON_TYPE)
MAX_BYTES = 65_536
_MAX_FIELDS = 50
_MAX_PAIRS = 500
_MAX_BRACKETS = 64


def check_json(body: bytes, content_type: str) -> None:
    """Refuse a JSON body that is none, is nested, or holds text that no string may have.

    Raises:
        WrongContentType: it does not say `application/json`.
        BadBody: it is not well-formed JSON in UTF-8, or has more brackets than any call needs.
        BadInput: a text has NUL or half a surrogate pair.

    See: RFC 8259; ASVS 4.1.1.
    """
    if media_type(content_type) != JSON_TYPE:
        raise WrongContentType(because=f"content type {content_type[:60]!r}")
    if body.count(b"[") + body.count(b"{") > _MAX_BRACKETS:
        raise BadBody(because="too many brackets")
    try:
        _check_texts(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadBody(because=type(problem).__name__) from None


def parse_form(body: bytes, content_type: str) -> dict[str, str]:
    """Parse a form.

    Raises:
        WrongContentType: it is not `application/x-www-form-urlencoded`; no page here sends another kind.
        BadBody: it is not UTF-8, or has too many fields, or one of them twice.
        BadInput: a text has NUL.
    """
    if media_type(content_type) != FORM_TYPE:
        raise WrongContentType(because=f"content type {content_type[:60]!r}")
    try:
        pairs = _pairs(body.decode("ascii"))
    except ValueError:
        raise BadBody(because="not a form, or too many fields") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadBody(because="a field is given twice")
    if b"%00" in body or b"\0" in body:  # half a surrogate pair there cannot be: what is encoded is UTF-8
        raise BadInput(because="a text has NUL")
    return fields


def parse_pairs(body: bytes, content_type: str) -> list[tuple[str, str]]:
    """Take apart the form of an app's own page as it was sent: in its order, and a name may come more often than once.

    Raises:
        WrongContentType: it is not `application/x-www-form-urlencoded`.
        BadBody: it is not UTF-8, or has too many fields.
        BadInput: a text has NUL.
    """
    if media_type(content_type) != FORM_TYPE:
        raise WrongContentType(because=f"content type {content_type[:60]!r}")
    try:
        pairs = _pairs(body.decode("ascii"), _MAX_PAIRS)
    except ValueError:
        raise BadBody(because="not a form, or too many fields") from None
    for pair in pairs:
        _check_texts(list(pair))
    return pairs


def _pairs(text: str, most: int = _MAX_FIELDS) -> list[tuple[str, str]]:
    """Take a form apart as `urllib.parse.parse_qsl` does, in a quarter of its time where nothing is encoded.

    Raises:
        ValueError: it has too many fields, or what is encoded is no UTF-8.
    """
    parts = text.split("&")
    if len(parts) > most:
        raise ValueError("too many fields")
    return [_pair(part) for part in parts if part]


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    if "%" in part or "+" in part:
        return _decoded(name), _decoded(value)
    return name, value


def _decoded(text: str) -> str:
    return unquote_to_bytes(text.replace("+", " ")).decode()


def media_type(content_type: str) -> str:
    """Give a content type without its parameters, in lower case."""
    if content_type in _USUAL_TYPES:
        return content_type
    return content_type.partition(";")[0].strip().lower()


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value or not (value.isascii() or _is_whole(value)):
            raise BadInput(because="a text has NUL or half a surrogate pair")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_texts(key)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)


def _is_whole(text: str) -> bool:
    """Tell whether no half of a surrogate pair is in a text: it has no bytes."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
