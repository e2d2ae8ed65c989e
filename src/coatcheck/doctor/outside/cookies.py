"""Cookies as a browser sees them: Secure, HttpOnly, SameSite, and for this host alone."""

from collections.abc import AsyncIterator, Callable
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import take_out
from coatcheck.doctor.outside.check import Check
from coatcheck.doctor.outside.probe import Case, Probe
from coatcheck.doctor.outside.set_cookie import SetCookie, ours_in
from coatcheck.doctor.principles import HTTPS, SECRETS

SECURE: Final = Check("cookie-not-secure", HTTPS, "high")
HIDDEN: Final = Check("cookie-not-http-only", SECRETS, "high")
STRICT: Final = Check("cookie-not-strict", SECRETS, "medium")
ONE_HOST: Final = Check("cookie-for-other-hosts", SECRETS, "high")


_FIX: Final = take_out("proxy_cookie_flags …;", "proxy_cookie_domain …;", "proxy_cookie_path …;")


async def look_at_cookies(case: Case) -> AsyncIterator[Outcome]:
    """Look at the cookie that names a browser and, with a permit, at those of a session."""
    cookies = ours_in((await case.asking.get("/sign-in", {"accept": "text/html"})).cookies)
    if case.permit is not None:
        for present in ("cookie", "token_cookies"):
            cookies += ours_in((await case.admitted(present=present)).cookies)
    if not cookies:
        for check in PROBE.checks:
            yield check.not_run("/sign-in set no cookie of Coatcheck's")
        return
    seen = ", ".join(dict.fromkeys(each.name for each in cookies))
    if case.target.is_https:
        yield _judge(SECURE, cookies, _not_secure, f"a browser sends by HTTPS alone: {seen}")
        yield _judge(ONE_HOST, cookies, _for_others, f"this host alone gets {seen}")
    else:
        yield SECURE.not_run("no cookie can be Secure by plain HTTP")
        yield _judge(ONE_HOST, cookies, _has_domain, f"this host alone gets {seen}")
    yield _judge(HIDDEN, cookies, _not_hidden, f"no script reads {seen}")
    yield _judge(STRICT, cookies, _not_strict, f"no other site's request bears {seen}")


PROBE: Final = Probe((SECURE, HIDDEN, STRICT, ONE_HOST), look_at_cookies)


def _judge(check: Check, cookies: list[SetCookie], wrong: Callable[[SetCookie], str], right: str) -> Outcome:
    found = {each.name: said for each in cookies if (said := wrong(each))}
    says = "; ".join(f"{name} {said}" for name, said in found.items())
    return check.judged(says, fix=_FIX, right=right)


def _not_secure(cookie: SetCookie) -> str:
    return "" if "secure" in cookie.attributes else "lacks Secure: a browser sends it by plain HTTP too"


def _not_hidden(cookie: SetCookie) -> str:
    return "" if "httponly" in cookie.attributes else "lacks HttpOnly: every script on the page reads it"


def _not_strict(cookie: SetCookie) -> str:
    same_site = cookie.attributes.get("samesite", "")
    return "" if same_site.lower() == "strict" else f"has SameSite={same_site or '(none)'} in the place of Strict"


def _has_domain(cookie: SetCookie) -> str:
    domain = cookie.attributes.get("domain", "")
    return f"has Domain={domain}: every host below it gets it" if domain else ""


def _for_others(cookie: SetCookie) -> str:
    if said := _has_domain(cookie):
        return said
    if cookie.name.startswith("__Host-"):
        path = cookie.attributes.get("path", "")
        return "" if path == "/" else f"has Path={path or '(none)'}: a browser refuses it, so nobody is signed in"
    return "" if cookie.name.startswith("__Secure-") else "lacks the prefix __Host-: another host can plant it"
