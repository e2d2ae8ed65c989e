"""How far away a moment is, as people count: whole units that have passed, and the nearest of what comes."""

import pytest

from coatcheck.http.ago import in_words

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
NOW = 100 * DAY


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (30 * DAY, "in 30 days"),
        (30 * DAY - 1, "in 30 days"),
        (30 * DAY - 5 * MINUTE, "in 30 days"),
        (29 * DAY, "in 29 days"),
        (14 * DAY - HOUR, "in 14 days"),
        (DAY, "in 1 day"),
        (DAY - SECOND, "in 1 day"),
        (23 * HOUR, "in 23 hours"),
        (90 * MINUTE, "in 2 hours"),
        (HOUR - SECOND, "in 1 hour"),
        (59 * MINUTE, "in 59 minutes"),
        (15 * MINUTE - SECOND, "in 15 minutes"),
        (29 * SECOND, "in a moment"),
        (1, "in a moment"),
        (0, "just now"),
        (-59 * SECOND, "just now"),
        (-2 * MINUTE + 1, "1 minute ago"),
        (-HOUR + 1, "59 minutes ago"),
        (-DAY + 1, "23 hours ago"),
        (-2 * DAY + 1, "1 day ago"),
        (-40 * DAY, "40 days ago"),
    ],
)
def test_in_words(ahead: int, words: str) -> None:
    assert in_words(NOW + ahead, NOW) == words
