"""`Set-Cookie` as a browser reads it."""

from typing import Final

import msgspec

OURS: Final = "coatcheck"
"""What the name of each of our cookies has in it."""


class SetCookie(msgspec.Struct, frozen=True):
    """Hold one line.

    Args:
        name: of the cookie.
        value: a secret, where the cookie is the session's.
        attributes: by their names in small letters.
    """

    name: str
    value: str
    attributes: dict[str, str]

    def __repr__(self) -> str:
        return f"SetCookie({self.name})"

    @property
    def pair(self) -> str:
        """What a browser sends back."""
        return f"{self.name}={self.value}"


def ours_in(lines: list[str]) -> list[SetCookie]:
    """Give our cookies that are set, not those that are removed or somebody else's.

    See: draft-ietf-httpbis-rfc6265bis section 5.6.
    """
    cookies = [parse_set_cookie(line) for line in lines]
    return [each for each in cookies if OURS in each.name.lower() and each.value]


def parse_set_cookie(line: str) -> SetCookie:
    """Read one line; of an attribute that comes twice the last one counts."""
    first, *rest = line.split(";")
    name, _, value = first.partition("=")
    attributes = {key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in rest)}
    return SetCookie(name.strip(), value.strip(), attributes)
