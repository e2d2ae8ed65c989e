"""Attacks by whoever stole a token that is bound to a key, or a proof of it, at the gate, a verifier and the gateway.

A proof is read off a log, a proxy or a broken connection, and sent again; or a token is, and presented without its key,
or with a key of the thief's own. Here a proof counts for one request: its method, its address at a name that is ours
(never at what `Host` says), its token, a minute, and once; and a bound token counts in no other way than with a proof
of the key it names (RFC 9449 sections 7 and 11).
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from coatcheck.clock import Instant
from coatcheck.keys.sign import sign_jws
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier.canonical import encode_base64url
from tests.gateway.asking import NOTES, gateway_site, proxy, said
from tests.integrations.apps import asgi_app
from tests.integrations.callers import ORIGIN as APP
from tests.keys.sites import keys_of, signing_site
from tests.site import ORIGIN, Site
from tests.tokens.holders import claims_of, let_in
from tests.verifier.issuer import Issuer, eventually
from tests.verifier.proofs import GOOD, bound, jkt_of, proof_for
from tests.verifier.test_verifier import verifier_of
from tests.verifier.tokens import as_json, signer

THIEF = signer("EdDSA")
NO_PROOF, NO_TOKEN = "invalid_dpop_proof", "invalid_token"


@dataclass(frozen=True)
class Place:
    """Hold one place where tokens are checked.

    Args:
        url: what is asked for, as its clients address it.
        token: bound to the key `GOOD`.
        unbound: a bearer token of the same session.
        now: tells its time.
        ask: asks for `url` by GET, with headers.
    """

    url: str
    token: str
    unbound: str
    now: Callable[[], Instant]
    ask: Callable[[list[tuple[str, str]]], Awaitable[httpx.Response]]

    def proof(self, token: str | None = None, **changes: object) -> str:
        """Make a proof for this place, good unless something is changed."""
        return proof_for(token or self.token, **{"url": self.url, "at": self.now(), **changes})  # type: ignore[arg-type]

    def headers(self, proof: str, token: str | None = None) -> list[tuple[str, str]]:
        """Present a token with a proof."""
        return [("authorization", f"DPoP {token or self.token}"), ("dpop", proof)]


async def bound_token(site: Site, audience: str | None = None) -> tuple[str, str]:
    """Give a token of somebody's, bound to `GOOD` and not bound."""
    held = await let_in(site, await site.person(password=None), audience=audience)
    claims = claims_of(held.access) | {"cnf": {"jkt": jkt_of(GOOD)}}
    return sign_jws(await keys_of(site).current(), "at+jwt", as_json(claims)), held.access


@asynccontextmanager
async def at_the_gate(folder: Path) -> AsyncIterator[Place]:
    """Ask the server itself."""
    async with signing_site(folder) as site:
        token, unbound = await bound_token(site)

        async def ask(headers: list[tuple[str, str]]) -> httpx.Response:
            async with site.machine() as client:
                return await client.get("/api/session", headers=headers)

        yield Place(f"{ORIGIN}/api/session", token, unbound, site.clock.now, ask)


@asynccontextmanager
async def at_the_gateway(folder: Path) -> AsyncIterator[Place]:
    """Ask by the proxy, in front of a service."""
    async with gateway_site(folder) as site:
        token, unbound = await bound_token(site, NOTES)

        async def ask(headers: list[tuple[str, str]]) -> httpx.Response:
            async with proxy(site) as asking:
                return await asking.get("/verify", headers=[*said(uri="/notes?page=2").items(), *headers])

        yield Place(f"{NOTES}/notes", token, unbound, site.clock.now, ask)


@asynccontextmanager
async def at_a_verifier(_folder: Path) -> AsyncIterator[Place]:
    """Ask a service that checks tokens by itself."""
    issuer = Issuer(ManualClock())
    with issuer.serving(), verifier_of(issuer, origins=(APP,)) as verifier:
        eventually(lambda: verifier.is_fresh)
        transport = httpx.ASGITransport(asgi_app(verifier))  # type: ignore[arg-type]

        async def ask(headers: list[tuple[str, str]]) -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, base_url=APP) as client:
                return await client.get("/me", headers=headers)

        yield Place(f"{APP}/me", issuer.token(cnf={"jkt": jkt_of(GOOD)}), issuer.token(), issuer.clock.now, ask)


PLACES = {"gate": at_the_gate, "gateway": at_the_gateway, "verifier": at_a_verifier}


@pytest.fixture(params=PLACES)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with PLACES[request.param](tmp_path) as opened:
        yield opened


