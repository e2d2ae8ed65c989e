"""Base64url: exactly one text for a value."""

import base64
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.verifier.canonical import decode_base64url, encode_base64url

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def is_canonical(text: str) -> bool:
    """Tell, by the slow and plain way, whether a text is what an encoder would write."""
    if not re.fullmatch("[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        return False
    value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return base64.urlsafe_b64encode(value).decode().rstrip("=") == text


def decodes(text: str) -> bool:
    try:
        return encode_base64url(decode_base64url(text)) == text
    except ValueError:
        return False


@given(st.binary(max_size=200))
def test_what_is_encoded_is_decoded(value: bytes) -> None:
    text = encode_base64url(value)
    assert is_canonical(text)
    assert decode_base64url(text) == value


@given(st.text(alphabet=ALPHABET + "=+/. \n\0é", max_size=12))
def test_nothing_but_the_canonical_text_is_decoded(text: str) -> None:
    assert decodes(text) == is_canonical(text)


def test_every_short_text_is_judged_right() -> None:
    for length in (1, 2, 3):
        for letters in itertools.product(ALPHABET, repeat=length):
            text = "".join(letters)
            assert decodes(text) == is_canonical(text), text


@pytest.mark.parametrize(
    "text",
    [
        "QQ==",
        "QQ=",
        "QUI=",
        "QR",
        "QUJ",
        "Q",
        "QQQQQ",
        " QQ",
        "QQ\n",
        "QQ\t",
        "Q Q",
        "+_8",
        "/_8",
        "QQ\0",
        "QQé",
        "QQ.",
        "ＱＱ",
    ],
)
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_base64url(text)
