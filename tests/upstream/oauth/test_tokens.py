"""Providers' tokens after the sign-in: refreshed, and given back."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from coatcheck.secret import Secret
from coatcheck.upstream.identity import UpstreamTokens
from coatcheck.upstream.oauth.tokens import refresh, revoke
from coatcheck.upstream.provider import Endpoints, Provider
from coatcheck.upstream.trouble import UpstreamFailed
from tests.upstream.hostile import answer
from tests.upstream.oauth.acme import CLIENT, Acme, form_of

HELD = UpstreamTokens(access=Secret("access-old"), refresh=Secret("refresh-old"), scopes=("a",), expires_at=1)


async def fails(
    acme: Acme, tokens: UpstreamTokens = HELD, *, by: Any = refresh, provider: Provider | None = None
) -> str:
    with pytest.raises(UpstreamFailed) as failed:
        await by(acme.site.desk, provider or acme.provider(), tokens)
    assert "-old" not in failed.value.because
    return failed.value.trouble


async def test_new_tokens_for_old(acme: Acme) -> None:
    acme.says("/token", {"access_token": "new", "token_type": "bearer", "expires_in": "60", "refresh_token": "newer"})
    new = await refresh(acme.site.desk, acme.provider(), HELD)
    assert (new.access.reveal(), new.refresh and new.refresh.reveal()) == ("new", "newer")
    assert (new.scopes, new.expires_at) == (("a",), acme.site.clock.now() + 60_000)
    assert acme.redeemed == [{"grant_type": "refresh_token", "refresh_token": "refresh-old"}]


async def test_a_refresh_token_that_stays(acme: Acme) -> None:
    acme.says("/token", {"access_token": "new", "scope": ["b", "c"]})
    new = await refresh(acme.site.desk, acme.provider(), HELD)
    assert (new.refresh, new.scopes, new.expires_at) == (HELD.refresh, ("b", "c"), None)


async def test_refreshing_has_a_place_of_its_own_at_some(acme: Acme) -> None:
    acme.says("/refresh", {"access_token": "new"})
    provider = acme.provider()
    there = replace(provider, endpoints=replace(provider.endpoints, refresh=acme.url + "/refresh"))
    assert (await refresh(acme.site.desk, there, HELD)).access.reveal() == "new"


async def test_a_grant_that_is_over(acme: Acme) -> None:
    acme.says("/token", {"error": "invalid_grant", "error_description": "refresh-old was revoked"}, 400)
    assert await fails(acme) == "code_refused"
    assert await fails(acme, replace(HELD, refresh=None)) == "code_refused"
    acme.server.does["/token"] = answer(503, b"")
    assert await fails(acme) == "provider_away"


@pytest.mark.parametrize("refresh_token", [HELD.refresh, None])
async def test_a_token_is_given_back(acme: Acme, refresh_token: Secret | None) -> None:
    acme.server.does["/revoke"] = answer(200, b"", content_type="text/plain")
    assert await revoke(acme.site.desk, acme.provider(), replace(HELD, refresh=refresh_token))
    heard = acme.server.heard[-1]
    hint = {True: "refresh", False: "access"}[refresh_token is not None]
    assert form_of(heard) == {"token": f"{hint}-old", "token_type_hint": f"{hint}_token"}
    assert heard.headers["authorization"].startswith("Basic ")


async def test_other_calls_that_give_back(acme: Acme) -> None:
    acme.says("/revoke", {"ok": True})
    provider = acme.provider(revocation_call="client_id")
    assert await revoke(acme.site.desk, provider, HELD)
    assert form_of(acme.server.heard[-1]) == {"token": "refresh-old", "client_id": CLIENT}
    provider = acme.provider(revocation_call="json", token_takes_json=True)
    assert await revoke(acme.site.desk, provider, HELD)
    assert json.loads(acme.server.heard[-1].body) == {"token": "refresh-old"}
    provider = acme.provider(revocation_call="bearer")
    assert await revoke(acme.site.desk, provider, HELD)
    heard = acme.server.heard[-1]
    assert (heard.headers["authorization"], heard.body) == ("Bearer access-old", b"")
    assert heard.headers["content-length"] == "0"
    acme.says("/revoke", {"ok": False, "error": "not_allowed access-old"})
    assert await fails(acme, by=revoke, provider=provider) == "client_refused"
    acme.says("/revoke", {"ok": False, "error": "token_revoked"})
    assert await revoke(acme.site.desk, provider, HELD)


async def test_no_call_for_it(acme: Acme) -> None:
    acme.document = {"revocation_endpoint": None}
    acme.publish()
    assert not await revoke(acme.site.desk, acme.provider(), HELD)


@pytest.mark.parametrize(("status", "gone"), [(204, True), (404, True), (401, False), (403, False)])
async def test_a_whole_grant_is_deleted(acme: Acme, status: int, gone: bool) -> None:
    acme.server.does["/grant"] = answer(status, b"")
    provider = acme.provider(endpoints=Endpoints(grants=acme.url + "/grant"))
    if gone:
        assert await revoke(acme.site.desk, provider, HELD)
    else:
        assert await fails(acme, by=revoke, provider=provider) == "client_refused"
    heard = acme.server.heard[-1]
    assert (heard.method, json.loads(heard.body)) == ("DELETE", {"access_token": "access-old"})
    assert heard.headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("status", "body", "gone"), [(400, {"error": "invalid_token"}, True), (400, {"error": "x"}, False)]
)
async def test_a_token_that_is_gone_already(acme: Acme, status: int, body: object, gone: bool) -> None:
    acme.says("/revoke", body, status)
    if gone:
        assert await revoke(acme.site.desk, acme.provider(), HELD)
    else:
        assert await fails(acme, by=revoke) == "client_refused"
