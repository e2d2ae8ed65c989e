"""Sessions that live for long."""

from pathlib import Path

import pytest

from coatcheck.doctor.finding import Finding, NotRun
from coatcheck.doctor.outside import lifetimes
from tests.doctor.outside.authority import Authority
from tests.doctor.outside.deployment import Deployment, deployed, found_in, instead

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_sessions_that_nobody_ends(authority: Authority, tmp_path: Path) -> None:
    sessions = {"cookie_idle": "40d", "cookie_lifetime": "90d"}
    async with deployed(tmp_path, authority, sessions=sessions) as served:
        looked = await served.looked(lifetimes.PROBE)
    assert found_in(looked) == ["session-idles-long", "session-lives-long"]
    found = looked["session-lives-long"]
    assert isinstance(found, Finding)
    assert found.says == "A session lives for 90 days."


async def test_an_answer_that_does_not_say(deployment: Deployment) -> None:
    silent = instead("/api/sign-in", lambda _: (200, [], b'{"status": "admitted", "session": {}}'))
    looked = await deployment.looked(lifetimes.PROBE, silent)
    assert {type(each) for each in looked.values()} == {NotRun}
