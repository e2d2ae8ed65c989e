"""Base64url as JOSE writes it: one text for one value, so that no token has a second spelling."""

from pybase64 import b64decode, b64encode

_PADDING = ("", "", "==", "=")
# What may stand last where a value ends within four characters: the bits past its end must be zero.
_LAST = ("", "", "AQgw", "AEIMQUYcgkosw048")


def decode_base64url(text: str) -> bytes:
    """Decode the canonical text of a value, and no other: no padding, no white space, no bits past the end.

    Raises:
        ValueError: it is not that text.

    See: RFC 7515 section 2; RFC 4648 sections 3.5 and 5.
    """
    if "=" in text or "+" in text or "/" in text:
        raise ValueError("a character of another alphabet")
    return decode_sifted(text)


def decode_sifted(text: str) -> bytes:
    """Decode a text that holds none of what the decoder takes beside our alphabet: no `=`, `+` or `/`.

    Raises:
        ValueError: it is not the canonical text of a value.
    """
    over = len(text) & 3
    if over and text[-1] not in _LAST[over]:
        raise ValueError("bits past the end")
    # JSON in ASCII hardly ever needs the two characters that are other ones here, and its text is the long one.
    has_others = "-" in text or "_" in text
    return b64decode(text + _PADDING[over], b"-_" if has_others else None, True)


def encode_base64url(value: bytes) -> str:
    """Encode a value without padding."""
    return b64encode(value, b"-_").decode().rstrip("=")
