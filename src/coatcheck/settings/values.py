"""What a raw value becomes: text from the environment, TOML or a keyword, made into the type of its field."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeAlias, get_args

from coatcheck.settings.durations import parse_duration

_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")

_Read: TypeAlias = Callable[[Any], Any]


class Unfit(Exception):
    """Say what a field expects instead of what it got."""


def value_of(raw: object, hint: Any, *, from_text: bool) -> object:
    """Make a raw value into the type of its field.

    Args:
        raw: text, a TOML value or a keyword.
        hint: the field's type: `str`, `int`, `bool`, `timedelta`, `tuple[str, ...]`, or one of them `| None`.
        from_text: whether it came from the environment, where all is text and lists are separated by commas.

    Raises:
        Unfit: it is of another type.
    """
    plain, optional = _without_none(hint)
    if optional and (raw is None or (from_text and raw == "")):
        return None
    return (_FROM_TEXT if from_text else _FROM_VALUE)[plain](raw)


def _without_none(hint: Any) -> tuple[Any, bool]:
    kinds = [kind for kind in get_args(hint) if kind is not type(None)]
    optional = type(None) in get_args(hint)
    return (kinds[0], True) if optional else (hint, False)


def _text(raw: object) -> str:
    if isinstance(raw, str):
        return raw
    raise Unfit("a text in quotes")


def _whole_number(raw: object) -> int:
    # A bool is an int to Python, not to whoever writes settings.
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    raise Unfit("a whole number")


def _whole_number_in_text(raw: str) -> int:
    try:
        return int(raw)
    except ValueError:
        raise Unfit("a whole number") from None


def _yes_or_no(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    raise Unfit("true or false")


def _yes_or_no_in_text(raw: str) -> bool:
    if raw.strip().lower() not in _TRUE + _FALSE:
        raise Unfit("true or false")
    return raw.strip().lower() in _TRUE


def _duration(raw: object) -> timedelta:
    if isinstance(raw, timedelta):
        return raw
    if not isinstance(raw, str):
        raise Unfit("a duration with its unit in quotes, such as '250ms', '15m', '1h' or '30 days'")
    try:
        return parse_duration(raw)
    except ValueError:
        raise Unfit("a duration with its unit, such as 250ms, 15m, 1h or 30 days") from None


def _texts(raw: object) -> tuple[str, ...]:
    if isinstance(raw, list | tuple) and all(isinstance(each, str) for each in raw):
        return tuple(raw)
    raise Unfit("a list of texts, such as ['one', 'two']")


def _texts_in_text(raw: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in raw.split(",") if each.strip())


_FROM_VALUE: Mapping[Any, _Read] = {
    str: _text,
    int: _whole_number,
    bool: _yes_or_no,
    timedelta: _duration,
    tuple[str, ...]: _texts,
}
_FROM_TEXT: Mapping[Any, _Read] = {
    str: _text,
    int: _whole_number_in_text,
    bool: _yes_or_no_in_text,
    timedelta: _duration,
    tuple[str, ...]: _texts_in_text,
}
