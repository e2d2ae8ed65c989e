"""One ground: what a need says about a method, wherever the answers show that need."""

from collections.abc import Callable
from typing import Final, NamedTuple

from coatcheck.advisor.answers import Answers

MUST: Final = 8
"""It cannot be met without this method."""

ASVS: Final = "OWASP ASVS 5.0, chapter V7"
BROWSER_APPS: Final = "OAuth 2.0 for Browser-Based Applications (IETF), section 6"
NIST: Final = "NIST SP 800-63B-4 section 5"
OAUTH_PRACTICE: Final = "RFC 9700 section 2.2"


class Ground(NamedTuple):
    """Hold what a need says about a method.

    Args:
        need: what is needed, in a few words; a combination meets it by the part that does it best.
        fact: the question whose answer shows the need.
        shows: tells whether the answers show it.
        method: for which this counts.
        points: MUST, or less; below 0 where it speaks against the method.
        because: the reason, as a sentence.
        source: where that is written down.
    """

    need: str
    fact: str
    shows: Callable[[Answers], bool]
    method: str
    points: int
    because: str
    source: str
