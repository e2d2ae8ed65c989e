"""What a person is told of a refusal: how long to wait, in words."""

import pytest

from coatcheck.errors import Busy, InvalidCredentials, TooManyAttempts
from coatcheck.http.said import said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "Try again in 1 second."),
        (59, "Try again in 59 seconds."),
        (60, "Try again in 1 minute."),
        (61, "Try again in 2 minutes."),
        (3600, "Try again in 60 minutes."),
    ],
)
def test_a_wait_is_counted(seconds: int, words: str) -> None:
    assert said(TooManyAttempts(seconds)) == f"Too many attempts. {words}"
    assert said(Busy(seconds)) == f"Too busy at the moment. {words}"


def test_other_refusals_say_what_they_always_say() -> None:
    assert said(InvalidCredentials("a reason for the log")) == InvalidCredentials.says
