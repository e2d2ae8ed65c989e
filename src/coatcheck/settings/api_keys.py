"""Settings of API keys: who may have them, how long they work, and how often."""

import re
from datetime import timedelta
from typing import Final

from msgspec import Struct

_PREFIX = re.compile(r"[a-z][a-z0-9]{1,15}")
_TAKEN: Final = frozenset({"acc", "ccs", "cred", "key", "req", "ses", "sgn", "svc", "tok"})


class ApiKeySettings(Struct, frozen=True, kw_only=True):
    """Say what programs may present in the place of a person or a service.

    See: ASVS 13.3.4 (secrets run out), 8.3.3 (no more than the owner may).
    """

    personal: bool = True
    """Whether people may make keys by which programs act for them. Off, those there are refused too, and the keys of
    services go on: for a site whose people have no programs, or whose owner wants nothing to live longer than a
    sign-in."""

    prefix: str = "cck"
    """What a new key begins with, before its `_`. A name of your own lets a scanner of source code tell whose key it
    found. Keys of before go on."""

    lifetime: timedelta = timedelta(days=90)
    """How long a key works unless its maker says how long."""

    longest: timedelta = timedelta(days=365)
    """How long a key may work at the most. There is none without an end: what nobody remembers would never go."""

    per_minute: int = 600
    """How often each key may be used in a minute, over all workers: above it 429. A program that calls ten times a
    second is not slowed; one in an endless loop is."""

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix) or self.prefix in _TAKEN:
            raise ValueError("api_keys.prefix must be 2 to 16 of a-z and 0-9, a letter first, and none of our own")
        if not timedelta(hours=1) <= self.lifetime <= self.longest <= timedelta(days=3650):
            raise ValueError("api_keys.lifetime must be an hour at least, and api_keys.longest as long or longer")
        if self.per_minute < 1:
            raise ValueError("api_keys.per_minute must be at least 1")
