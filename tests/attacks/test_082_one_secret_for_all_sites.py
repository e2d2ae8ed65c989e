"""Attack 82: CVE-2020-17526, Airflow: one default secret, so that a session of site A is valid on site B.

Here no secret has a default. A session is a random value that only its own database knows the hash of; form tokens and
everything else that is keyed come from a master key that each installation draws; without one a server on PostgreSQL
does not start.
"""

from pathlib import Path

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.http.form_token import form_token
from coatcheck.secret import KeyRing
from coatcheck.server.coatcheck import Coatcheck
from tests.site import ORIGIN, PASSWORD, Site, open_site


async def second_site(folder: Path) -> tuple[str, Path]:
    (folder / "b").mkdir()
    return f"sqlite:///{folder / 'b' / 'site.db'}", folder / "b"


async def test_a_session_of_one_site_is_nothing_on_another(site: Site, tmp_path: Path) -> None:
    await site.person()
    browser = await site.signed_in()
    async with open_site(*await second_site(tmp_path)) as other:
        await other.person()
        there = other.browser()
        there.cookies.update(browser.cookies)
        assert (await there.get("/api/session")).json()["code"] == "session_ended"


async def test_a_form_of_one_site_is_refused_by_another(site: Site, tmp_path: Path) -> None:
    browser = "the-same-browser-cookie"
    async with open_site(*await second_site(tmp_path)) as other:
        await other.person()
        there = other.browser(headers={"cookie": f"__Host-coatcheck-browser={browser}"})
        fields = {"identifier": "ann@example.org", "password": PASSWORD}
        foreign = {**fields, "form_token": form_token(site.desk.key_ring, browser)}
        assert (await there.post("/sign-in", data=foreign)).status_code == 403
        own = {**fields, "form_token": form_token(other.desk.key_ring, browser)}
        assert (await there.post("/sign-in", data=own)).status_code == 303


async def test_without_a_master_key_a_fleet_does_not_start() -> None:
    auth = Coatcheck("postgresql://nobody@127.0.0.1:1/none", server={"public_url": ORIGIN})
    with pytest.raises(ConfigurationError, match="master key"):
        await auth.open()


def test_no_key_is_not_a_key() -> None:
    for masters in ((), (b"",), (b"secret",), (b"k" * 31,)):
        with pytest.raises(ValueError, match="32 bytes"):
            KeyRing(masters)
