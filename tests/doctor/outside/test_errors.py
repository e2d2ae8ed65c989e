"""What servers tell of themselves when they are sent junk."""

import httpx
import pytest
from sqlalchemy import select
from starlette.types import Scope

from coatcheck.doctor.finding import Finding
from coatcheck.doctor.outside import errors
from coatcheck.doctor.outside.asking import Seen
from coatcheck.doctor.outside.errors import version_in
from coatcheck.storage.tables.limits import limit_lanes
from tests.doctor.outside.broken import TRACE, showing_traces, telling_versions
from tests.doctor.outside.deployment import Deployment, Pairs, changing, found_in, instead, replaced

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def tries_counted(deployment: Deployment) -> int:
    """Count whose tries are counted."""
    async with deployment.site.desk.database.reading() as db:
        return len((await db.execute(select(limit_lanes))).all())


async def test_a_trace(deployment: Deployment) -> None:
    looked = await deployment.looked(errors.PROBE, showing_traces())
    assert found_in(looked) == ["trace-shown"]
    found = looked["trace-shown"]
    assert isinstance(found, Finding)
    assert found.says.endswith("shows how the server works: Traceback (most recent call last).")


async def test_a_trace_under_another_status(deployment: Deployment) -> None:
    """A page of debugging says 404 as well as 500."""
    shown = instead("/no-such-page", lambda _: (404, [], b"<pre>" + TRACE))
    assert found_in(await deployment.looked(errors.PROBE, shown)) == ["trace-shown"]


async def test_junk_that_crashes(deployment: Deployment) -> None:
    crashing = instead("/verify-email", lambda _: (500, [], b"Internal Server Error"))
    assert found_in(await deployment.looked(errors.PROBE, crashing)) == ["input-crashes"]


async def test_what_is_busy_does_not_crash(deployment: Deployment) -> None:
    busy = instead("/verify-email", lambda _: (503, [("retry-after", "1")], b""))
    assert found_in(await deployment.looked(errors.PROBE, busy)) == []


async def test_a_version(deployment: Deployment) -> None:
    for telling in (telling_versions(), replaced("server", "nginx/1.18.0"), replaced("x-powered-by", "Express")):
        assert found_in(await deployment.looked(errors.PROBE, telling)) == ["version-shown"]


async def test_no_try_is_spent(deployment: Deployment) -> None:
    """Junk is no guess at a password: it is refused before anything is counted."""
    asked: list[str] = []

    def note(scope: Scope, pairs: Pairs) -> Pairs:
        asked.append(scope["path"])
        return pairs

    before = await tries_counted(deployment)
    await deployment.looked(errors.PROBE, changing(note))
    assert asked.count("/api/sign-in") > 5
    assert await tries_counted(deployment) == before


@pytest.mark.parametrize(
    ("name", "value", "status", "body", "is_told"),
    [
        ("server", "nginx", 404, "", False),
        ("server", "nginx/1.22.1", 404, "", True),
        ("server", "cloudflare", 200, "", False),
        ("via", "1.1 caddy", 200, "", False),
        ("via", "HTTP/1.1 caddy", 200, "", False),
        ("via", "1.1 varnish/7.2", 200, "", True),
        ("x-powered-by", "PHP", 200, "", True),
        ("date", "today", 404, "<center>nginx/1.22.1</center>", True),
        ("date", "today", 404, "<center>nginx</center>", False),
        ("date", "today", 200, "Read how nginx/1.22.1 is set up", False),
    ],
)
async def test_what_tells_a_version(name: str, value: str, status: int, body: str, is_told: bool) -> None:
    assert bool(version_in(Seen("/x", status, httpx.Headers([(name, value)]), body))) is is_told
