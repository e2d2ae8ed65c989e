"""Addresses and names are normalised once: one person has one spelling, everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.accounts.identifiers import (
    EmailAddress,
    NotAnIdentifier,
    Username,
    fold_unknown,
    parse_email,
    parse_identifier,
    parse_username,
)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Ann@Example.org", "ann@example.org"),
        ("  ann@example.org ", "ann@example.org"),
        ("a.b+c@sub.example.org", "a.b+c@sub.example.org"),
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("ann@localhost", "ann@localhost"),
    ],
)
def test_email(raw: str, text: str) -> None:
    assert parse_email(raw) == EmailAddress(text)


@pytest.mark.parametrize(
    "raw",
    [
        "", "ann", "@example.org", "ann@", "ann@org", "ann@@example.org", "a b@example.org", "ann@exa mple.org",
        ".ann@example.org", "ann.@example.org", "a..b@example.org", "ann@-example.org", "ann@example..org",
        "ann@example.org\n", "ann@example.org\r\nBcc: x@example.org", "ann\0@example.org", "mıke@example.org",
        "ann@[127.0.0.1]", "<ann@example.org>", "ann@example.org,ben@example.org", "a" * 65 + "@example.org",
        "a@" + "b" * 64 + ".org", "a@" + ".".join(["b" * 60] * 5) + ".org",
    ],
)  # fmt: skip
def test_no_email(raw: str) -> None:
    with pytest.raises(NotAnIdentifier):
        parse_email(raw)


@pytest.mark.parametrize("raw", ["", "a", "ann@home", "-ann", "ann-", "an n", "ännchen", "a" * 65, "ann\n"])
def test_no_username(raw: str) -> None:
    with pytest.raises(NotAnIdentifier):
        parse_username(raw)


def test_username() -> None:
    assert parse_username(" Ann.B_c-1 ") == Username("ann.b_c-1")


@given(st.text(max_size=300))
def test_whatever_is_typed(raw: str) -> None:
    parsed = parse_identifier(raw)
    if parsed is not None:
        assert parse_identifier(parsed.text) == parsed, "normalising twice changes nothing"
        assert parsed.text.isascii()
        assert isinstance(parsed, EmailAddress) == ("@" in parsed.text), "a username never contains @"
    assert len(fold_unknown(raw)) <= 254
