"""`/verify` asked by a stranger, with junk: it is for the proxy alone, and nobody else is to know that it is there."""

from collections.abc import AsyncIterator
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import write
from coatcheck.doctor.outside.asking import Seen
from coatcheck.doctor.outside.check import Check
from coatcheck.doctor.outside.probe import Case, Probe
from coatcheck.doctor.outside.target import Target
from coatcheck.doctor.principles import INPUTS

LETS_IN: Final = Check("verify-lets-in", INPUTS, "high")
OPEN: Final = Check("verify-open", INPUTS, "medium")

_SECRETS: Final = ("x" * 32, "changeme" * 4, "SECRET", "")
_FIX: Final = write(
    "In nginx, in the server of Coatcheck's own host",
    "location = /verify { return 404; }",
    'proxy_set_header Coatcheck-Gateway "";',
)


async def look_at_verify(case: Case) -> AsyncIterator[Outcome]:
    """Ask at `/verify` with nothing, with junk, and with secrets that somebody might have left."""
    said = as_forwarded(case.target)
    asked = [
        {},
        said,
        {**said, "authorization": "Bearer a.b.c"},
        {**said, "authorization": "Basic eDp5"},
        {**said, "cookie": "__Host-coatcheck=x; coatcheck-session=x"},
        *({**said, "coatcheck-gateway": secret} for secret in _SECRETS),
    ]
    answers = [await case.asking.get("/verify", headers) for headers in asked]
    answers.append(await case.asking.get(f"/verify?uri=/&host={case.target.host}", {"x-forwarded-proto": "https"}))
    let_in = [seen for seen in answers if seen.status == 200]
    yield LETS_IN.judged(
        f"{let_in[0].path} answers junk with 200, so a proxy that asks there lets everybody in" if let_in else None,
        fix=_FIX,
        right="/verify lets no junk in",
    )
    judged = [seen for seen in answers if _is_judged(seen)]
    yield OPEN.judged(
        f"a stranger may ask at /verify: it answers {judged[0].status} in the place of 404, so the proxy's secret goes "
        "along with everybody's requests"
        if judged and not let_in
        else None,
        fix=_FIX,
        right="/verify is for the proxy alone",
    )


PROBE: Final = Probe((LETS_IN, OPEN), look_at_verify)


def as_forwarded(target: Target) -> dict[str, str]:
    """Give the headers in which a proxy says what it asks about."""
    return {
        "x-forwarded-method": "GET",
        "x-forwarded-host": target.authority,
        "x-forwarded-uri": "/",
        "x-forwarded-proto": "https",
    }


def _is_judged(seen: Seen) -> bool:
    """Tell whether the answer judges a client, which it does for the proxy alone."""
    return bool(seen.header("www-authenticate")) or seen.words.get("code") not in (None, "not_found")
