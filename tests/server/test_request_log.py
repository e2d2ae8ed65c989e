"""The lines of requests are gathered before they are written: those of the last moment are not lost."""

import asyncio
import contextlib
import io

from coatcheck.clock import SystemClock
from coatcheck.server.request_log import RequestLog


async def test_what_is_left_is_written_at_the_end() -> None:
    lines = io.StringIO()
    log = RequestLog(SystemClock(), lines)
    run = asyncio.create_task(log.run())
    await asyncio.sleep(0)
    log.note("req_1", "GET", "/healthz", 200, 0.001, None)
    assert lines.getvalue() == "", "it was gathered only"
    run.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await run
    assert '"path":"/healthz"' in lines.getvalue()
