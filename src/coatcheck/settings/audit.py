"""Settings of the audit trail."""

from datetime import timedelta

from msgspec import Struct


class AuditSettings(Struct, frozen=True, kw_only=True):
    """Say how long audit rows are kept and where checkpoints go."""

    keep_for: timedelta = timedelta(days=730)
    """How long sealed rows are kept."""

    keep_personal_for: timedelta = timedelta(days=180)
    """How long addresses, agents and emails stand beside the rows."""

    checkpoint_file: str | None = None
    """A file, best on another machine's disk, that gets every checkpoint as one JSON line."""

    seal_every: timedelta = timedelta(seconds=1)
    """How often new rows are sealed into the chain."""

    def __post_init__(self) -> None:
        if self.keep_for < timedelta(days=1) or self.keep_personal_for < timedelta(days=1):
            raise ValueError("audit.keep_for and audit.keep_personal_for must be at least one day")
