"""What a check says, as a sentence, and what it shows of what a stranger sent."""

import pytest

from coatcheck.doctor.finding import Finding, Passed
from coatcheck.doctor.outside.check import Check, shown

CHECK = Check("hsts-missing", 1, "medium")


def test_it_is_found_or_it_passes() -> None:
    found = CHECK.judged("no header", fix="In nginx:\nx;", right="all is well")
    assert found == Finding("hsts-missing", 1, "medium", "No header.", "In nginx:\nx;")
    for nothing in (None, ""):
        assert CHECK.judged(nothing, fix="", right="all is well") == Passed("hsts-missing", 1, "All is well.")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("https://a.example is plain", "https://a.example is plain."),
        ("/verify answers", "/verify answers."),
        ("jwks_uri is elsewhere", "jwks_uri is elsewhere."),
        ("it ends.", "It ends."),
    ],
)
def test_names_stay_as_they_are(words: str, sentence: str) -> None:
    assert CHECK.passed(words).says == sentence


def test_what_a_stranger_sent_commands_no_terminal() -> None:
    assert shown("a\x1b[31mb\r\nc\u202e") == "a\ufffd[31mb\ufffd\ufffdc\ufffd"
    assert shown("x" * 500) == "x" * 120 + "…"
