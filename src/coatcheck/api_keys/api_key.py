"""An API key as it is kept, and what may be said of one that is made."""

import unicodedata
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import asdict

from coatcheck.clock import Instant, millis
from coatcheck.errors import BadInput
from coatcheck.settings import ApiKeySettings
from coatcheck.settings.durations import in_words

PREFIX: Final = "key_"
MOST_KEYS: Final = 50
"""How many an owner has at once: each is moved when a role of its owner changes."""

LONGEST_NAME: Final = 60
LONGEST_SCOPES: Final = 2000
"""Characters of all scopes of a key together: they have to fit into the token that a gateway makes of it."""

KEPT_FOR: Final = timedelta(days=30)
"""How long a key that has run out is still shown."""

_SHORTEST: Final = timedelta(minutes=1)


class ApiKey(Struct, frozen=True, kw_only=True):
    """Hold one API key; its secret is not kept.

    Args:
        id: `key_…`, a handle and no secret.
        owner: `acc_…` or `svc_…`.
        hint: its first letters.
        scopes: the part of what its owner may do that it may do; sorted.
        last_used_at: to the minute; None while it was not used.
    """

    id: str
    owner: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_at: Instant
    expires_at: Instant
    last_used_at: Instant | None = None

    def has_run_out(self, now: Instant) -> bool:
        """Tell whether it counts no more, by its own end."""
        return now > self.expires_at


def as_shown(key: ApiKey, now: Instant) -> dict[str, Any]:
    """Give a key as pages show it, to its owner and to administrators."""
    return {**asdict(key), "has_run_out": key.has_run_out(now)}


def parse_key_name(raw: str) -> str:
    """Parse what an owner calls a key.

    Raises:
        BadInput: it is empty, too long, or holds what cannot be seen.
    """
    name = unicodedata.normalize("NFC", raw.strip())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise BadInput({"name": f"Name it in up to {LONGEST_NAME} letters, such as the program that will use it."})
    return name


def parse_lifetime(settings: ApiKeySettings, asked: timedelta | None) -> int:
    """Give how many milliseconds a key is to work; as the settings say where nothing is asked for.

    Raises:
        BadInput: it is longer than a key may work, or no time at all.
    """
    lifetime = settings.lifetime if asked is None else asked
    if not _SHORTEST <= lifetime <= settings.longest:
        raise BadInput({"lifetime": f"A key works for up to {in_words(settings.longest)}."})
    return millis(lifetime)
