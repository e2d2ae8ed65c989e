"""Attack 91: django-allauth before 65.14.1: SAML `RelayState` is used as a redirect without the check that `next` had.

Here no parameter of whatever name, in the query or in a form, takes anybody off the site, on any page, signed in or
not; so a second way to say where to go on cannot come in unseen. `RelayState` carries the state of a round trip and
nothing else: where it leads was kept when the trip began, and a state that names no trip leads nowhere.
"""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from coatcheck.secret import Secret
from coatcheck.upstream.round_trips import RoundTrip, begin_trip, park
from coatcheck.upstream.saml.leave import saml_request_address
from coatcheck.upstream.trouble import UpstreamFailed
from coatcheck.visit import Visit
from tests.attacks.where import LEAD_ELSEWHERE, stays_here
from tests.site import FORM_TOKEN, ORIGIN, PASSWORD, Site
from tests.upstream.saml.company import Idp, connection

NAMES = (
    "return_to", "next", "RelayState", "redirect", "redirect_uri", "redirect_url", "url", "continue", "goto", "dest",
    "destination", "target", "rd", "back", "service", "callback", "post_logout_redirect_uri",
)  # fmt: skip
PAGES = ("/", "/sign-in", "/sign-up", "/sign-out", "/recover", "/account", "/admin", "/verify-email")
EVIL = "//evil.example/"


def leads_away(answer: httpx.Response) -> bool:
    """Tell whether an answer sends a browser off the site, by its header or by its page."""
    if "location" in answer.headers and not stays_here(answer.headers["location"]):
        return True
    return 'href="//evil' in answer.text or "url=//evil" in answer.text or 'action="//evil' in answer.text


async def test_no_parameter_leads_away(site: Site) -> None:
    await site.person()
    everything = dict.fromkeys(NAMES, EVIL)
    stranger = site.browser(headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
    for browser in (stranger, site.browser(), await site.signed_in()):
        for page in PAGES:
            answer = await browser.get(page, params=everything)
            assert answer.status_code < 500
            assert not leads_away(answer), page


async def test_no_field_leads_away(site: Site) -> None:
    await site.person()
    browser = site.browser()
    token = FORM_TOKEN.search((await browser.get("/sign-in")).text)
    assert token is not None
    fields = {**dict.fromkeys(NAMES, EVIL), "form_token": token[1]}
    credentials = {"identifier": "ann@example.org", "password": PASSWORD, "email": "ann@example.org"}
    for page in ("/recover", "/sign-up", "/sign-in", "/sign-out"):
        answer = await browser.post(page, data={**fields, **credentials}, params=dict.fromkeys(NAMES, EVIL))
        assert answer.status_code < 500
        assert not leads_away(answer), page


async def test_relay_state_is_a_trip_s_state_and_no_address(site: Site) -> None:
    visit = Visit(base_url=ORIGIN, browser="a browser's own secret")
    kept = RoundTrip(provider="acme", back_at="/login/acme/end", base_url=ORIGIN, began_at=0, return_to="/account")
    state = await begin_trip(site.desk, visit, kept)
    address = saml_request_address(site.desk, visit, connection(), kept, state)
    assert parse_qs(urlsplit(address).query)["RelayState"] == [state.reveal()]
    for elsewhere in LEAD_ELSEWHERE:
        with pytest.raises(UpstreamFailed, match="trip_unknown"):
            await park(site.desk, "acme", {"state": elsewhere, "SAMLResponse": Idp().posted()}, at=ORIGIN)
    more = dict.fromkeys(NAMES, EVIL)
    back_at = await park(site.desk, "acme", {**more, "state": state.reveal()}, at=ORIGIN)
    assert back_at.startswith("/login/acme/end?state=")
    assert "evil" not in back_at
    unknown = saml_request_address(site.desk, visit, connection(), kept, Secret(EVIL))
    assert "&RelayState=%2F%2Fevil.example%2F" in unknown


async def test_an_answer_that_is_posted_leads_nowhere_else(site: Site) -> None:
    provider = site.browser(headers={"sec-fetch-site": "cross-site", "origin": "https://idp.acme.example"})
    for elsewhere in LEAD_ELSEWHERE:
        form = {"SAMLResponse": Idp().posted(), "RelayState": elsewhere}
        answer = await provider.post("/saml/acme/acs", data=form)
        assert answer.status_code in range(400, 500)
        assert not leads_away(answer)
