"""The headers that tell a browser what it must not do, on a page, a call, an error and a file."""

import re
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import take_out
from coatcheck.doctor.outside.asking import Seen
from coatcheck.doctor.outside.check import Check, shown
from coatcheck.doctor.outside.policy import framing_allowed, weakness_of
from coatcheck.doctor.outside.probe import Case, Probe
from coatcheck.doctor.principles import HTTPS, INPUTS, LIFETIMES, SECRETS

HSTS: Final = Check("hsts-missing", HTTPS, "medium")
CSP: Final = Check("csp-weak", INPUTS, "medium")
NOSNIFF: Final = Check("nosniff-missing", INPUTS, "low")
FRAMES: Final = Check("framing-allowed", INPUTS, "medium")
REFERRER: Final = Check("referrer-told", SECRETS, "low")
KEPT: Final = Check("answers-kept", LIFETIMES, "medium")

_HALF_A_YEAR_S: Final = 15_552_000
_MAX_AGE: Final = re.compile(r'(?:^|;)\s*max-age\s*=\s*"?(\d+)"?\s*(?:;|$)', re.IGNORECASE)
_STYLE: Final = re.compile(r'href="[^"]*(/static/[^"]+\.css)"')
_QUIET: Final = ("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin")


async def look_at_headers(case: Case) -> AsyncIterator[Outcome]:
    """Ask for a page, a call, a redirect, nothing and a file, and look at the headers of each answer."""
    page = await case.asking.get("/sign-in", {"accept": "text/html"})
    nothing = await case.asking.get("/no-such-page", {"accept": "text/html"})
    call = await case.asking.get("/api/session")
    redirect = await case.asking.get("/account", {"accept": "text/html"})
    style = _STYLE.search(page.body)
    files = [await case.asking.get(style[1])] if style else []
    every, live = [page, nothing, call, redirect, *files], [page, call, redirect]
    if case.target.is_https:
        yield _judge(HSTS, every, _hsts, "Strict-Transport-Security", "browsers keep to HTTPS for half a year or more")
    else:
        yield HSTS.not_run("a browser heeds it by HTTPS alone")
    yield _judge(CSP, [page, nothing], _csp, "Content-Security-Policy", "pages take no script but their own")
    yield _judge(NOSNIFF, every, _nosniff, "X-Content-Type-Options", "no answer is taken for another kind")
    yield _judge(FRAMES, [page, nothing], _framed, "X-Frame-Options", "no other site shows a page in a frame")
    yield _judge(REFERRER, [page, nothing], _referrer, "Referrer-Policy", "no other site is told an address of ours")
    yield _judge(KEPT, live, _kept, "Cache-Control", "nobody on the way keeps an answer")


PROBE: Final = Probe((HSTS, CSP, NOSNIFF, FRAMES, REFERRER, KEPT), look_at_headers)


def _judge(
    check: Check, answers: Iterable[Seen], wrong: Callable[[Seen], str | None], header: str, right: str
) -> Outcome:
    found = {each.path: said for each in answers if (said := wrong(each))}
    said = next(iter(found.values()), None)
    fix = take_out(f"proxy_hide_header {header};", f"add_header {header} …;")
    where = ", ".join(path for path, what in found.items() if what == said)
    return check.judged(said and f"{said}: {where}", fix=fix, right=right)


def _hsts(seen: Seen) -> str | None:
    sent = seen.header("strict-transport-security")
    if not sent:
        return "no Strict-Transport-Security"
    age = _MAX_AGE.search(sent)
    short = age is None or int(age[1]) < _HALF_A_YEAR_S
    return f"Strict-Transport-Security: {shown(sent)} lasts for less than half a year" if short else None


def _csp(seen: Seen) -> str | None:
    return weakness_of(seen.headers.get_list("content-security-policy"))


def _nosniff(seen: Seen) -> str | None:
    return None if "nosniff" in seen.header("x-content-type-options").lower() else "no X-Content-Type-Options: nosniff"


def _framed(seen: Seen) -> str | None:
    policies, options = seen.headers.get_list("content-security-policy"), seen.header("x-frame-options")
    allowed = framing_allowed(policies, options)
    return "neither X-Frame-Options nor frame-ancestors keeps other sites from framing it" if allowed else None


def _referrer(seen: Seen) -> str | None:
    sent = [each.strip().lower() for each in seen.header("referrer-policy").split(",")]
    return None if sent[-1] in _QUIET else f"Referrer-Policy: {shown(sent[-1]) or '(none)'}"


def _kept(seen: Seen) -> str | None:
    sent = seen.header("cache-control")
    if "no-store" not in sent.lower():
        return f"Cache-Control: {shown(sent) or '(none)'} lacks no-store"
    return f"it is {seen.header('age')} seconds old" if seen.header("age").strip("0") else None