async def refused(place: Place, headers: list[tuple[str, str]], code: str) -> None:
    """Hold that a request is refused by a code, under its scheme; and that a good one is let in before and after."""
    assert (await place.ask(place.headers(place.proof()))).status_code == 200
    answer = await place.ask(headers)
    assert (answer.status_code, answer.json()["code"]) == (401, code), answer.text
    expected = (
        f'DPoP error="{code}"' if headers[0][1].startswith("DPoP") else f'Bearer realm="coatcheck", error="{code}"'
    )
    assert answer.headers["www-authenticate"].startswith(expected)
    assert 'algs="ES256 EdDSA RS256 PS256"' in answer.headers["www-authenticate"]
    assert (await place.ask(place.headers(place.proof()))).status_code == 200


async def test_a_proof_sent_again(place: Place) -> None:
    headers = place.headers(place.proof())
    assert (await place.ask(headers)).status_code == 200
    await refused(place, headers, NO_PROOF)


async def test_a_proof_of_another_key(place: Place) -> None:
    await refused(place, place.headers(place.proof(by=THIEF)), NO_TOKEN)


async def test_another_token_under_the_same_proof(place: Place) -> None:
    await refused(place, place.headers(place.proof(), place.unbound), NO_PROOF)


ELSEWHERE: dict[str, Callable[[str], str]] = {
    "another service": lambda url: url.replace("://", "://other."),
    "another path": lambda url: f"{url}/x",
    "below": lambda url: url.rpartition("/")[0],
    "another scheme": lambda url: url.replace("https", "http"),
    "another port": lambda url: url.replace(".org/", ".org:8443/"),
    "another letter": lambda url: url[:-1] + url[-1].upper(),
    "nowhere": lambda _url: "",
}


@pytest.mark.parametrize("where", ELSEWHERE)
async def test_a_proof_for_another_address(place: Place, where: str) -> None:
    await refused(place, place.headers(place.proof(htu=ELSEWHERE[where](place.url))), NO_PROOF)


@pytest.mark.parametrize("method", ["POST", "get", "HEAD"])
async def test_a_proof_for_another_method(place: Place, method: str) -> None:
    await refused(place, place.headers(place.proof(htm=method)), NO_PROOF)


async def test_a_proof_without_the_tokens_hash(place: Place) -> None:
    await refused(place, place.headers(place.proof(ath=None)), NO_PROOF)


async def test_a_proof_for_another_token(place: Place) -> None:
    other = encode_base64url(sha256(place.unbound.encode()).digest())
    await refused(place, place.headers(place.proof(ath=other)), NO_PROOF)


@pytest.mark.parametrize("off_s", [31, 3600, -61, -3600])
async def test_a_proof_from_the_future_or_the_past(place: Place, off_s: int) -> None:
    await refused(place, place.headers(place.proof(iat=place.now() // 1000 + off_s)), NO_PROOF)


async def test_a_bound_token_as_bearer(place: Place) -> None:
    await refused(place, [("authorization", f"Bearer {place.token}")], NO_TOKEN)
    await refused(place, [("authorization", f"Bearer {place.token}"), ("dpop", place.proof())], NO_TOKEN)


async def test_a_bound_token_without_a_proof(place: Place) -> None:
    await refused(place, [("authorization", f"DPoP {place.token}")], NO_PROOF)
    await refused(place, place.headers(""), NO_PROOF)


async def test_an_unbound_token_with_a_proof_of_any_key(place: Place) -> None:
    assert (await place.ask([("authorization", f"Bearer {place.unbound}")])).status_code == 200
    await refused(place, place.headers(place.proof(place.unbound), place.unbound), NO_TOKEN)
    await refused(place, place.headers(place.proof(place.unbound, by=THIEF), place.unbound), NO_TOKEN)


async def test_two_proofs(place: Place) -> None:
    await refused(place, [*place.headers(place.proof()), ("dpop", place.proof())], NO_PROOF)
    await refused(place, [*place.headers(place.proof(by=THIEF)), ("dpop", place.proof())], NO_PROOF)


async def test_two_tokens(place: Place) -> None:
    bearer = ("authorization", f"Bearer {place.unbound}")
    answer = await place.ask([bearer, *place.headers(place.proof())])
    assert (answer.status_code, answer.json()["code"]) == (401, NO_TOKEN)


async def test_a_proof_whose_token_was_refused_is_not_used_up(place: Place) -> None:
    """Else whoever sees a proof on its way could send it first with nonsense, and have the client refused."""
    proof = place.proof()
    assert (await place.ask(place.headers(proof, place.unbound))).status_code == 401
    assert (await place.ask([("authorization", f"Bearer {place.token}"), ("dpop", proof)])).status_code == 401
    assert (await place.ask(place.headers(proof))).status_code == 200


async def test_the_window_is_as_wide_as_it_says(place: Place) -> None:
    for off_s in (-59, 29):
        at = place.now() // 1000 + off_s
        assert (await place.ask(place.headers(place.proof(iat=at)))).status_code == 200


async def test_the_scheme_in_any_letters(place: Place) -> None:
    headers = bound(place.token, place.url, at=place.now())
    headers["authorization"] = headers["authorization"].replace("DPoP", "dPOp ")
    assert (await place.ask(list(headers.items()))).status_code == 200
