"""The text of an API key: a prefix, 192 random bits, and a checksum by which a slip is seen without asking anybody."""

import re
from typing import Final

from coatcheck.secret import Secret, checksum, new_secret

_FORM: Final = re.compile(r"[a-z][a-z0-9]{1,15}_[A-Za-z0-9_-]{32}[0-9a-z]{6}")
_CHECKSUM: Final = 6
_SHOWN: Final = 4


def new_key(prefix: str) -> Secret:
    """Draw a key: the prefix, `_`, 32 characters and a checksum of six.

    See: ASVS 11.5.1.
    """
    body = f"{prefix}_{new_secret().reveal()}"
    return Secret(body + checksum(body))


def is_opaque(token: str) -> bool:
    """Tell whether what came as a bearer token could be an API key: a signed token has dots, and no key has one."""
    return "." not in token


def has_form(token: str) -> bool:
    """Tell whether a token reads like an API key, of this prefix or one of before."""
    return _FORM.fullmatch(token) is not None


def adds_up(token: str) -> bool:
    """Tell whether the checksum of what reads like a key is right; a stranger can make one up that is."""
    return checksum(token[:-_CHECKSUM]) == token[-_CHECKSUM:]


def hint_of(key: Secret) -> str:
    """Give the first letters of a key, by which its owner tells it from others."""
    prefix, _, secret = key.reveal().partition("_")
    return f"{prefix}_{secret[:_SHOWN]}"
