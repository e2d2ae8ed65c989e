"""Each algorithm signs what a stranger can check with the published part alone."""

import pytest

from coatcheck.keys.algorithms import ALGORITHMS, Signer
from tests.keys.checking import is_good, is_good_mac

ASYMMETRIC = sorted(set(ALGORITHMS) - {"HS256"})
SIGNED = b"eyJ.eyJ"


def signer(algorithm: str) -> Signer:
    return ALGORITHMS[algorithm].open(ALGORITHMS[algorithm].make())


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_stranger_can_check_it(algorithm: str) -> None:
    ours, other = signer(algorithm), signer(algorithm)
    assert ours.jwk is not None
    jwk, signature = {**ours.jwk, "alg": algorithm}, ours.sign(SIGNED)
    assert is_good(jwk, signature, SIGNED)
    assert not is_good(jwk, signature, SIGNED + b"x")
    assert not is_good(jwk, other.sign(SIGNED), SIGNED)


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_nothing_private_is_published(algorithm: str) -> None:
    members = {"RS256": {"kty", "n", "e"}, "ES256": {"kty", "crv", "x", "y"}, "EdDSA": {"kty", "crv", "x"}}
    assert set(signer(algorithm).jwk or {}) == members.get(algorithm, members["RS256"])


def test_a_shared_secret_is_not_published() -> None:
    ours = signer("HS256")
    assert ours.jwk is None
    assert isinstance(ours.public, bytes)
    assert len(ours.public) == 32
    assert is_good_mac(ours.public, ours.sign(SIGNED), SIGNED)


def test_short_numbers_keep_their_length() -> None:
    """One signature in 128 has a half that begins with a zero byte; JWS wants 64 bytes all the same."""
    ours = signer("ES256")
    assert {len(ours.sign(SIGNED)) for _ in range(600)} == {64}


@pytest.mark.parametrize(("algorithm", "other"), [("RS256", "ES256"), ("ES256", "EdDSA"), ("EdDSA", "RS256")])
def test_a_key_of_another_kind_is_refused(algorithm: str, other: str) -> None:
    with pytest.raises(TypeError):
        ALGORITHMS[algorithm].open(ALGORITHMS[other].make())


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_nothing_of_it_is_shown(algorithm: str) -> None:
    assert "object at" not in repr(signer(algorithm))
    assert "b'" not in repr(signer(algorithm))
