"""A verifier and tokens that are bound to a key: where it is reached, and what it says where nobody told it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from coatcheck.errors import ConfigurationError, ProofRefused, TokenRefused
from coatcheck.verifier import Asked, Verifier
from tests.verifier.issuer import AUDIENCE, SERVICE, Issuer, eventually
from tests.verifier.proofs import GOOD, bound, jkt_of
from tests.verifier.test_verifier import refuses, verifier_of
from tests.verifier.tokens import signer

URL = f"{AUDIENCE}/api/notes"


@pytest.fixture
def token(issuer: Issuer) -> str:
    return issuer.token(7, cnf={"jkt": jkt_of(GOOD)})


@pytest.fixture
def verifier(issuer: Issuer) -> Iterator[Verifier]:
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        yield verifier


def asked(issuer: Issuer, token: str, url: str = URL, htu: str | None = None, **more: Any) -> Asked:
    """Present a token with a new proof."""
    return Asked(url=url, **bound(token, htu or url, at=issuer.clock.now()), **more)


async def test_a_bound_token_counts_with_its_proof(issuer: Issuer, verifier: Verifier, token: str) -> None:
    assert (await verifier.authenticate(asked(issuer, token))).cnf == jkt_of(GOOD)
    assert verifier.authenticate_sync(asked(issuer, token)).subject == "acc_ann"
    with pytest.raises(TokenRefused):
        verifier.check(token)


async def test_what_the_owner_said_counts_and_not_the_host(issuer: Issuer, verifier: Verifier, token: str) -> None:
    """Its own address follows from its audience. A `Host` is what its sender wants it to be."""
    for host in ("http://10.0.0.7:8001", "https://evil.example", "https://"):
        assert (await verifier.authenticate(asked(issuer, token, f"{host}/api/notes?page=2", URL))).cnf == jkt_of(GOOD)
        with pytest.raises(ProofRefused, match="another address"):
            await verifier.authenticate(asked(issuer, token, f"{host}/api/notes", "https://evil.example/api/notes"))


async def test_a_service_of_several_names(issuer: Issuer, token: str) -> None:
    names = ("https://one.example.org", "https://TWO.example.org:8443/")
    with verifier_of(issuer, origins=names) as verifier:
        eventually(lambda: verifier.is_fresh)
        for name in ("https://one.example.org", "https://two.example.org:8443"):
            assert (await verifier.authenticate(asked(issuer, token, "http://10.0.0.7/a", f"{name}/a"))).cnf == jkt_of(
                GOOD
            )
        with pytest.raises(ProofRefused):
            await verifier.authenticate(asked(issuer, token))


@pytest.mark.parametrize("audience", ["notes", "urn:example:notes", "http://notes.internal"])
async def test_where_it_does_not_know_its_address_it_says_what_to_do(issuer: Issuer, audience: str) -> None:
    theirs = issuer.token(aud=audience, cnf={"jkt": jkt_of(GOOD)})
    unbound = issuer.token(aud=audience)
    with Verifier(issuer.url, audience=audience, credentials=SERVICE, clock=issuer.clock) as verifier:
        eventually(lambda: verifier.is_fresh)
        with pytest.raises(ConfigurationError, match="origins="):
            await verifier.authenticate(asked(issuer, theirs, f"{audience}/x"))
        for stranger in (unbound, issuer.token(cnf={"jkt": jkt_of(GOOD)}), "a.b.c", "x"):
            with pytest.raises(TokenRefused) as refused:
                await verifier.authenticate(asked(issuer, stranger, "https://notes/x"))
            assert refused.value.with_proof
        assert (await verifier.authenticate(Asked(authorization=f"Bearer {unbound}"))).cnf is None


@pytest.mark.parametrize(
    "origin",
    ["", "notes.example.org", "http://notes.example.org", f"{AUDIENCE}/api", f"{AUDIENCE}?x", "wss://a.example"],
)
def test_what_is_no_origin(issuer: Issuer, origin: str) -> None:
    with pytest.raises(ValueError, match="origins"):
        verifier_of(issuer, origins=(origin,))


async def test_one_request_may_ask_twice(issuer: Issuer, verifier: Verifier, token: str) -> None:
    one = asked(issuer, token, proven={})
    for _ in range(3):
        await verifier.authenticate(one)
        verifier.authenticate_sync(one)
    with pytest.raises(ProofRefused):
        await verifier.authenticate(Asked(url=URL, authorization=one.authorization, dpop=one.dpop, proven={}))


async def test_a_proof_is_spent_last(issuer: Issuer, verifier: Verifier, token: str) -> None:
    """What was refused for its token may come again with a better one; and strangers fill no memory."""
    thief = signer("EdDSA")
    for bad in (issuer.token(exp=1, cnf={"jkt": jkt_of(GOOD)}), issuer.token(), "a.b.c"):
        with pytest.raises(TokenRefused):
            await verifier.authenticate(asked(issuer, bad))
    with pytest.raises(TokenRefused):
        await verifier.authenticate(Asked(url=URL, **bound(token, URL, at=issuer.clock.now(), by=thief)))
    assert len(verifier._proofs._seen) == 0
    await verifier.authenticate(asked(issuer, token))
    assert len(verifier._proofs._seen) == 1


async def test_a_revocation_reaches_bound_tokens(issuer: Issuer, verifier: Verifier, token: str) -> None:
    one = asked(issuer, token, proven={})
    await verifier.authenticate(one)
    issuer.end(7)
    eventually(lambda: refuses(lambda: verifier.authenticate_sync(one)))


async def test_what_came_before_a_stop_is_still_known_after_it(issuer: Issuer, verifier: Verifier, token: str) -> None:
    one = asked(issuer, token)
    await verifier.authenticate(one)
    verifier.close()
    with pytest.raises(ProofRefused, match="came before"):
        await verifier.authenticate(one)


async def test_introspection_goes_before_the_proof_is_spent(issuer: Issuer, token: str) -> None:
    with verifier_of(issuer, when_stale="introspect") as verifier:
        eventually(lambda: verifier.is_fresh)
        await verifier.authenticate(asked(issuer, token))
    issuer.instead["/status/feed"] = lambda: None
    before = issuer.asked["/status/feed"]
    with verifier_of(issuer, when_stale="introspect") as verifier:
        eventually(lambda: issuer.asked["/status/feed"] > before)
        issuer.clock.advance(timedelta(seconds=3))  # it waits for its first news no longer
        issuer.active = False
        one = asked(issuer, token)
        with pytest.raises(TokenRefused):
            await verifier.authenticate(one)
        issuer.active = True
        assert (await verifier.authenticate(one)).cnf == jkt_of(GOOD)
        with pytest.raises(ProofRefused):
            await verifier.authenticate(one)
