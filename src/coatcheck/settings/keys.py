"""Settings of the signing keys: which algorithm, and how often a key is replaced."""

from datetime import timedelta
from typing import Final

from msgspec import Struct

SYMMETRIC: Final = "HS256"
SIGNATURES: Final = ("RS256", "ES256", "EdDSA", "PS256")


class KeySettings(Struct, frozen=True, kw_only=True):
    """Say what tokens are signed with.

    See: RFC 7518, RFC 8037; NIST SP 800-57 part 1 section 5.3.6 (how long a key signs).
    """

    algorithm: str = "RS256"
    """`RS256`, which every client knows and which is the cheapest to check; `ES256` or `EdDSA`, several times cheaper
    to make and a quarter as long; `PS256` where a profile asks for it. A change is taken up by the next key, which is
    published within a minute. `HS256` is for one process alone, and by a name in `server.unsafe`."""

    rotate_every: timedelta = timedelta(days=90)
    """How long a key signs before the next one does. Replacing keys costs nothing, and bounds what a key that leaked
    unseen is good for."""

    jwks_max_age: timedelta = timedelta(minutes=5)
    """How long others may keep our public keys before they ask again. A new key is published for twice as long, and two
    minutes, before it signs: shorter means more requests, longer a slower rotation."""

    def __post_init__(self) -> None:
        if self.algorithm not in (*SIGNATURES, SYMMETRIC):
            raise ValueError(f"keys.algorithm must be one of {', '.join(SIGNATURES)}")
        if not timedelta(seconds=10) <= self.jwks_max_age <= timedelta(hours=1):
            raise ValueError("keys.jwks_max_age must be between 10 seconds and 1 hour")
        if self.rotate_every < timedelta(days=1):
            raise ValueError("keys.rotate_every must be at least 1 day")
