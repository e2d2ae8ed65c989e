"""A refresh token: opaque, told by its prefix and checksum, and one of a family that its session has.

    ccr_ + family, 22 characters + its own part, 22 characters + checksum, 6 characters

All tokens of a session share the family's secret, so whoever presents one that was replaced long ago is known to have
had one of them, though nothing is kept of it. The checksum lets a scanner of source code tell a leaked token from a
word that looks like one, without asking us.
"""

import re
from typing import ClassVar, Final

from coatcheck.secret import Secret, Veiled, checksum, new_short_secret

PREFIX: Final = "ccr_"
_SHAPE: Final = re.compile(PREFIX + r"([A-Za-z0-9_-]{22})[A-Za-z0-9_-]{22}[0-9a-z]{6}")


class RefreshToken(Veiled, frozen=True):
    """Hold a refresh token that is well-formed: in parts, and as it is presented."""

    veils: ClassVar = frozenset({"family"})

    whole: Secret
    family: Secret

    @property
    def digest(self) -> bytes:
        """What is stored of the token itself."""
        return self.whole.hashed()

    @property
    def family_digest(self) -> bytes:
        """What is stored of its family."""
        return self.family.hashed()


def new_refresh_token(family: Secret | None = None) -> RefreshToken:
    """Draw a refresh token: the first of a family, or the next of one; 128 random bits in either part."""
    family = family or new_short_secret()
    body = PREFIX + family.reveal() + new_short_secret().reveal()
    return RefreshToken(Secret(body + checksum(body)), family)


def parse_refresh_token(raw: str) -> RefreshToken | None:
    """Give a refresh token; None for what cannot be one."""
    shape = _SHAPE.fullmatch(raw)
    if shape is None or checksum(raw[:-6]) != raw[-6:]:
        return None
    return RefreshToken(Secret(raw), Secret(shape[1]))
