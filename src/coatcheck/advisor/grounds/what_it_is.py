"""Grounds that lie in the kind of the thing: pages, an app, an API, several services."""

from typing import Final

from coatcheck.advisor.answers import Answers
from coatcheck.advisor.grounds.ground import BROWSER_APPS, MUST, OAUTH_PRACTICE, Ground


def _is_website(facts: Answers) -> bool:
    return facts.app_type == "traditional_web"


def _is_page_of_one_host(facts: Answers) -> bool:
    return facts.app_type == "spa" and facts.has_browser


def _is_page_without_its_host(facts: Answers) -> bool:
    return facts.app_type == "spa" and not facts.has_browser


def _is_mobile(facts: Answers) -> bool:
    return facts.app_type == "mobile"


def _is_api(facts: Answers) -> bool:
    return facts.app_type == "api"


def _is_own_api(facts: Answers) -> bool:
    return facts.app_type == "api" and facts.clients_run_by == "us"


def _are_services(facts: Answers) -> bool:
    return facts.app_type == "microservices"


def _are_services_behind_pages(facts: Answers) -> bool:
    return facts.app_type == "microservices" and facts.has_browser


GROUNDS: Final = (
    Ground(
        "pages of one host", "app_type", _is_website, "session", MUST,
        "Pages need nothing but a cookie: no script can read it, no other site can send it, and the server ends it at "
        "once.",
        "OWASP Session Management Cheat Sheet",
    ),
    Ground(
        "pages of one host", "app_type", _is_website, "jwt", -2,
        "A page has no place for a token that a script cannot read, and would have to renew it all the time.",
        "OWASP HTML5 Security Cheat Sheet, Local Storage",
    ),
    Ground(
        "a program in the browser, on the host of its API", "app_type", _is_page_of_one_host, "session", 6,
        "Beside its API an app in the browser is safest with a cookie: what no script can read, no script can carry "
        "away.",
        f"{BROWSER_APPS}.1",
    ),
    Ground(
        "a program in the browser, on the host of its API", "app_type", _is_page_of_one_host, "jwt", 1,
        "Tokens that are bound to a key of the browser are nearly as good, and the SDK keeps them.",
        "RFC 9449",
    ),
    Ground(
        "a program in the browser, away from its API", "app_type", _is_page_without_its_host, "jwt", MUST,
        "Where a cookie does not reach or does not help, tokens that are bound to a key of the browser (DPoP) do.",
        f"{BROWSER_APPS}.3; RFC 9449",
    ),
    Ground(
        "an app outside the browser", "app_type", _is_mobile, "jwt", MUST,
        "An app keeps a refresh token in the device's key store, and binds it to a key that never leaves it.",
        f"RFC 8252; {OAUTH_PRACTICE}.2",
    ),
    Ground(
        "an app outside the browser", "app_type", _is_mobile, "session", -3,
        "Outside the browser nothing enforces what protects a cookie: HttpOnly and SameSite mean nothing there.",
        "RFC 6265 section 8",
    ),
    Ground(
        "an API for apps of ours", "app_type", _is_own_api, "jwt", MUST,
        "An API is called by programs, and those send a token in a header, where no other site can make a browser "
        "send it.",
        "RFC 6750 section 2.1; RFC 9068",
    ),
    Ground(
        "an API for apps of ours", "app_type", _is_api, "session", -1,
        "Whoever calls an API need not be a browser, and a cookie is worth little elsewhere.",
        "RFC 6265 section 8",
    ),
    Ground(
        "each service knows who calls", "app_type", _are_services, "jwt", MUST,
        "A service checks a signed token by itself: it need not ask, and it need not trust the network.",
        "RFC 9068; OWASP Microservices Security Cheat Sheet",
    ),
    Ground(
        "people come through one front", "app_type", _are_services_behind_pages, "session", 5,
        "Browsers keep a cookie, and the front turns it into a token for each service: none of them reaches a script.",
        f"{BROWSER_APPS}.1",
    ),
    Ground(
        "services call each other", "app_type", _are_services, "oauth", MUST,
        "A service that calls another in its own name proves itself, by client credentials, and gets a token for that "
        "one alone.",
        "RFC 6749 section 4.4; RFC 8707",
    ),
)  # fmt: skip
