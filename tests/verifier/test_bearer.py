"""What `Authorization` presents: one token, by one of two schemes."""

import pytest

from coatcheck.errors import NotSignedIn, ProofRefused, TokenRefused
from coatcheck.verifier.bearer import Credential, bearer_of, credential_of
from coatcheck.visit import Asked


@pytest.mark.parametrize(
    ("authorization", "dpop", "credential"),
    [
        ("Bearer a.b.c", None, Credential("a.b.c")),
        ("bEARER   a.b.c", None, Credential("a.b.c")),
        ("Bearer a.b.c", "p.r.f", Credential("a.b.c")),
        ("DPoP a.b.c", "p.r.f", Credential("a.b.c", "p.r.f")),
        ("dpop  a-_~+/.c==", "p.r.f", Credential("a-_~+/.c==", "p.r.f")),
        ("DPoP a.b.c", "", Credential("a.b.c", "")),
    ],
)
def test_what_is_presented(authorization: str, dpop: str | None, credential: Credential) -> None:
    assert credential_of(Asked(authorization=authorization, dpop=dpop)) == credential


@pytest.mark.parametrize(
    "authorization",
    ["", "DPoP", "DPoP ", "DPoPa.b.c", "DPoP a.b.c x", "DPoP a.b.c, DPoP a.b.c", "DPoP\ta.b.c", " DPoP a.b.c",
     "DPoP a.b.c ", "Bearer DPoP a.b.c", "Basic a.b.c", "DPoP a\n", "D\u017foP a"],
)  # fmt: skip
def test_what_presents_nothing(authorization: str) -> None:
    with pytest.raises(TokenRefused):
        credential_of(Asked(authorization=authorization, dpop="p.r.f"))


def test_a_bound_token_without_a_proof() -> None:
    with pytest.raises(ProofRefused, match="no proof"):
        credential_of(Asked(authorization="DPoP a.b.c"))


def test_a_bound_token_opens_no_websocket() -> None:
    with pytest.raises(TokenRefused, match="socket ticket") as refused:
        credential_of(Asked(authorization="DPoP a.b.c", dpop="p.r.f", websocket=True))
    assert refused.value.with_proof


def test_where_a_bearer_token_alone_will_do() -> None:
    assert bearer_of(Asked(authorization="Bearer a.b.c", dpop="p.r.f")) == "a.b.c"
    with pytest.raises(TokenRefused):
        bearer_of(Asked(authorization="DPoP a.b.c", dpop="p.r.f"))
    with pytest.raises(NotSignedIn):
        bearer_of(Asked(dpop="p.r.f"))


def test_it_shows_no_token() -> None:
    assert repr(Credential("a.b.c")) == "Credential(Bearer)"
    assert repr(Credential("a.b.c", "p.r.f")) == "Credential(DPoP)"
