"""Attack 91: django-allauth before 65.14.1: SAML `RelayState` is used as a redirect without the check that `next` had.

There is no SAML here yet. What this holds already: no parameter of whatever name, in the query or in a form, takes
anybody off the site, on any page, signed in or not; so a second way to say where to go on cannot come in unseen.
"""

import httpx

from tests.attacks.where import stays_here
from tests.site import FORM_TOKEN, PASSWORD, Site

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
