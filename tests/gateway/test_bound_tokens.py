"""Bound tokens at the gateway: the proof is for what the client asked of the service, and stays with us."""

import json

import pytest

from coatcheck.keys.ring import SigningKeys
from coatcheck.keys.sign import sign_jws
from tests.gateway.asking import BILLS_HOST, NOTES, NOTES_HOST, ask, passed_on, token_of
from tests.site import ORIGIN, Site
from tests.tokens.holders import claims_of, let_in
from tests.verifier.proofs import GOOD, bound, jkt_of
from tests.verifier.tokens import as_json


async def given(site: Site, **changes: object) -> str:
    """Give a token for the service that is bound to `GOOD`; None takes a claim away."""
    held = await let_in(site, await site.person(password=None), audience=NOTES)
    claims = claims_of(held.access) | {"cnf": {"jkt": jkt_of(GOOD)}} | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return sign_jws(await site.desk.keep(SigningKeys).current(), "at+jwt", as_json(claims))


async def test_a_bound_token_becomes_a_token_that_is_not(site: Site) -> None:
    """The service could make no proof of its client's key, and its token lives for a minute."""
    token = await given(site)
    headers = bound(token, f"{NOTES}/x", at=site.clock.now())
    answer = await ask(site, headers)
    claims = passed_on(answer)
    assert (claims["aud"], claims["client_id"], "cnf" in claims) == (NOTES, "gateway", False)
    assert (await ask(site, headers)).json()["code"] == "invalid_dpop_proof", (
        "one that is kept is given to proofs alone"
    )
    assert token_of(await ask(site, bound(token, f"{NOTES}/x", at=site.clock.now()))) == token_of(answer)


@pytest.mark.parametrize(
    ("method", "uri"), [("GET", "/a%2Fb%40c?d=/e"), ("POST", "/x?y=1"), ("HEAD", "/"), ("DELETE", "/caf%C3%A9")]
)
async def test_it_is_judged_by_the_forwarded_request(site: Site, method: str, uri: str) -> None:
    token = await given(site)
    good = bound(token, f"{NOTES}{uri}", at=site.clock.now(), htm=method)
    assert (await ask(site, good, method=method, uri=uri)).status_code == 200
    for url, htm in (
        (f"{NOTES}/other", method),
        (f"{NOTES}{uri}", "PUT"),
        (f"{ORIGIN}/verify", "GET"),
        (f"https://{BILLS_HOST}{uri}", method),
        (f"http://{NOTES_HOST}{uri}", method),
    ):
        bad = bound(token, url, at=site.clock.now(), htm=htm)
        assert (await ask(site, bad, method=method, uri=uri)).json()["code"] == "invalid_dpop_proof", (url, htm)


async def test_what_a_client_says_it_asked_for_is_not_asked(site: Site) -> None:
    token = await given(site)
    headers = bound(token, f"{NOTES}/x", at=site.clock.now())
    answer = await ask(site, {**headers, "x-original-uri": "/y", "x-original-method": "POST"})
    assert answer.status_code == 200


async def test_a_service_gets_no_bound_token(site: Site) -> None:
    """It was not made by our sign-in, so it would be passed on as it is; without its key it is worth nothing."""
    token = await given(site, sub="svc_mailer", client_id="svc_mailer", sid=None, auth_time=None)
    answer = await ask(site, bound(token, f"{NOTES}/x", at=site.clock.now()))
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert "authorization" not in answer.headers
    assert answer.headers["www-authenticate"].startswith("DPoP error=")


@pytest.mark.parametrize("mark", [{"sec-websocket-key": "x"}, {"sec-websocket-version": "13"}])
async def test_no_socket_is_opened_by_a_bound_token(site: Site, mark: dict[str, str]) -> None:
    token = await given(site)
    answer = await ask(site, {**bound(token, f"{NOTES}/x", at=site.clock.now()), **mark})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


async def test_a_proof_is_used_up_by_its_own_request_alone(site: Site) -> None:
    token = await given(site)
    headers = bound(token, f"{NOTES}/x", at=site.clock.now())
    assert json.loads((await ask(site, headers, uri="/y")).text)["code"] == "invalid_dpop_proof"
    assert (await ask(site, headers)).status_code == 200
