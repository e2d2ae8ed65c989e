"""Links to here that lead elsewhere, or write headers."""

import httpx
import pytest
from starlette.types import Scope

from coatcheck.doctor.outside import redirects
from coatcheck.doctor.outside.asking import Seen
from coatcheck.doctor.outside.redirects import leads_elsewhere
from coatcheck.doctor.outside.target import parse_target
from tests.doctor.outside.broken import following_return_to
from tests.doctor.outside.deployment import Deployment, Pairs, changing, found_in, instead
from tests.site import ORIGIN

pytestmark = pytest.mark.asyncio(loop_scope="session")

TARGET = parse_target(ORIGIN)


async def test_a_place_that_is_followed(deployment: Deployment) -> None:
    assert found_in(await deployment.looked(redirects.PROBE, following_return_to())) == ["open-redirect"]


async def test_a_path_that_is_cleaned_up_into_another_host(deployment: Deployment) -> None:
    """As static file servers do that send `//evil/%2e%2e` on to the folder."""
    cleaning = instead("//", lambda scope: (301, [("location", "//stranger.example/")], b""))
    assert found_in(await deployment.looked(redirects.PROBE, cleaning)) == ["open-redirect"]


async def test_a_form_that_is_sent_on_the_way(deployment: Deployment) -> None:
    """Only who signs in is led away, which needs a permit to see."""

    def change(scope: Scope, pairs: Pairs) -> Pairs:
        if (scope["method"], scope["path"]) != ("POST", "/sign-in"):
            return pairs
        return [(name, b"//stranger.example/" if name == b"location" else value) for name, value in pairs]

    assert found_in(await deployment.looked(redirects.PROBE, changing(change))) == []
    assert found_in(await deployment.looked(redirects.PROBE, changing(change), with_permit=True)) == ["open-redirect"]


async def test_a_header_of_the_clients(deployment: Deployment) -> None:
    def change(scope: Scope, pairs: Pairs) -> Pairs:
        return [*pairs, (b"x-stranger", b"yes")] if b"%0d%0a" in scope["query_string"] else pairs

    assert found_in(await deployment.looked(redirects.PROBE, changing(change))) == ["header-injection"]


@pytest.mark.parametrize(
    ("location", "body", "place"),
    [
        ("https://stranger.example/", "", "https://stranger.example/"),
        ("//stranger.example", "", "//stranger.example"),
        ("/\\stranger.example", "", "/\\stranger.example"),
        ("\\\\stranger.example", "", "\\\\stranger.example"),
        ("/\t/stranger.example", "", "/\t/stranger.example"),
        ("https:stranger.example", "", "https:stranger.example"),
        ("///stranger.example", "", "///stranger.example"),
        ("https://x@stranger.example:8443/", "", "https://x@stranger.example:8443/"),
        ("/sign-in?return_to=https%3A%2F%2Fstranger.example", "", None),
        ("/stranger.example", "", None),
        ("https://[", "", None),
        ("", '<a href="https://stranger.example/">', "https://stranger.example/"),
        ("", '<meta http-equiv="refresh" content="0;url=//stranger.example/">', "0;url=//stranger.example/"),
        ("", '<input value="&#x2F;/stranger.example/">', "//stranger.example/"),
        ("", '<a href="/sign-up?return_to=%2F%2Fstranger.example">', None),
        ("", "<p>There is no https://stranger.example/ here</p>", None),
    ],
)
async def test_what_a_browser_reads(location: str, body: str, place: str | None) -> None:
    headers = httpx.Headers([("location", location)] if location else [])
    seen = Seen("/sign-in", 303 if location else 200, headers, body)
    assert leads_elsewhere(TARGET, seen) == place
