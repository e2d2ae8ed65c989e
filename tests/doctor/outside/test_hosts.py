"""Made-up hosts, prefixes, paths and addresses that a deployment believes."""

from pathlib import Path

import pytest
from starlette.types import Scope

from coatcheck.doctor.finding import Finding
from coatcheck.doctor.outside import hosts
from tests.doctor.outside.authority import Authority
from tests.doctor.outside.broken import believing_forwarded, header_of, leading_to_any_host, named
from tests.doctor.outside.deployment import NAME, Deployment, Pairs, changing, deployed, found_in, instead
from tests.site import ORIGIN

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_host_that_is_believed(deployment: Deployment) -> None:
    looked = await deployment.looked(hosts.PROBE, leading_to_any_host())
    assert found_in(looked) == ["host-believed"]
    found = looked["host-believed"]
    assert isinstance(found, Finding)
    assert found.says == "/sign-in with host: stranger.example gives Location: https://stranger.example/sign-in."


async def test_a_proxy_with_one_name_for_all_believes_nothing(deployment: Deployment) -> None:
    """The site is served by any name then, but no link and no cookie is of another than its own."""
    assert found_in(await deployment.looked(hosts.PROBE, named(NAME))) == []


async def test_a_forwarded_host_that_is_believed(deployment: Deployment) -> None:
    assert found_in(await deployment.looked(hosts.PROBE, believing_forwarded())) == ["forwarded-believed"]


async def test_a_scheme_that_is_believed(deployment: Deployment) -> None:
    """A client that says that it came by plain HTTP gets cookies that go by plain HTTP."""

    def change(scope: Scope, pairs: Pairs) -> Pairs:
        is_plain = header_of(scope, "x-forwarded-proto") == "http"
        return [(name, value.replace(b"; Secure", b"")) for name, value in pairs] if is_plain else pairs

    assert found_in(await deployment.looked(hosts.PROBE, changing(change))) == ["forwarded-believed"]


async def test_a_path_that_is_believed(deployment: Deployment) -> None:
    """Rules by path, such as `location = /metrics`, would hold for the wrong one."""
    believing = instead(
        "/sign-in", lambda scope: (200, [], b'{"status": "ok"}') if header_of(scope, "x-original-url") else None
    )
    assert found_in(await deployment.looked(hosts.PROBE, believing)) == ["forwarded-believed"]


async def test_an_address_that_is_believed(authority: Authority, tmp_path: Path, deployment: Deployment) -> None:
    """Whoever may say where they come from has as many tries as there are addresses."""
    server = {"public_url": ORIGIN, "trusted_proxies": ["127.0.0.1"]}
    async with deployed(tmp_path, authority, server=server) as served:
        assert found_in(await served.looked(hosts.ADDRESS_PROBE)) == ["client-address-believed"]
    assert found_in(await deployment.looked(hosts.ADDRESS_PROBE)) == []
