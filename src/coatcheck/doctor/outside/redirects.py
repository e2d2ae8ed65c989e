"""Open redirects: whether a link to here can lead elsewhere, or write headers of its own."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Final
from urllib.parse import quote

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import take_out
from coatcheck.doctor.outside.asking import NoAnswer, Seen
from coatcheck.doctor.outside.check import Check, shown
from coatcheck.doctor.outside.probe import STRANGER, CannotTell, Case, Probe
from coatcheck.doctor.outside.set_cookie import ours_in
from coatcheck.doctor.outside.target import Target, end_of
from coatcheck.doctor.principles import INPUTS

OPEN: Final = Check("open-redirect", INPUTS, "high")
INJECTED: Final = Check("header-injection", INPUTS, "high")

_ELSEWHERE: Final = (
    f"https://{STRANGER}/",
    f"//{STRANGER}/",
    f"/\\{STRANGER}/",
    f"\\\\{STRANGER}/",
    f"/\t/{STRANGER}/",
    f"https:{STRANGER}",
    f"///{STRANGER}/",
)
_TAKE_ONE: Final = ("/sign-in?return_to=", "/api/token/renew?return_to=", "/token/renew?return_to=")
_PATHS: Final = (f"//{STRANGER}/%2e%2e", f"/%5C{STRANGER}", f"//{STRANGER}/", f"/%09/{STRANGER}")
_SPLITS: Final = "/%0d%0aX-Stranger:%20yes"
_LINKS: Final = re.compile(r"""(?:href|action|value|content)\s*=\s*["']([^"']*)["']""", re.IGNORECASE)
_FORM_TOKEN: Final = re.compile(r'name="form_token" value="(\w+)"')
_FIX: Final = take_out("return 302 $arg_return_to;", "rewrite ^/(.*) /$1 redirect;")


async def look_at_redirects(case: Case) -> AsyncIterator[Outcome]:
    """Ask for pages with a place elsewhere to go on to; with a permit, sign in on the way there."""
    asking = case.asking
    answers = [await asking.get(taker + quote(place, safe="")) for taker in _TAKE_ONE for place in _ELSEWHERE]
    for path in _PATHS:
        try:
            answers.append(await asking.get_from_root(path))
        except NoAnswer:
            continue
    if case.permit is not None:
        answers.append(await _signed_in_on_the_way(case))
    found = [
        f"{seen.path} leads to {shown(place)}" for seen in answers if (place := leads_elsewhere(case.target, seen))
    ]
    yield OPEN.judged(next(iter(found), None), fix=_FIX, right="no link to here leads elsewhere")
    split = [await asking.get(taker + _SPLITS) for taker in _TAKE_ONE]
    yield INJECTED.judged(
        next((f"{seen.path} writes a header of the client's" for seen in split if seen.header("x-stranger")), None),
        fix=_FIX,
        right="a line break in a link is no line break in a header",
    )


PROBE: Final = Probe((OPEN, INJECTED), look_at_redirects)


def leads_elsewhere(target: Target, seen: Seen) -> str | None:
    """Give where an answer leads to another host, by a redirect or by anything on the page; None where it does not.

    As browsers read an address: a backslash is a slash, tabs and line breaks are not there.
    """
    at = target.origin + seen.path
    places = [seen.leads_to] if seen.leads_to else [unescape(each) for each in _LINKS.findall(seen.body)]
    for place in places:
        as_read = re.sub(r"[\t\r\n]", "", place.removeprefix("0;").strip().removeprefix("url=")).replace("\\", "/")
        as_read = re.sub(r"^/{2,}", "//", re.sub(r"^(https?:)/*", r"\1//", as_read))
        if STRANGER in end_of(at, as_read)[1]:
            return place
    return None


async def _signed_in_on_the_way(case: Case) -> Seen:
    """Sign in by the form of a page, with a place elsewhere to go on to."""
    page = await case.asking.get("/sign-in", {"accept": "text/html"})
    token = _FORM_TOKEN.search(page.body)
    if token is None:
        raise CannotTell("/sign-in shows no form")
    fields = {"identifier": case.granted.email, "password": case.granted.password, "return_to": f"//{STRANGER}/"}
    cookies = {"cookie": "; ".join(each.pair for each in ours_in(page.cookies))}
    return await case.asking.submit("/sign-in", {**fields, "form_token": token[1]}, case.with_permit(cookies))
