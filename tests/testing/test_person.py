"""The person of `coatcheck.testing` proves what it is asked for, at each level a site can ask for."""

from pathlib import Path

import httpx
import pytest

from coatcheck.testing.person import Person
from tests.site import Site, open_site


@pytest.mark.parametrize(("level", "amr"), [("aal1", ["pwd"]), ("aal2", None), ("phr", None)])
async def test_signs_in_at_each_level(tmp_path: Path, level: str, amr: list[str] | None) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'a.db'}", tmp_path, sign_in={"level": level}) as site:
        ann = await Person.join(site.auth, "ann@example.org", permissions=["notes:read"])
        for _again in range(2):
            answer = await ann.sign_in(site.browser())
            assert (answer.status_code, answer.json()["status"]) == (200, "admitted"), answer.text
            assert amr is None or answer.json()["session"]["amr"] == amr
        acr = answer.json()["session"]["acr"]
        assert acr == ("aal1" if level == "aal1" else "aal2")


async def test_by_an_app_where_there_are_no_passkeys(tmp_path: Path) -> None:
    chosen = {"level": "aal2", "passkeys": False}
    async with open_site(f"sqlite:///{tmp_path / 'a.db'}", tmp_path, sign_in=chosen) as site:
        ann = await Person.join(site.auth, "ann@example.org")
        answer = await ann.sign_in(site.machine(), present="tokens")
        assert answer.json()["status"] == "admitted", answer.text
        assert "otp" in answer.json()["session"]["amr"]


async def test_a_refusal_is_given_as_it_came(site: Site) -> None:
    ann = await Person.join(site.auth, "ann@example.org")
    ann.password = "another one entirely"
    answer: httpx.Response = await ann.sign_in(site.browser())
    assert answer.json()["code"] == "invalid_credentials"
