"""The sealer while PostgreSQL goes away and comes back."""

import asyncio
from datetime import timedelta

from structlog.testing import capture_logs

from coatcheck.audit.seal import Sealer
from coatcheck.audit.verify import verify
from coatcheck.testing.clock import ManualClock
from tests.audit.desks import happen, open_desk
from tests.audit.test_seal import FAST, ended, until
from tests.servers.postgres import Postgres


async def test_outlives_a_restart(postgres: Postgres, postgres_ready: str, clock: ManualClock) -> None:
    async with open_desk(postgres_ready, clock, seal_every=FAST) as desk:
        with capture_logs() as logs:
            task = asyncio.create_task(Sealer(desk).run())
            await happen(desk)
            await until(desk, "SELECT count(*) FROM audit_events WHERE number > 0", 1)
            await asyncio.to_thread(postgres.stop)
            while not any(line["event"] == "audit.sealer_waits" for line in logs):
                clock.advance(timedelta(seconds=1))
                await asyncio.sleep(0.01)
            await asyncio.to_thread(postgres.start)
            await happen(desk)
            await until(desk, "SELECT count(*) FROM audit_events WHERE number > 0", 2)
            await ended(task)
        assert [line for line in logs if line["event"] == "audit.sealer_failed"] == []
        assert {line["event"] for line in logs} <= {"audit.sealer_waits", "audit.checkpoint"}
        assert (await verify(desk)).ok
