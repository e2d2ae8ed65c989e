"""Settings of storage: the database, the store for short-lived tickets, and the master key."""

from typing import ClassVar

from coatcheck.secret import Veiled


class DatabaseSettings(Veiled, frozen=True, kw_only=True):
    """Say which database holds the accounts."""

    veils: ClassVar = frozenset({"url"})

    url: str = "sqlite:///coatcheck.db"
    """`sqlite:///file.db`, or `postgresql://user:password@host/name`."""

    pool: int = 8
    """Connections that one worker keeps open at the most; on PostgreSQL, workers x pool must stay below its limit."""

    def __post_init__(self) -> None:
        if not 4 <= self.pool <= 200:
            raise ValueError("database.pool must be between 4 and 200: one follows the log, the others serve")


class EphemeralSettings(Veiled, frozen=True, kw_only=True):
    """Say where short-lived tickets live."""

    veils: ClassVar = frozenset({"url"})

    url: str = "sql"
    """`sql` (in the database), `redis://…` or `rediss://…`, or `memory` (one process only)."""

    def __post_init__(self) -> None:
        if self.url not in ("sql", "memory") and not self.url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("ephemeral.url must be sql, memory or a redis:// URL")


class SecretSettings(Veiled, frozen=True, kw_only=True):
    """Say where the master key is."""

    veils: ClassVar = frozenset({"master_key", "previous_master_keys"})

    master_key: str | None = None
    """32 bytes in base64. Better in the environment than in a file that is committed."""

    master_key_file: str | None = None
    """A file that holds it, readable by its owner alone."""

    previous_master_keys: tuple[str, ...] = ()
    """Replaced master keys; what they encrypted can still be read."""
