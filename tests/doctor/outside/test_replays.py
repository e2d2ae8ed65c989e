"""What works once and works again."""

import pytest

from coatcheck.doctor.finding import NotRun
from coatcheck.doctor.outside import replays
from tests.doctor.outside.broken import replaying, swallowing_replays
from tests.doctor.outside.deployment import Deployment, found_in, instead
from tests.site import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_refresh_tokens_that_work_again(deployment: Deployment) -> None:
    looked = await deployment.looked(replays.REFRESH_PROBE, replaying("/api/token/refresh"))
    assert found_in(looked) == ["refresh-replay-accepted"]
    assert isinstance(looked["replay-goes-unpunished"], NotRun)


async def test_a_replay_that_nobody_hears_of(deployment: Deployment) -> None:
    """The thief is refused, and so is whoever comes second, be it the owner: the session must end for both."""
    looked = await deployment.looked(replays.REFRESH_PROBE, swallowing_replays("/api/token/refresh"))
    assert found_in(looked) == ["replay-goes-unpunished"]


async def test_codes_that_work_again(deployment: Deployment) -> None:
    assert found_in(await deployment.looked(replays.CODES_PROBE, replaying("/totp"))) == ["code-replay-accepted"]


async def test_a_second_factor_that_is_not_asked_for(deployment: Deployment) -> None:
    looked = await deployment.looked(replays.CODES_PROBE, replaying("/api/sign-in"))
    assert found_in(looked) == ["second-factor-skipped"]
    assert isinstance(looked["code-replay-accepted"], NotRun)


async def test_what_does_not_work_at_all_shows_nothing(deployment: Deployment) -> None:
    """Where a right token is refused, so is a wrong one; that is no pass."""
    for path, probe in (
        ("/api/token/refresh", replays.REFRESH_PROBE),
        ("/api/factors/totp/confirm", replays.CODES_PROBE),
        ("/api/sign-in", replays.REFRESH_PROBE),
    ):
        looked = await deployment.looked(probe, instead(path, lambda _: (403, [], b"")))
        assert {type(each) for each in looked.values()} == {NotRun}


async def test_the_account_is_left_as_it_was(deployment: Deployment) -> None:
    """The app is removed again, so that what comes after signs in by the password alone."""
    assert found_in(await deployment.looked(replays.CODES_PROBE)) == []
    async with deployment.site.browser() as browser:
        email = f"doctor-{deployment.site.clock.now()}@example.org"
        words = (await browser.post("/api/sign-in", json={"identifier": email, "password": PASSWORD})).json()
    assert words["status"] == "admitted"
