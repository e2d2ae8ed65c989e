"""What scripts of other sites may read, and whether a request that another site caused is seen as that."""

from collections.abc import AsyncIterator
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import take_out
from coatcheck.doctor.outside.asking import Seen
from coatcheck.doctor.outside.check import Check, shown
from coatcheck.doctor.outside.probe import STRANGER, Case, Probe
from coatcheck.doctor.principles import INPUTS

CORS: Final = Check("cors-open", INPUTS, "high")
CROSS_SITE: Final = Check("cross-site-unseen", INPUTS, "high")

_PREFLIGHT: Final = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}


async def look_at_cors(case: Case) -> AsyncIterator[Outcome]:
    """Ask as scripts of other sites do: a strange one, none at all, and such as only look like ours."""
    wrong: list[str] = []
    for origin in _strangers(case):
        answers = [
            await case.asking.get("/api/session", {"origin": origin}),
            await case.asking.get("/api/sign-in", {"origin": origin, **_PREFLIGHT}, method="OPTIONS"),
        ]
        wrong += [said for seen in answers if (said := _lets_read(seen, origin))]
    yield CORS.judged(
        "; ".join(dict.fromkeys(wrong[:3])),
        fix=take_out("add_header Access-Control-Allow-Origin …;", "add_header Access-Control-Allow-Credentials …;")
        + "\n# and name your own apps, each exactly, in web.origins of coatcheck.toml",
        right="scripts of other sites read nothing",
    )
    yield await _cross_site(case)


PROBE: Final = Probe((CORS, CROSS_SITE), look_at_cors)


def _strangers(case: Case) -> list[str]:
    """Name origins that are not the owner's: a stranger, `null`, and what careless patterns take for ours."""
    host = case.target.host
    return [
        f"https://{STRANGER}",
        "null",
        f"https://{host}.{STRANGER}",
        f"https://not-{host}",
        f"{'http' if case.target.is_https else 'https'}://{case.target.authority}",
    ]


def _lets_read(seen: Seen, origin: str) -> str | None:
    allowed = seen.header("access-control-allow-origin")
    if seen.header("access-control-allow-credentials").lower() == "true":
        return f"{seen.path} allows credentials (Access-Control-Allow-Credentials: true) to {origin}"
    if allowed and allowed in ("*", origin):
        return f"{seen.path} answers {origin} with Access-Control-Allow-Origin: {shown(allowed)}"
    return None


async def _cross_site(case: Case) -> Outcome:
    headers = {"origin": f"https://{STRANGER}", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}
    seen = await case.asking.call("/api/sign-out", {}, headers)
    wrong = f"POST {seen.path} of another site is answered with {seen.status} instead of 403 cross_site_refused"
    return CROSS_SITE.judged(
        None if seen.status == 403 else wrong,
        fix=take_out('proxy_set_header Origin "";', 'proxy_set_header Sec-Fetch-Site "";'),
        right="what another site causes is refused",
    )
