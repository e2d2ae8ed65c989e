"""Attack 16: CVE-2026-55669, Zitadel: a token for another audience is taken, as `aud` is not looked at.

Whoever runs one service takes the tokens that people bring and uses them at another. Here a verifier cannot be made
without its audience, which the token must name exactly; and the issuer, and the kind of token, must be right as well.
An ID token of a provider must be for our client there, and for no other that it does not name us the user of (`azp`).
"""

import pytest

from tests.attacks.forged import taken
from tests.upstream.oauth.acme import CLIENT, Acme
from tests.verifier.tokens import AUDIENCE, ISSUER, claims, header, signer, token

GOOD = signer("ES256")
OTHER = "https://other.example.org"


def test_a_token_for_one_service_is_refused_by_another() -> None:
    text = token(GOOD)
    assert taken(text, audience=AUDIENCE) is not None
    assert taken(text, audience=OTHER) is None
    assert taken(token(GOOD, payload=claims(aud=[AUDIENCE, OTHER])), audience=OTHER) is not None


@pytest.mark.parametrize(
    "audience",
    [None, "", [], [""], "*", ["*"], f"{AUDIENCE},{OTHER}", f"{AUDIENCE} {OTHER}", AUDIENCE + ".evil.example",
     AUDIENCE.upper(), AUDIENCE + "/", AUDIENCE[:-1], [AUDIENCE[:5]], [[AUDIENCE]], {AUDIENCE: True}, True],
)  # fmt: skip
def test_what_only_looks_like_the_audience_is_not(audience: object) -> None:
    assert taken(token(GOOD, payload=claims(aud=audience))) is None


@pytest.mark.parametrize("typ", [None, "JWT", "id_token", "logout+jwt", "statuslist+jwt", "statusfeed+jwt", "dpop+jwt"])
def test_a_token_for_another_use_is_no_access_token(typ: str | None) -> None:
    id_token = {"iss": ISSUER, "sub": "acc_anna", "aud": "first-party", "nonce": "n", "exp": 1_900_000_900, "iat": 1}
    for payload in (claims(), id_token, id_token | {"aud": AUDIENCE}):
        assert taken(token(GOOD, header(GOOD, typ=typ), payload)) is None
    assert taken(token(GOOD, payload=id_token | {"aud": AUDIENCE})) is None, "it lacks what an access token has"


@pytest.mark.parametrize("text", ["ccr_" + "a" * 40, "cck_" + "b" * 40, "a" * 32])
def test_an_opaque_credential_is_no_access_token(text: str) -> None:
    assert taken(text) is None


def test_another_issuers_token_is_refused_though_the_key_is_right() -> None:
    for issuer in ("https://evil.example", ISSUER + "/", ISSUER.replace("https:", "http:")):
        assert taken(token(GOOD, payload=claims(iss=issuer))) is None


@pytest.mark.parametrize(
    "audience",
    [None, "", [], [""], "*", ["*"], "client-2", f"{CLIENT} client-2", f"{CLIENT},client-2", CLIENT + " ",
     CLIENT.upper(), CLIENT[:-1], [[CLIENT]], {CLIENT: True}, True, 1, [CLIENT, 1], [CLIENT, None]],
)  # fmt: skip
async def test_an_id_token_for_another_client(acme: Acme, audience: object) -> None:
    acme.claims = {"aud": audience}
    assert (await acme.refused()).trouble == "identity_token_refused"


@pytest.mark.parametrize("azp", [None, "", "client-2", CLIENT + "2", [CLIENT], True])
async def test_an_id_token_that_another_client_uses(acme: Acme, azp: object) -> None:
    acme.claims = {"aud": [CLIENT, "client-2"], "azp": azp}
    assert (await acme.refused()).trouble == "identity_token_refused"
    if azp is not None:
        acme.claims = {"azp": azp}
        assert (await acme.refused()).trouble == "identity_token_refused"


@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "application/at+jwt", "dpop+jwt", "ID"])
async def test_a_token_for_another_use_is_no_id_token(acme: Acme, typ: str) -> None:
    acme.header = {"typ": typ}
    assert (await acme.refused()).trouble == "identity_token_refused"
