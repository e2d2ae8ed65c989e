"""Headers that a proxy took out, or put others in the place of."""

import pytest

from coatcheck.doctor.finding import Finding
from coatcheck.doctor.outside import headers
from tests.doctor.outside.deployment import Change, Deployment, changing, found_in, replaced, without

pytestmark = pytest.mark.asyncio(loop_scope="session")

CSP, HSTS = "content-security-policy", "strict-transport-security"
CHANGES: dict[str, tuple[list[Change], str]] = {
    "hsts-hidden": ([without(HSTS)], "hsts-missing"),
    "hsts-for-a-minute": ([replaced(HSTS, "max-age=60; includeSubDomains")], "hsts-missing"),
    "hsts-switched-off": ([replaced(HSTS, "max-age=0")], "hsts-missing"),
    "hsts-without-a-time": ([replaced(HSTS, "includeSubDomains")], "hsts-missing"),
    "csp-hidden": ([without(CSP)], "csp-weak"),
    "csp-that-only-reports": ([without(CSP), replaced(f"{CSP}-report-only", "default-src 'none'")], "csp-weak"),
    "kinds-guessed": ([without("x-content-type-options")], "nosniff-missing"),
    "in-any-frame": ([without("x-frame-options"), replaced(CSP, "default-src 'self'; base-uri 'self'")],
                     "framing-allowed"),
    "addresses-told": ([replaced("referrer-policy", "no-referrer, unsafe-url")], "referrer-told"),
    "addresses-told-by-default": ([without("referrer-policy")], "referrer-told"),
    "kept-by-all": ([replaced("cache-control", "public, max-age=60")], "answers-kept"),
    "kept-already": ([replaced("age", "17")], "answers-kept"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CHANGES))
async def test_each_header_is_missed(deployment: Deployment, case: str) -> None:
    changes, code = CHANGES[case]
    assert found_in(await deployment.looked(headers.PROBE, *changes)) == [code]


async def test_a_header_that_is_missing_at_one_place(deployment: Deployment) -> None:
    """Nginx adds its own headers to some answers only: not to errors, without `always`."""
    hidden = changing(
        lambda scope, pairs: [
            pair for pair in pairs if scope["path"] != "/api/session" or pair[0] != b"x-content-type-options"
        ]
    )
    looked = await deployment.looked(headers.PROBE, hidden)
    assert found_in(looked) == ["nosniff-missing"]
    found = looked["nosniff-missing"]
    assert isinstance(found, Finding)
    assert found.says == "No X-Content-Type-Options: nosniff: /api/session."


async def test_a_good_header_in_another_spelling(deployment: Deployment) -> None:
    changes = [
        replaced(HSTS, 'includeSubDomains;Max-Age="31536000" ; preload'),
        replaced("referrer-policy", "No-Referrer"),
    ]
    assert found_in(await deployment.looked(headers.PROBE, *changes)) == []
