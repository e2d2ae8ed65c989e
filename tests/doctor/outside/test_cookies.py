"""Cookies that a proxy has changed."""

import pytest

from coatcheck.doctor.finding import Finding, NotRun, Passed
from coatcheck.doctor.outside import cookies
from tests.doctor.outside.deployment import Deployment, found_in, rewriting, without

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHANGES = {
    "not-secure": ("; Secure", "", "cookie-not-secure"),
    "read-by-scripts": ("; HttpOnly", "", "cookie-not-http-only"),
    "sent-by-links": ("SameSite=Strict", "SameSite=Lax", "cookie-not-strict"),
    "sent-by-every-site": ("; SameSite=Strict", "", "cookie-not-strict"),
    "for-all-hosts-below": ("; Path=/", "; Path=/; Domain=example.org", "cookie-for-other-hosts"),
    "for-one-path": ("; Path=/;", "; Path=/app;", "cookie-for-other-hosts"),
    "without-the-prefix": ("__Host-", "", "cookie-for-other-hosts"),
}


@pytest.mark.parametrize("case", list(CHANGES))
async def test_each_flag_is_missed(deployment: Deployment, case: str) -> None:
    old, new, code = CHANGES[case]
    assert found_in(await deployment.looked(cookies.PROBE, rewriting("set-cookie", old, new))) == [code]


async def test_the_cookie_of_a_session_is_looked_at_with_a_permit(deployment: Deployment) -> None:
    """A proxy may treat one cookie as it should, and another not."""
    only_the_session = rewriting("set-cookie", "__Host-coatcheck=", "coatcheck=")
    assert found_in(await deployment.looked(cookies.PROBE, only_the_session)) == []
    looked = await deployment.looked(cookies.PROBE, only_the_session, with_permit=True)
    assert found_in(looked) == ["cookie-for-other-hosts"]
    found = looked["cookie-for-other-hosts"]
    assert isinstance(found, Finding)
    assert found.says == "Coatcheck lacks the prefix __Host-: another host can plant it."


async def test_all_cookies_are_named(deployment: Deployment) -> None:
    passed = (await deployment.looked(cookies.PROBE, with_permit=True))["cookie-not-secure"]
    assert isinstance(passed, Passed)
    for name in (
        "__Host-coatcheck-browser",
        "__Host-coatcheck",
        "__Host-coatcheck-access",
        "__Secure-coatcheck-refresh",
    ):
        assert name in passed.says


async def test_where_no_cookie_is_set_none_is_right(deployment: Deployment) -> None:
    looked = await deployment.looked(cookies.PROBE, without("set-cookie"))
    assert {type(each) for each in looked.values()} == {NotRun}


async def test_a_cookie_of_somebody_else_is_theirs(deployment: Deployment) -> None:
    sticky = rewriting("set-cookie", "__Host-coatcheck-browser", "AWSALB")
    assert found_in(await deployment.looked(cookies.PROBE, sticky)) == []
