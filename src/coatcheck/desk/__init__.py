"""The desk: everything a flow may reach for."""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, cast

from msgspec import field

from coatcheck.clock import Clock, Instant, SystemClock
from coatcheck.desk.ephemeral import Ephemeral
from coatcheck.secret import KeyRing, Veiled, new_id
from coatcheck.settings import Settings
from coatcheck.storage.database import Database

T = TypeVar("T")


class Desk(Veiled, frozen=True, kw_only=True, eq=False):
    """Hold what flows work with. One a process; rooms keep their own process-wide things by `keep`, never in a module.

    Args:
        settings: every section.
        database: the truth.
        ephemeral: short-lived tickets.
        key_ring: derives every key, seals and unseals.
        clock: the time.
        worker: names this process, for leases.
    """

    veils: ClassVar = frozenset({"key_ring", "_kept"})

    settings: Settings
    database: Database
    ephemeral: Ephemeral
    key_ring: KeyRing
    clock: Clock = field(default_factory=SystemClock)
    worker: str = field(default_factory=lambda: new_id("wrk_"))
    _kept: dict[object, Any] = field(default_factory=dict)

    def now(self) -> Instant:
        """Give the time."""
        return self.clock.now()

    def keep(self, make: "Callable[[Desk], T]") -> T:
        """Give the one `make(desk)` of this process, made when first asked for."""
        if make not in self._kept:
            self._kept[make] = make(self)
        return cast(T, self._kept[make])

    async def close(self) -> None:
        """Give back connections and threads of everything kept."""
        for kept in self._kept.values():
            close = getattr(kept, "close", None)
            closing = close() if close is not None else None
            if inspect.isawaitable(closing):
                await closing
        await self.ephemeral.close()
        await self.database.close()
