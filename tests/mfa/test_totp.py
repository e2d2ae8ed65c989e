"""Codes of authenticator apps: the vectors of the RFCs, the window, and what is taken for a code."""

from urllib.parse import parse_qs, urlsplit

import pytest

from coatcheck.mfa.totp import STEP_MS, code_at, key_text, matching_step, new_key, otpauth_url, step_of

KEY = b"12345678901234567890"
# RFC 4226, appendix D.
HOTP = ("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489")
# RFC 6238, appendix B, SHA-1: its eight digits end with the six of the same number.
TOTP = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}
NOW = 1_700_000_000_000


@pytest.mark.parametrize(("counter", "code"), list(enumerate(HOTP)))
def test_vectors_of_rfc_4226(counter: int, code: str) -> None:
    assert code_at(KEY, counter) == code


@pytest.mark.parametrize(("seconds", "digits"), list(TOTP.items()))
def test_vectors_of_rfc_6238(seconds: int, digits: str) -> None:
    assert code_at(KEY, step_of(seconds * 1000)) == digits[-6:]


@pytest.mark.parametrize("window", [0, 1, 2])
def test_the_window(window: int) -> None:
    here = step_of(NOW)
    for away in range(-4, 5):
        expected = here + away if abs(away) <= window else None
        assert matching_step(KEY, code_at(KEY, here + away), NOW, window=window) == expected


def test_a_step_lasts_thirty_seconds() -> None:
    start = step_of(NOW) * STEP_MS
    assert {step_of(start), step_of(start + 29_999)} == {step_of(NOW)}
    assert step_of(start + 30_000) == step_of(NOW) + 1


def test_the_newest_of_two_steps_with_one_code_is_taken() -> None:
    """So that both are spent by it."""
    first = 153_567
    assert code_at(KEY, first) == code_at(KEY, first + 2)
    now = (first + 1) * STEP_MS
    assert matching_step(KEY, code_at(KEY, first), now, window=1) == first + 2


def test_spaces_and_dashes_do_not_count() -> None:
    code = code_at(KEY, step_of(NOW))
    for typed in (f" {code}\n", f"{code[:3]} {code[3:]}", f"{code[:3]}-{code[3:]}"):
        assert matching_step(KEY, typed, NOW, window=1) == step_of(NOW)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "٣٤٥٦٧٨", "+12345", "1e5000", "0x1234"])
def test_what_is_no_code(typed: str) -> None:
    assert matching_step(KEY, typed, NOW, window=5) is None


def test_right_after_the_epoch() -> None:
    assert matching_step(KEY, "755224", 0, window=5) == 0


def test_keys_are_drawn() -> None:
    keys = {new_key() for _ in range(50)}
    assert len(keys) == 50
    assert {len(key) for key in keys} == {20}


def test_the_address_for_an_app() -> None:
    url = otpauth_url(KEY, issuer="Notes: a & b", account="ann@example.org")
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Notes%20%20a%20%26%20b:ann@example.org")
    assert parse_qs(parts.query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["Notes  a & b"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
    assert key_text(KEY) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
