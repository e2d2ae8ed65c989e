"""Settings of storage: the database, the store for short-lived tickets, and the master key."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """Say which database holds the accounts."""

    url: str = field(default="sqlite:///coatcheck.db", repr=False)
    """`sqlite:///file.db`, or `postgresql://user:password@host/name`."""

    pool: int = 8
    """Connections that one worker keeps open at the most; on PostgreSQL, workers x pool must stay below its limit."""

    def __post_init__(self) -> None:
        if not 4 <= self.pool <= 200:
            raise ValueError("database.pool must be between 4 and 200: one follows the log, the others serve")


@dataclass(frozen=True, kw_only=True)
class EphemeralSettings:
    """Say where short-lived tickets live."""

    url: str = field(default="sql", repr=False)
    """`sql` (in the database), `redis://…` or `rediss://…`, or `memory` (one process only)."""

    def __post_init__(self) -> None:
        if self.url not in ("sql", "memory") and not self.url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("ephemeral.url must be sql, memory or a redis:// URL")


@dataclass(frozen=True, kw_only=True)
class SecretSettings:
    """Say where the master key is."""

    master_key: str | None = field(default=None, repr=False)
    """32 bytes in base64. Better in the environment than in a file that is committed."""

    master_key_file: str | None = None
    """A file that holds it, readable by its owner alone."""

    previous_master_keys: tuple[str, ...] = field(default=(), repr=False)
    """Replaced master keys; what they encrypted can still be read."""
