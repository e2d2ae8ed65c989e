"""ID tokens: each check, by a token that is right but for one thing."""

from typing import Any

import pytest

from coatcheck.keys.algorithms import ALGORITHMS
from coatcheck.upstream.provider import Claim, Claims
from tests.upstream.oauth.acme import CLIENT, Acme, signer

T = 1_800_000_000
"""The clock of the tests, in seconds."""


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_each_algorithm(acme: Acme, algorithm: str) -> None:
    acme.algorithm = algorithm
    acme.claims = {"at_hash": None}
    acme.publish()
    assert (await acme.identify()).subject == "person-1"


RIGHT: list[dict[str, Any]] = [
    {},
    {"at_hash": None},
    {"aud": [CLIENT]},
    {"aud": [CLIENT, "other"], "azp": CLIENT},
    {"azp": CLIENT},
    {"exp": T - 59},
    {"iat": T + 60},
    {"iat": T - 60},
    {"nbf": T + 60},
    {"half": 1.5, "deep": [[[[[[[[[1]]]]]]]]], "n": "é"},
    {"groups": ["a group with a long name"] * 900},
]


@pytest.mark.parametrize("claims", RIGHT)
async def test_right_ones(acme: Acme, claims: dict[str, Any]) -> None:
    acme.claims = claims
    assert (await acme.identify()).subject == "person-1"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"iss": None}, "iss is"),
    ({"iss": "https://other.example"}, "iss is"),
    ({"iss": 7}, "iss is"),
    ({"aud": None}, "aud"),
    ({"aud": "other"}, "aud"),
    ({"aud": CLIENT.upper()}, "aud"),
    ({"aud": []}, "aud"),
    ({"aud": [CLIENT, 7]}, "aud"),
    ({"aud": {"a": CLIENT}}, "aud"),
    ({"aud": [CLIENT, "other"]}, "azp"),
    ({"aud": [CLIENT, "other"], "azp": "other"}, "azp"),
    ({"azp": "other"}, "azp"),
    ({"azp": None, "aud": [CLIENT, CLIENT]}, "azp"),
    ({"exp": None}, "exp is missing"),
    ({"exp": T - 60}, "ran out"),
    ({"exp": float(T + 300)}, "exp is missing"),
    ({"exp": str(T + 300)}, "exp is missing"),
    ({"exp": True}, "exp is missing"),
    ({"exp": 10**30}, "exp is missing"),
    ({"iat": None}, "iat is missing"),
    ({"iat": T + 61}, "61 s ahead"),
    ({"iat": T - 61}, "61 s before"),
    ({"nbf": T + 61}, "nbf"),
    ({"nbf": None, "nbf ": 1, "iat": "now"}, "iat"),
    ({"nonce": None}, "nonce is missing"),
    ({"nonce": "other"}, "nonce is that of another"),
    ({"nonce": ["other"]}, "nonce"),
    ({"nonce": ""}, "nonce"),
    ({"at_hash": "other"}, "at_hash"),
    ({"at_hash": 7}, "at_hash"),
    ({"at_hash": ""}, "at_hash"),
    ({"c_hash": "other"}, "c_hash"),
    ({"a": "\0"}, "no JSON"),
    ({"a": "x" * 70_000}, "longer than 64 KiB"),
]


@pytest.mark.parametrize(("claims", "because"), WRONG)
async def test_wrong_ones(acme: Acme, claims: dict[str, Any], because: str) -> None:
    acme.claims = claims
    failed = await acme.refused()
    assert (failed.trouble, because in failed.because) == ("identity_token_refused", True), failed.because


HEADERS: list[tuple[dict[str, Any], bool]] = [
    ({"x5t": "thumb", "x5t#S256": "thumb"}, True),
    ({"typ": None}, True),
    ({"typ": "jwt"}, True),
    ({"kid": None}, True),
    ({"typ": "at+jwt"}, False),
    ({"typ": "logout+jwt"}, False),
    ({"kid": "k2"}, False),
    ({"alg": "none"}, False),
    ({"alg": "HS256"}, False),
    ({"alg": "RS256"}, False),
    ({"alg": "ES384"}, False),
    ({"crit": ["exp"], "exp": 1}, False),
    ({"jku": "https://other.example/jwks"}, False),
    ({"jwk": {"kty": "EC"}}, False),
    ({"x5c": ["cert"]}, False),
    ({"zip": "DEF"}, False),
    ({"b64": False}, False),
]


@pytest.mark.parametrize(("header", "is_right"), HEADERS)
async def test_headers(acme: Acme, header: dict[str, Any], is_right: bool) -> None:
    acme.header = header
    if is_right:
        assert (await acme.identify()).subject == "person-1"
    else:
        assert (await acme.refused()).trouble == "identity_token_refused"


