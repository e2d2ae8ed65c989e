"""Two worker processes on one SQLite file: a session ended through one is refused by the other within the bound."""

import sys
import time
from pathlib import Path
from statistics import median

import httpx
import pytest

from coatcheck.settings import RevocationSettings
from tests.faults.workers import COOKIE, Deployment, Worker, workers
from tests.site import PASSWORD, sign_in

SESSIONS = 8
BOUND = RevocationSettings().bound.total_seconds()


async def test_a_session_ended_through_one_is_refused_by_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = Deployment(tmp_path)
    email, *_ = await shared.people(1)
    with workers(shared) as (here, there):
        took = [await _end_and_measure(here, there, email) for _ in range(SESSIONS)]
    with capsys.disabled():
        says = f"{median(took) * 1000:.0f} ms (median), {max(took) * 1000:.0f} ms (longest of {SESSIONS})"
        print(f"\na session ended through one worker was refused by the other after {says}", file=sys.stderr)  # noqa: T201 (CI shows it)


async def _end_and_measure(here: Worker, there: Worker, email: str) -> float:
    """Give the seconds from the answer of the one that ended it to the first refusal of the other."""
    async with here.person() as owner, there.person() as same:
        assert (await sign_in(owner, email, PASSWORD)).status_code == 200
        cookie = {"cookie": f"{COOKIE}={owner.cookies[COOKIE]}"}
        assert await _status(same, cookie) == 200
        assert (await owner.post("/api/sign-out")).status_code == 204
        ended = time.monotonic()
        assert await _status(owner, cookie) == 401, "the one that ended it refuses at once"
        while True:
            asked = time.monotonic()
            if await _status(same, cookie) == 401:
                return asked - ended
            assert asked - ended <= BOUND, "the other one still lets it in"


async def _status(client: httpx.AsyncClient, cookie: dict[str, str]) -> int:
    return (await client.get("/api/session", headers=cookie)).status_code
