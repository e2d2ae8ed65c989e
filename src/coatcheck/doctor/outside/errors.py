"""Error pages: what junk makes of the server, and what it tells of itself then."""

import re
from collections.abc import AsyncIterator
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import write
from coatcheck.doctor.outside.asking import Asking, NoAnswer, Seen
from coatcheck.doctor.outside.check import Check, shown
from coatcheck.doctor.outside.probe import Case, Probe
from coatcheck.doctor.principles import INPUTS

TRACE: Final = Check("trace-shown", INPUTS, "high")
CRASH: Final = Check("input-crashes", INPUTS, "medium")
VERSION: Final = Check("version-shown", INPUTS, "low")

_TRACES: Final = re.compile(
    r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+|site-packages[/\\]|sqlalchemy\.exc|"
    r"\bat [\w.$]+\([\w]+\.java:\d+\)|Werkzeug Debugger|DisallowedHost at |<title>[^<]*Debugger</title>"
)
_PRODUCT: Final = re.compile(
    r"\b(nginx|openresty|apache|caddy|traefik|envoy|uvicorn|gunicorn|hypercorn|python|werkzeug|"
    r"openssl|php|express|microsoft-iis)/\d[\w.]*",
    re.IGNORECASE,
)
_VERSIONED: Final = re.compile(r"\b(?!HTTP/)[\w.-]+/v?\d[\w.]*")
_NAMING: Final = ("server", "x-powered-by", "x-aspnet-version", "x-runtime", "via")
_GETS: Final = (
    "/no-such-page",
    "/sign-in?return_to=%ff%fe",
    "/sign-in?return_to=%00",
    "/sign-in/%00",
    "/%ff%fe",
    "/sign-in/..%2f..%2fetc/passwd",
    "/status/99999999999999999999",
    "/verify-email?token=%F0%9F%92%A5",
    "/static/..%5c..%5ccoatcheck.toml",
    "/verify?uri=%",
    "/account?" + "a=1&" * 50,
)
_BODIES: Final = (
    b'{"identifier":',
    b"[]",
    b'{"identifier": 1, "password": {}}',
    b'"\xff"',
    b'{"identifier":"a","with":1e999}',
)
_HEADERS: Final = (
    {"authorization": "Bearer %%%"},
    {"authorization": "Basic x"},
    {"authorization": "Bearer a.b.c"},
    {"authorization": "DPoP e30.e30.e30", "dpop": "e30.e30.e30"},
    {"cookie": "__Host-coatcheck=%00; __Host-coatcheck=a; =; ;;"},
    {"cookie": "__Host-coatcheck-browser=" + "x" * 3000},
    {"accept": "*/*;q=a, text/html;;;", "accept-language": "\t,,;q"},
)


async def look_at_errors(case: Case) -> AsyncIterator[Outcome]:
    """Send junk of many kinds, none of which is a try of a password."""
    answers = await _answers(case.asking)
    traced = [(seen, found[0]) for seen in answers if (found := _TRACES.search(seen.body))]
    yield TRACE.judged(
        f"{traced[0][0].path} shows how the server works: {shown(traced[0][1])}" if traced else None,
        fix=write("In the app around Coatcheck, switch debugging off", "app = FastAPI(debug=False)"),
        right="no error shows code",
    )
    # A trace is told of above; and what is only busy is no crash.
    crashed = [seen for seen in answers if seen.status >= 500 and not seen.header("retry-after") and not traced]
    yield CRASH.judged(
        f"{crashed[0].path} is answered with {crashed[0].status}: junk must be refused, not fail" if crashed else None,
        fix=write(
            "The log tells why; a crash of Coatcheck's own is a bug to report",
            "journalctl -u coatcheck --grep request.failed",
        ),
        right=f"{len(answers)} kinds of junk are refused in order",
    )
    told = next((said for seen in answers if (said := version_in(seen))), None)
    yield VERSION.judged(
        told,
        fix=write("In nginx, in http", "server_tokens off;"),
        right="no version of a server is told",
    )


PROBE: Final = Probe((TRACE, CRASH, VERSION), look_at_errors)


async def _answers(asking: Asking) -> list[Seen]:
    page = {"accept": "text/html"}
    asked = [
        *(asking.get(path, page) for path in _GETS),
        *(asking.get("/account", headers) for headers in _HEADERS),
        *(asking.get("/api/session", headers) for headers in _HEADERS),
        *(asking.call("/api/sign-in", body) for body in _BODIES),
        asking.call("/api/sign-in", b"<a/>", {"content-type": "application/xml"}),
        asking.get("/sign-in", page, method="DELETE"),
        asking.get("/api/sign-in", page, method="PROPFIND"),
        asking.get("/oauth/token"),
    ]
    answers = []
    for each in asked:
        try:
            answers.append(await each)
        except NoAnswer:
            continue  # hung up on: one way to refuse
    return answers


def version_in(seen: Seen) -> str | None:
    """Say which version of a server an answer tells, by a header or on a page for an error; or None."""
    for name in _NAMING:
        sent = seen.header(name)
        # `Via: 1.1 proxy` tells the version of HTTP.
        if (name.startswith("x-") and sent) or _VERSIONED.search(sent):
            return f"{name.title()}: {shown(sent)} ({seen.path})"
    found = _PRODUCT.search(seen.body) if seen.status >= 400 else None
    return f"the page for {seen.status} names {found[0]} ({seen.path})" if found else None
