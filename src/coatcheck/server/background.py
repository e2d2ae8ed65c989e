"""What runs beside the requests: the log, keys, writing use, sealing the audit trail, mail, receipts, cleaning up."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from coatcheck.access.run_out import BATCH as ROLES_BATCH
from coatcheck.access.run_out import take_run_out
from coatcheck.api_keys.used import UsedKeys
from coatcheck.audit.seal import Sealer
from coatcheck.desk import Desk
from coatcheck.desk.outbox import Postman
from coatcheck.doctor.end_permit import PermitEnds
from coatcheck.ending.receipts.panics import Panics
from coatcheck.errors import DatabaseAway
from coatcheck.keys.ring import SigningKeys
from coatcheck.recovery.notices import FactorNotices
from coatcheck.revocation.reader import LogReader
from coatcheck.server.key_rotation import KeyRotation
from coatcheck.server.presence import Presence
from coatcheck.server.request_log import RequestLog
from coatcheck.sessions.seen import Seen
from coatcheck.storage.leases import hold
from coatcheck.storage.tidy import BATCH, tidy
from coatcheck.traces import trace_of
from coatcheck.upstream.configured import has_providers
from coatcheck.upstream.give_back import GiveBack

_TIDY_EVERY_SECONDS = 60.0
_log = structlog.get_logger("coatcheck.background")


class Background:
    """Start the tasks and stop them; one that fails is started again, and the failure is logged."""

    def __init__(self, desk: Desk, log: RequestLog | None) -> None:
        self._desk = desk
        self._jobs: list[Callable[[], Awaitable[None]]] = [
            desk.keep(LogReader).run,
            desk.keep(SigningKeys).run,
            desk.keep(KeyRotation).run,
            desk.keep(Seen).run,
            desk.keep(UsedKeys).run,
            desk.keep(Postman).run,
            desk.keep(Sealer).run,
            desk.keep(FactorNotices).run,
            desk.keep(PermitEnds).run,
            desk.keep(Panics).run,
            desk.keep(Presence).run,
            self._tidy,
        ]
        if has_providers(desk.settings):
            self._jobs.append(desk.keep(GiveBack).run)
        if log is not None:
            self._jobs.append(log.run)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Read the log and the keys once, so that memory counts from the first request, then start everything.

        Raises:
            ConfigurationError: a signing key cannot be unsealed.
        """
        await self._desk.keep(LogReader).look()
        await self._desk.keep(SigningKeys).read()
        self._tasks = [asyncio.create_task(self._keep_going(job)) for job in self._jobs]

    async def stop(self) -> None:
        """Stop everything and wait until it has stopped."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._desk.keep(Presence).leave()

    async def _keep_going(self, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await job()
            except Exception as error:  # noqa: BLE001 (a job that died would stop revocations or mail silently)
                _log.error("background.failed", job=getattr(job, "__qualname__", "job"), trace=trace_of(error))
            await asyncio.sleep(1)

    async def _tidy(self) -> None:
        """Clean up a batch at a time, in one worker at a time."""
        while True:
            full = await self._tidy_once()
            await asyncio.sleep(0.05 if full else _TIDY_EVERY_SECONDS)

    async def _tidy_once(self) -> bool:
        now, lease_ms = self._desk.now(), int(_TIDY_EVERY_SECONDS * 2000)
        try:
            async with self._desk.database.writing() as tx:
                if not await hold(tx, "tidy", self._desk.worker, now, lease_ms):
                    return False
            gone = await tidy(self._desk.database, now)
            over = await take_run_out(self._desk)
        except DatabaseAway as away:
            _log.warning("background.not_tidied", because=away.because)
            return False
        return over >= ROLES_BATCH or any(count >= BATCH for count in gone.values())
