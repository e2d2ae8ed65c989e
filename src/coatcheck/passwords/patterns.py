"""Long passwords with nothing in them: one thing repeated, or a walk along the keyboard."""

from typing import Final

from coatcheck.passwords.common_passwords import is_common

_SHORTEST_UNIT: Final = 8
_RUN_LENGTH: Final = 5
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "1234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
)
# Each row twice, so that a walk may start over; forwards and backwards.
_WALKS: Final = tuple(walk for row in _ROWS for walk in (row * 2, (row * 2)[::-1]))


def is_pattern(folded: str) -> bool:
    """Say whether a password is only one short or common thing repeated, or a few runs of neighbours.

    `abcabcabcabcabc`, `password password`, `123456789012345` and `qwertyuiop12345` are; words are not.

    Args:
        folded: the whole password, NFC and case-folded.

    See: NIST SP 800-63B-4 appendix A.3 (what attackers try).
    """
    plain = "".join(filter(str.isalnum, folded))
    return _is_repeated(folded) or (plain != "" and _is_repeated(plain)) or _is_walk(folded)


def _is_repeated(text: str) -> bool:
    """Say whether text is a unit over and over, the last time perhaps cut, and the unit is short or common."""
    unit = text[: _period(text)]
    return len(unit) * 2 <= len(text) and (len(unit) < _SHORTEST_UNIT or is_common(unit))


def _period(text: str) -> int:
    """Give the length of the shortest unit that text repeats (by Knuth, Morris and Pratt's prefix function)."""
    borders = [0] * len(text)
    for place in range(1, len(text)):
        border = borders[place - 1]
        while border and text[place] != text[border]:
            border = borders[border - 1]
        borders[place] = border + (text[place] == text[border])
    return len(text) - borders[-1] if text else 0


def _is_walk(text: str) -> bool:
    """Say whether a few runs of equal or neighbouring characters, five long on average, make up all of text."""
    start = 0
    for _ in range(len(text) // _RUN_LENGTH):
        start += _run_length(text[start:])
        if start >= len(text):
            return True
    return False


def _run_length(text: str) -> int:
    """Give how many characters at the head of text are equal, or lie side by side on a row."""
    equal = len(text) - len(text.lstrip(text[0]))
    return max(equal, *(_shared_length(text, walk[walk.find(text[0]) :]) for walk in _WALKS if text[0] in walk), 1)


def _shared_length(text: str, walk: str) -> int:
    pairs = zip(text, walk, strict=False)
    return next((place for place, (left, right) in enumerate(pairs) if left != right), min(len(text), len(walk)))
