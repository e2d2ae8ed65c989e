"""Words that others know of a person or a site, and passwords made mostly of them."""

import unicodedata
from collections.abc import Iterable
from typing import Final

_SHORTEST_WORD: Final = 4  # shorter ones sit inside too many others
_LOOKALIKES: Final = str.maketrans("013457@$", "oieastas")


def is_mostly_context(password: str, context: Iterable[str]) -> bool:
    """Say whether more than half of a password's letters and digits belong to words of its context.

    Case, separators and look-alikes (`0` for `o`, `@` for `a`) make no difference. A word that is only a part stays
    allowed: `coatcheck horse battery` is taken, `C0at-check-2026` is not.

    Args:
        password: the password, after `rules.prepare`.
        context: an email address, a username, the names of site and product.

    See: NIST SP 800-63B-4 section 3.1.1.2 (context-specific words); ASVS 6.2.11.
    """
    plain = _plain(password)
    covered = [False] * len(plain)
    for word in _words(context):
        for start in _places(word, plain):
            covered[start : start + len(word)] = [True] * len(word)
    return sum(covered) * 2 > len(plain)


def _words(context: Iterable[str]) -> set[str]:
    """Give each text of the context as a whole and in its parts: of ann.lee@example.org also `annlee` and `example`."""
    words: set[str] = set()
    for text in context:
        parts = "".join(character if character.isalnum() else " " for character in text).split()
        words.update(map(_plain, [text, *text.split("@"), *parts]))
    return {word for word in words if len(word) >= _SHORTEST_WORD}


def _places(word: str, text: str) -> Iterable[int]:
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + 1)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_LOOKALIKES)
    return "".join(filter(str.isalnum, folded))
