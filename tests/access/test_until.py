"""The end of a role as somebody writes it."""

from datetime import timedelta

import pytest

from coatcheck.access.until import LONGEST, checked_end, parse_until
from coatcheck.clock import millis, parse_rfc3339
from coatcheck.errors import BadInput

NOW = parse_rfc3339("2027-01-15T08:00Z")


@pytest.mark.parametrize(
    ("lasts", "until", "end"),
    [
        (None, None, None),
        ("", "", None),
        ("8h", None, "2027-01-15T16:00Z"),
        ("30 days", None, "2027-02-14T08:00Z"),
        ("1h 30m", None, "2027-01-15T09:30Z"),
        (None, "2027-03-01T18:00Z", "2027-03-01T18:00Z"),
        (None, " 2027-03-01T18:00:00+02:00 ", "2027-03-01T16:00Z"),
    ],
)
def test_read(lasts: str | None, until: str | None, end: str | None) -> None:
    assert parse_until(NOW, lasts=lasts, until=until) == (None if end is None else parse_rfc3339(end))


@pytest.mark.parametrize(
    ("lasts", "until"),
    [
        ("8", None),
        ("eight hours", None),
        ("-8h", None),
        ("0h", None),
        ("999999999 weeks", None),
        ("101 y", None),
        (None, "tomorrow"),
        (None, "2027-03-01"),
        (None, "2027-03-01T18:00"),
        (None, "2027-01-15T08:00Z"),
        (None, "1970-01-01T00:00Z"),
        (None, "9999-12-31T23:59Z"),
        ("8h", "2027-03-01T18:00Z"),
    ],
)
def test_what_is_none(lasts: str | None, until: str | None) -> None:
    with pytest.raises(BadInput) as refused:
        parse_until(NOW, lasts=lasts, until=until)
    assert list(refused.value.fields) == ["until"]


def test_an_end_is_at_most_a_century_away() -> None:
    last = NOW + millis(LONGEST)
    assert checked_end(NOW, last) == last
    for end in (last + 1, NOW + millis(timedelta(days=10**6))):
        with pytest.raises(BadInput):
            checked_end(NOW, end)
