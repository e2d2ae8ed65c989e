"""npm's jose takes our tokens by our published keys, and refuses nothing that we take."""

from collections.abc import Callable
from typing import Any

import pytest

from coatcheck.errors import TokenRefused
from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.jwk import keys_of
from tests.interop.theirs import Theirs
from tests.verifier.tokens import (
    AUDIENCE,
    ISSUER,
    NOW_S,
    PUBLISHED,
    as_json,
    claims,
    header,
    open_token,
    seal,
    signer,
    token,
)

JWKS = {"keys": [signer(algorithm).jwk for algorithm in PUBLISHED]}
KEYS = keys_of(as_json(JWKS))
Jose = Callable[[list[str]], list[dict[str, Any] | None]]


@pytest.fixture(scope="module")
def jose() -> Jose:
    """Give what jose finds in tokens."""
    return Theirs(JWKS, ISSUER, AUDIENCE, PUBLISHED, NOW_S).jose


def ours(text: str) -> bool:
    """Tell whether our verifier takes a token."""
    try:
        open_token(text, *KEYS.values())
    except (TokenRefused, KeyError):
        return False
    return True


def good_tokens() -> list[str]:
    """Give tokens that everybody must take."""
    kinds = [
        claims(),
        claims(aud=[AUDIENCE, "https://other.example"], email="ann@example.org", username="änn ☃"),
        claims(sub="svc_1", client_id="svc_1", sid=None, auth_time=None, amr=None, acr=None),
        claims(exp=NOW_S + 1),
    ]
    return [token(signer(algorithm), payload=kind) for algorithm in PUBLISHED for kind in kinds]


HEADERS: list[dict[str, Any]] = [
    *({"typ": typ} for typ in ("JWT", "AT+JWT", "application/at+jwt", None)),
    *({"kid": kid} for kid in ("x", "", None)),
    *({"crit": crit} for crit in ([], ["exp"])),
    {"alg": "none"},
    {"b64": True},
    {"jwk": signer("ES256").jwk},
    {"zip": "DEF"},
    {"cty": "JWT"},
]
CLAIMS: list[dict[str, Any]] = [
    *(
        {name: value}
        for name in ("exp", "iat", "nbf")
        for value in (0, 1, NOW_S, NOW_S + 31, "1", 1.5, -1, True, 2**53)
    ),
    *({"aud": audience} for audience in ("x", [], [AUDIENCE, "x"], AUDIENCE + "/", None)),
    *({"sub": subject} for subject in (None, 1, "")),
    {"iss": ISSUER + "/"},
    {"jti": ""},
    {"exp": None},
]
PAYLOADS = (b"{}", b"[]", b"null", b"", b"\xff", b'{"iss":1,"iss":2}', b'"x"')


def odd_tokens() -> list[str]:
    """Give tokens of which each has one fault, or what might be one; all of them are signed right."""
    tokens = []
    for algorithm in PUBLISHED:
        by = signer(algorithm)
        tokens += [token(by, as_json({**header(by), **changes})) for changes in HEADERS]
        tokens += [token(by, payload=claims(**changes)) for changes in CLAIMS]
        tokens += [token(by, payload=payload) for payload in PAYLOADS]
        head, payload = (encode_base64url(as_json(part)) for part in (header(by), claims()))
        tokens += [seal(by, f"{head}{more}.{payload}{more}") for more in ("=", "\n", "A", "+", ".")]
        tokens += [f"{token(by)}{more}" for more in ("=", "==", "\n", " ", "A", ".", "AAAA")]
    return tokens


def test_what_is_good_is_taken_by_both(jose: Jose) -> None:
    tokens = good_tokens()
    assert [ours(text) for text in tokens] == [True] * len(tokens)
    for text, found in zip(tokens, jose(tokens), strict=True):
        assert found is not None
        assert found["sub"] == open_token(text, *KEYS.values()).sub


def test_what_it_refuses_is_not_taken_by_us(jose: Jose) -> None:
    tokens = odd_tokens()
    found = jose(tokens)
    wrongly = [text for text, theirs in zip(tokens, found, strict=True) if theirs is None and ours(text)]
    assert wrongly == []
    taken = [text for text in tokens if ours(text)]
    assert 0 < len(taken) < sum(payload is not None for payload in found), "some are good, and it takes more than we do"
