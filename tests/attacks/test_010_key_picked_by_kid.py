"""Attack 10: python-jose#274: the attacker picks, by `kid`, a key whose kind does not match the token's `alg`.

Or a key of the attacker's own: by a `kid` that is a path, a query or an address, or by a key in the header. Here `kid`
is looked up among the issuer's keys and nowhere else, and the key found must be of the token's algorithm.
"""

import pytest

from coatcheck.verifier.jws import Algorithm, parse_jws
from tests.attacks.forged import taken
from tests.verifier.tokens import ALGORITHMS, PUBLISHED, header, signer, token


@pytest.mark.parametrize("named", PUBLISHED)
@pytest.mark.parametrize("used", ALGORITHMS)
@pytest.mark.parametrize("said", ALGORITHMS)
def test_a_key_of_another_kind_checks_nothing(named: Algorithm, used: Algorithm, said: Algorithm) -> None:
    by = signer(used)
    found = taken(token(by, header(by, alg=said, kid=signer(named).kid)))
    assert (found is not None) == (named == used == said)


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "/dev/null",
        "file:///dev/null",
        "https://evil.example/key.pem",
        "' OR '1'='1",
        "x' UNION SELECT 'secret' --",
        "key-ES256' --",
        "key-ES256\0",
        "key-ES256 ",
        "KEY-ES256",
        "key-*",
        "|cat /etc/passwd",
        "$(id)",
        "__proto__",
        "__class__",
        "constructor",
        "0",
    ],
)
def test_a_kid_is_only_ever_a_name(kid: str) -> None:
    by = signer("ES256")
    assert taken(token(by, header(by, kid=kid))) is None
    empty_secret = signer("HS256")
    assert taken(token(empty_secret, header(empty_secret, kid=kid))) is None


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "epk"])
def test_a_token_does_not_bring_its_own_key(name: str) -> None:
    by = signer("ES256")
    for value in (by.jwk, "https://evil.example/keys", ["MIIB"], "thumbprint"):
        for kid in (by.kid, "evil", None):
            assert taken(token(by, header(by, kid=kid) | {name: value})) is None


def test_a_token_without_a_kid_has_no_key() -> None:
    by = signer("ES256")
    text = token(by, header(by, kid=None))
    assert parse_jws(text).kid is None
    assert taken(text) is None
