"""What a refusal looks like on the wire: the document, and each header that tells a client what to do."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from coatcheck.errors import (
    BadInput,
    Busy,
    CoatcheckError,
    CrossSiteRefused,
    FreshSignInNeeded,
    InvalidCredentials,
    NotAllowed,
    NotSignedIn,
    ProofNonceNeeded,
    ProofRefused,
    SessionEnded,
    TokenRefused,
    TooManyAttempts,
)
from coatcheck.verifier import Demand, Principal, refusal
from coatcheck.verifier.answer import answer_of

REALM = 'Bearer realm="coatcheck"'
OR_BOUND = 'DPoP algs="ES256 EdDSA RS256 PS256"'
INVALID = f'{REALM}, error="invalid_token", error_description='
STEP_UP = f'{REALM}, error="insufficient_user_authentication", error_description="Confirm that it is you first."'
SCOPE = f'{REALM}, error="insufficient_scope", error_description="You may not do this."'
ALGS = 'algs="ES256 EdDSA RS256 PS256"'
UNUSABLE = "This token cannot be used here. Get another one."
NEW_PROOF = "The proof of possession cannot be used. Make a new one for this request."
NEEDS_NONCE = "The proof of possession needs the nonce that comes with this answer."

CHALLENGES: list[tuple[CoatcheckError, str | None]] = [
    (NotSignedIn("no credential was presented"), f"{REALM}, {OR_BOUND}"),
    (InvalidCredentials(), f"{REALM}, {OR_BOUND}"),
    (TokenRefused("forged"), f'{INVALID}"This token cannot be used here. Get another one.", {OR_BOUND}'),
    (TokenRefused("moved", renew=True), f'{INVALID}"This token cannot be used here. Get another one.", {OR_BOUND}'),
    (SessionEnded("revoked"), f'{INVALID}"This session has ended. Sign in again.", {OR_BOUND}'),
    (
        TokenRefused("bound to none", with_proof=True),
        f'DPoP error="invalid_token", error_description="{UNUSABLE}", {ALGS}',
    ),
    (ProofRefused("it came before"), f'DPoP error="invalid_dpop_proof", error_description="{NEW_PROOF}", {ALGS}'),
    (ProofNonceNeeded("n0nce"), f'DPoP error="use_dpop_nonce", error_description="{NEEDS_NONCE}", {ALGS}'),
    (NotAllowed("acc_1 lacks it", permission="notes:delete"), f'{SCOPE}, scope="notes:delete"'),
    (NotAllowed("acc_1 lacks the role editor"), None),
    (CrossSiteRefused(), None),
    (FreshSignInNeeded(), STEP_UP),
    (FreshSignInNeeded(acr="aal2"), f'{STEP_UP}, acr_values="aal2"'),
    (FreshSignInNeeded(max_age=300), f'{STEP_UP}, max_age="300"'),
    (FreshSignInNeeded(acr="aal3", max_age=60), f'{STEP_UP}, acr_values="aal3", max_age="60"'),
    (Busy(), None),
    (CoatcheckError(), None),
]


@pytest.mark.parametrize(("error", "challenge"), CHALLENGES, ids=lambda value: getattr(value, "code", ""))
def test_the_challenge(error: CoatcheckError, challenge: str | None) -> None:
    assert answer_of(error).headers.get("www-authenticate") == challenge


@pytest.mark.parametrize(("error", "_challenge"), CHALLENGES, ids=lambda value: getattr(value, "code", ""))
def test_no_reason_of_the_operator_leaves_the_house(error: CoatcheckError, _challenge: str | None) -> None:
    answer = answer_of(error)
    assert not error.because or error.because not in f"{answer.headers}{answer.body!r}"


def test_a_challenge_ends_where_it_should() -> None:
    """A name that could end the quoted text or the header loses those letters."""
    header = answer_of(NotAllowed(permission='a:b"\\, x="y\r\nset-cookie: z')).headers["www-authenticate"]
    assert header == f'{SCOPE}, scope="a:b, x=yset-cookie: z"'


@pytest.mark.parametrize(
    ("error", "retry_after"), [(TooManyAttempts(60), "60"), (Busy(5), "5"), (Busy(0), "1"), (NotSignedIn(), None)]
)
def test_when_to_try_again(error: CoatcheckError, retry_after: str | None) -> None:
    assert answer_of(error).headers.get("retry-after") == retry_after


def test_the_nonce_that_the_next_proof_needs() -> None:
    assert answer_of(ProofNonceNeeded("n0nce")).headers["dpop-nonce"] == "n0nce"
    assert "dpop-nonce" not in answer_of(ProofRefused()).headers


def test_the_document_and_what_describes_it() -> None:
    answer = answer_of(BadInput({"email": "This is needed."}), "req_1")
    document: dict[str, Any] = msgspec.json.decode(answer.body)
    assert document == {
        "type": "urn:coatcheck:invalid_input",
        "code": "invalid_input",
        "status": 422,
        "title": "Some of what was sent cannot be used.",
        "fields": {"email": "This is needed."},
        "request_id": "req_1",
    }
    assert answer.status == 422
    assert answer.headers == {
        "content-type": "application/problem+json",
        "content-length": str(len(answer.body)),
        "cache-control": "no-store",
    }
    assert (b"cache-control", b"no-store") in answer.pairs


def test_a_demand_tells_what_would_meet_it() -> None:
    weak = Principal(subject="acc_1", permissions=frozenset({"notes:read"}), auth_time=0)
    lacking = refusal(Demand(permission="notes:delete"), weak, now=0)
    assert isinstance(lacking, NotAllowed)
    assert lacking.permission == "notes:delete"
    for demand in (Demand(acr="aal2", fresh=timedelta(minutes=5)), Demand(fresh=timedelta(minutes=5), acr="aal1")):
        again = refusal(demand, weak, now=300_001)
        assert isinstance(again, FreshSignInNeeded)
        assert (again.acr, again.max_age) == (demand.acr, 300)


def test_a_permission_that_no_scope_can_hold_is_no_demand() -> None:
    for name in (
        'notes:"',
        "notes:all of them",
        "notes:\n",
        "notes:é",
        "notes:\\",
        "notes",
        "notes:*",
        "*:read",
        "*:*",
    ):
        with pytest.raises(ValueError, match="resource:action"):
            Demand(permission=name)


def test_a_part_of_a_role_is_not_the_role() -> None:
    """A role stands for all that it allows: a credential that may use some of it must not pass for one that may all."""
    editor = Principal(
        subject="acc_1", roles=frozenset({"editor"}), permissions=frozenset({"notes:read", "notes:delete"})
    )
    for scopes, is_met in (
        (None, True),
        (editor.permissions, True),
        (editor.permissions | {"notes:print"}, True),
        (frozenset({"notes:read"}), False),
        (frozenset[str](), False),
    ):
        refused = refusal(Demand(role="editor"), replace(editor, scopes=scopes), now=0)
        assert (refused is None) == is_met, scopes