async def test_a_signature_by_somebody_else(acme: Acme) -> None:
    acme.signed_by = ALGORITHMS["ES256"].open(ALGORITHMS["ES256"].make()).sign
    assert "signature" in (await acme.refused()).because


async def test_an_algorithm_that_the_entry_does_not_pin(acme: Acme) -> None:
    assert "may not use" in (await acme.refused(acme.provider(algorithms=("RS256",)))).because


async def test_no_nonce_is_demanded_where_none_was_sent(acme: Acme) -> None:
    acme.claims = {"nonce": None}
    assert (await acme.identify(acme.provider(sends_nonce=False))).subject == "person-1"


FRESH: list[tuple[object, bool]] = [(T, True), (T - 60, True), (T - 61, False), (None, False), ("now", False)]


@pytest.mark.parametrize(("auth_time", "is_right"), FRESH)
async def test_the_person_was_asked_anew(acme: Acme, auth_time: object, is_right: bool) -> None:
    acme.claims = {"auth_time": auth_time}
    provider = acme.provider(reauthenticates=True)
    if is_right:
        assert (await acme.identify(provider, wants_fresh=True)).subject == "person-1"
    else:
        assert (await acme.refused(provider, wants_fresh=True)).trouble == "identity_token_refused"
    assert (await acme.identify(provider)).subject == "person-1"


TENANT, OTHER = "aaaaaaaa-0000-4000-8000-00000000000a", "bbbbbbbb-0000-4000-8000-00000000000b"
STRANGER = "cccccccc-0000-4000-8000-00000000000c"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"


def of_tenants(acme: Acme, **changed: Any) -> Any:
    acme.document = {"issuer": acme.url + "/{tenantid}/v2.0"}
    jwk = {**(signer("ES256").jwk or {}), "kid": "k1", "issuer": changed.pop("key_issuer", acme.document["issuer"])}
    acme.publish({"keys": [jwk]})
    return acme.provider(issuer=acme.document["issuer"], **changed)


async def test_an_issuer_with_a_tenant(acme: Acme) -> None:
    provider = of_tenants(acme, claims=Claims(subject=Claim(source="id_token", path=("oid",))))
    acme.claims = {"iss": f"{acme.url}/{TENANT}/v2.0", "tid": TENANT, "oid": "o-1"}
    identity = await acme.identify(provider)
    assert (identity.issuer, identity.subject) == (f"{acme.url}/{TENANT}/v2.0", "o-1")


@pytest.mark.parametrize(
    ("tid", "iss", "trouble"),
    [
        (OTHER, TENANT, "identity_token_refused"),
        (None, TENANT, "identity_token_refused"),
        ("{tenantid}", "{tenantid}", "identity_token_refused"),
        ("../x", "../x", "identity_token_refused"),
        (TENANT.upper(), TENANT.upper(), "identity_token_refused"),
        (f"{TENANT}\n", f"{TENANT}\n", "identity_token_refused"),
        (STRANGER, STRANGER, "tenant_refused"),
        (PERSONAL, PERSONAL, "tenant_refused"),
    ],
)
async def test_lies_about_a_tenant(acme: Acme, tid: str | None, iss: str, trouble: str) -> None:
    provider = of_tenants(acme, tenants=(TENANT, OTHER))
    acme.claims = {"iss": f"{acme.url}/{iss}/v2.0", "tid": tid}
    assert (await acme.refused(provider)).trouble == trouble


async def test_tenants_that_may_not_sign_in(acme: Acme) -> None:
    provider = of_tenants(acme, not_tenants=(PERSONAL,))
    acme.claims = {"iss": f"{acme.url}/{PERSONAL}/v2.0", "tid": PERSONAL}
    assert (await acme.refused(provider)).trouble == "tenant_refused"
    acme.claims = {"iss": f"{acme.url}/{OTHER}/v2.0", "tid": OTHER}
    assert (await acme.identify(provider)).issuer == f"{acme.url}/{OTHER}/v2.0"


async def test_a_key_of_one_tenant_signs_for_no_other(acme: Acme) -> None:
    provider = of_tenants(acme, key_issuer=f"{acme.url}/{TENANT}/v2.0")
    acme.claims = {"iss": f"{acme.url}/{OTHER}/v2.0", "tid": OTHER}
    assert "its key signs for" in (await acme.refused(provider)).because
    acme.claims = {"iss": f"{acme.url}/{TENANT}/v2.0", "tid": TENANT}
    assert (await acme.identify(provider)).issuer == f"{acme.url}/{TENANT}/v2.0"


async def test_another_spelling_stands_for_the_issuer(acme: Acme) -> None:
    acme.claims = {"iss": "accounts.acme.example"}
    provider = acme.provider(other_issuers=("accounts.acme.example",))
    assert (await acme.identify(provider)).issuer == acme.url
    assert (await acme.refused()).trouble == "identity_token_refused"
