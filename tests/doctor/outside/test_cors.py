"""Origins that are answered though they are not the owner's, and a proxy that hides where a request is from."""

import pytest
from starlette.types import Scope

from coatcheck.doctor.finding import Finding
from coatcheck.doctor.outside import cors
from tests.doctor.outside.broken import answering_every_origin, header_of, without_origins
from tests.doctor.outside.deployment import NAME, Change, Deployment, Pairs, changing, found_in, replaced

pytestmark = pytest.mark.asyncio(loop_scope="session")


def answering(origin: str) -> Change:
    """Let scripts of one origin read."""

    def change(scope: Scope, pairs: Pairs) -> Pairs:
        asked = header_of(scope, "origin")
        return [*pairs, (b"access-control-allow-origin", origin.encode())] if asked == origin else pairs

    return changing(change)


@pytest.mark.parametrize(
    "origin", ["null", f"https://{NAME}.stranger.example", f"https://not-{NAME}", f"http://{NAME}"]
)
async def test_an_origin_that_only_looks_right(deployment: Deployment, origin: str) -> None:
    assert found_in(await deployment.looked(cors.PROBE, answering(origin))) == ["cors-open"]


async def test_every_origin(deployment: Deployment) -> None:
    assert found_in(await deployment.looked(cors.PROBE, replaced("access-control-allow-origin", "*"))) == ["cors-open"]
    looked = await deployment.looked(cors.PROBE, answering_every_origin())
    found = looked["cors-open"]
    assert isinstance(found, Finding)
    assert "credentials" in found.says


async def test_the_owners_own_apps_may_read(deployment: Deployment) -> None:
    assert found_in(await deployment.looked(cors.PROBE, answering("https://app.example.org"))) == []


async def test_a_proxy_that_hides_where_a_request_is_from(deployment: Deployment) -> None:
    assert found_in(await deployment.looked(cors.PROBE, without_origins())) == ["cross-site-unseen"]
