"""No start with a way in that does not say what it proves: what the policy cannot judge must let nobody in."""

from pathlib import Path

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.login.factors import ASSURANCES
from coatcheck.login.routes.kinds import KINDS
from coatcheck.login.standing import ways_of
from coatcheck.server import coatcheck
from coatcheck.settings import Settings
from tests.site import open_site


@pytest.fixture(params=["a step", "a switch"])
def careless(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a way in as somebody does who forgets what it proves: to the steps there are, or to what a site has."""
    if request.param == "a step":
        monkeypatch.setattr(coatcheck, "KINDS", {**KINDS, "carrier_pigeon": KINDS["totp"]})
    else:
        monkeypatch.setattr(coatcheck, "ways_of", lambda settings: {**ways_of(settings), "carrier_pigeon": True})


@pytest.mark.usefixtures("careless")
async def test_an_undeclared_way_in_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'carrier_pigeon' .* in ASSURANCES of login/factors"):
        async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path) as site:
            await site.browser().get("/sign-in")


def test_all_of_ours_are_declared() -> None:
    """And none is declared that a site cannot have."""
    assert set(ways_of(Settings())) == set(ASSURANCES)
