"""Handing a permit back from outside: it goes to its own address alone, and by no connection that others read."""

import httpx

from coatcheck.doctor.hand_back import hand_back
from coatcheck.doctor.permit import Permit
from tests.doctor.permits import permit_of
from tests.site import Site, sign_in


def network(site: Site) -> httpx.ASGITransport:
    return httpx.ASGITransport(site.auth.app, client=("198.51.100.7", 50_000))


async def test_its_account_is_gone_at_once(site: Site) -> None:
    permit = await permit_of(site)
    assert await hand_back(permit, transport=network(site))
    assert (await sign_in(site.browser(), permit.email, permit.password)).status_code == 401
    assert not await hand_back(permit, transport=network(site)), "there is none any more"


async def test_never_in_clear() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise AssertionError("it was sent")

    plain = permit_in_clear("http://auth.example.org")
    assert not await hand_back(plain, transport=httpx.MockTransport(answer))


async def test_a_server_that_is_away() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody listens", request=request)

    near = permit_in_clear("http://localhost:8400")
    assert not await hand_back(near, transport=httpx.MockTransport(refuse))


def permit_in_clear(url: str) -> Permit:
    return Permit(url, "doctor@doctor.invalid", "words", "header", 0)
