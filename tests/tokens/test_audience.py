"""For whom tokens are made, and for whom none is."""

import pytest

from coatcheck.errors import BadInput
from coatcheck.settings import TokenSettings
from coatcheck.tokens.audience import audience_of, check_audience

US, NOTES, PAY = "https://auth.example.org", "https://notes.example.org", "https://pay.example.org"
BOTH = TokenSettings(audience=(NOTES, PAY))


def test_all_of_them_or_one() -> None:
    assert audience_of(TokenSettings(), US, None) == US
    assert audience_of(TokenSettings(audience=(NOTES,)), US, None) == NOTES
    assert audience_of(BOTH, US, None) == (NOTES, PAY)
    assert audience_of(BOTH, US, PAY) == PAY


def test_in_a_cookie_it_is_for_us_too() -> None:
    assert audience_of(TokenSettings(), US, None, in_cookies=True) == US
    assert audience_of(BOTH, US, None, in_cookies=True) == (US, NOTES, PAY)
    assert audience_of(TokenSettings(audience=(NOTES, US)), US, None, in_cookies=True) == (US, NOTES)


def test_what_may_be_asked_for() -> None:
    for asked in (None, NOTES, PAY, US):
        assert check_audience(BOTH, US, asked) == asked
    assert check_audience(BOTH, US, None, narrowed=PAY) == PAY
    assert check_audience(BOTH, US, PAY, narrowed=PAY) == PAY
    assert check_audience(BOTH, US, US, in_cookies=True) == US


@pytest.mark.parametrize(
    ("asked", "narrowed", "in_cookies"),
    [
        ("https://nobody.example", None, False),
        (f"{NOTES}/", None, False),
        (NOTES.upper(), None, False),
        (f"{NOTES} {PAY}", None, False),
        ("", None, False),
        (NOTES, PAY, False),
        (US, PAY, False),
        (NOTES, None, True),
    ],
)
def test_what_may_not(asked: str, narrowed: str | None, in_cookies: bool) -> None:
    with pytest.raises(BadInput) as refused:
        check_audience(BOTH, US, asked, narrowed=narrowed, in_cookies=in_cookies)
    assert set(refused.value.fields) == {"audience"}
