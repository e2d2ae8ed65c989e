"""Read bodies strictly: a size, a media type, well-formed text, each field once."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from coatcheck.errors import BadBody, BadInput, WrongContentType

FORM_TYPE = "application/x-www-form-urlencoded"
JSON_TYPE = "application/json"
MAX_BYTES = 65_536
_MAX_FIELDS = 50
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
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS, encoding="utf-8", errors="strict"
        )
    except (ValueError, UnicodeDecodeError):
        raise BadBody(because="not a form, or too many fields") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadBody(because="a field is given twice")
    _check_texts(fields)
    return fields


def media_type(content_type: str) -> str:
    """Give a content type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise BadInput(because="a text has NUL or half a surrogate pair")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_texts(key)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)
