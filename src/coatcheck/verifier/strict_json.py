"""JSON objects read strictly: what two readers could understand differently is refused."""

import json
from typing import Any, NoReturn

_DEEPEST = 8
_DEEPEST_ANSWER = 32
_LONGEST_NUMBER = 32


def read_object(raw: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Args:
        raw: UTF-8, of a size that the caller has bounded.

    Raises:
        ValueError: it is no object, names a member twice, nests deeper than eight, or holds a NUL, half of a surrogate
            pair, or a number that is not a whole one.

    See: RFC 7515 section 4, RFC 8725 section 2.4, RFC 7493 (I-JSON).
    """
    found = _read(raw, _DECODER, _DEEPEST)
    if type(found) is not dict:
        raise ValueError("no object")
    return found


def read_answer(raw: bytes) -> Any:
    """Read what a server that is not ours says in JSON: any value, with fractions, and deeper than ours ever nest.

    Args:
        raw: UTF-8, of a size that the caller has bounded.

    Raises:
        ValueError: it is no JSON, names a member twice, nests deeper than 32, or holds a NUL, half of a surrogate pair,
            or a number that is none.
    """
    return _read(raw, _ANSWERS, _DEEPEST_ANSWER)


def _read(raw: bytes, decoder: json.JSONDecoder, deepest: int) -> Any:
    try:
        found = decoder.decode(raw.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    _check(found, deepest)
    return found


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _check(value: Any, deeper: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict | list):
        if deeper == 0:
            raise ValueError("nested too deep")
        for inner in (*value, *value.values()) if isinstance(value, dict) else value:
            _check(inner, deeper - 1)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ValueError("a NUL in a text")
    text.encode("utf-8")  # half of a surrogate pair has no bytes: UnicodeEncodeError is a ValueError


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER or digits == "-0":
        raise ValueError("a number too long, or a zero below zero")
    return int(digits)


def _refuse(text: str) -> NoReturn:
    raise ValueError("a number that is not whole")


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_int=_whole, parse_float=_refuse, parse_constant=_refuse)
_ANSWERS = json.JSONDecoder(object_pairs_hook=_members, parse_int=_whole, parse_constant=_refuse)
