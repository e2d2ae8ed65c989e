"""Signatures: each by one algorithm, of one length, with numbers in their range."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_ec_key
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512

from coatcheck.errors import TokenRefused
from coatcheck.verifier.algorithms import VerifyingKey, check_signature, secret_key, verifying_key
from coatcheck.verifier.jws import KnownHeaders, parse_jws
from tests.verifier.tokens import ALGORITHMS, PUBLISHED, Signer, header, signer, token

SIGNED = b"what is signed"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_right_signature_is_right(algorithm: Any) -> None:
    by = signer(algorithm)
    assert by.key.verify(by.sign(SIGNED), SIGNED)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_changed_byte_is_seen(algorithm: Any) -> None:
    by = signer(algorithm)
    key, right = by.key, by.sign(SIGNED)
    for place in range(len(right)):
        for bit in (1, 128):
            changed = bytearray(right)
            changed[place] ^= bit
            assert not key.verify(bytes(changed), SIGNED)
    assert not key.verify(right, SIGNED + b"\0")
    assert not key.verify(right, b"")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("change", [lambda it: b"", lambda it: it[:-1], lambda it: it[1:], lambda it: it + b"\0",
                                    lambda it: b"\0" + it, lambda it: it + it, lambda it: bytes(len(it)),
                                    lambda it: b"\xff" * len(it)])  # fmt: skip
def test_a_signature_of_another_length_is_wrong(algorithm: Any, change: Any) -> None:
    by = signer(algorithm)
    assert not by.key.verify(change(by.sign(SIGNED)), SIGNED)


@pytest.mark.parametrize("r", [0, ORDER, ORDER + 1, 2**256 - 1])
@pytest.mark.parametrize("s", [0, 1, ORDER - 1, ORDER, 2**256 - 1])
def test_numbers_out_of_range_are_wrong(r: int, s: int) -> None:
    key = signer("ES256").key
    for first, second in ((r, s), (s, r)):
        assert not key.verify(first.to_bytes(32) + second.to_bytes(32), SIGNED)


def test_a_number_past_the_order_is_not_taken_for_the_one_it_equals() -> None:
    """OpenSSL says so too; here it never gets to see one."""
    by = signer("ES256")
    for _ in range(200):
        right = by.sign(SIGNED)
        s = int.from_bytes(right[32:]) + ORDER
        if s < 2**256:
            assert not by.key.verify(right[:32] + s.to_bytes(32), SIGNED)


@pytest.mark.parametrize("salt", [0, 20, 31, 33, 64, PSS.MAX_LENGTH])
def test_a_salt_of_another_length_is_wrong(salt: Any) -> None:
    private = new_rsa_key(65537, 2048)
    key = verifying_key("k", "PS256", private.public_key())
    assert key.verify(private.sign(SIGNED, PSS(MGF1(SHA256()), 32), SHA256()), SIGNED)
    assert not key.verify(private.sign(SIGNED, PSS(MGF1(SHA256()), salt), SHA256()), SIGNED)
    assert not key.verify(private.sign(SIGNED, PSS(MGF1(SHA1()), 32), SHA256()), SIGNED)  # noqa: S303
    assert not key.verify(private.sign(SIGNED, PSS(MGF1(SHA512()), 32), SHA512()), SIGNED)


@pytest.mark.parametrize(
    ("signs", "checks"), [(one, other) for one in PUBLISHED for other in PUBLISHED if one != other]
)
def test_a_key_is_for_one_algorithm(signs: Any, checks: Any) -> None:
    by, key = signer(signs), signer(checks).key
    assert not key.verify(by.sign(SIGNED), SIGNED)
    jws = parse_jws(token(by, header(by, kid=key.kid)))
    with pytest.raises(TokenRefused, match="its key is for"):
        check_signature(jws, key)


def test_a_key_made_for_one_algorithm_checks_no_other_of_its_kind() -> None:
    by = signer("RS256")
    assert by.public is not None
    pss = verifying_key(by.kid, "PS256", by.public)
    with pytest.raises(TokenRefused, match="its key is for"):
        check_signature(parse_jws(token(by)), pss)
    with pytest.raises(TokenRefused, match="wrong"):
        check_signature(parse_jws(token(by, header(by, alg="PS256"))), pss)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_does_not_fit_is_refused(algorithm: Any) -> None:
    for other in PUBLISHED:
        public = signer(other).public
        fits = other == algorithm or {other, algorithm} == {"RS256", "PS256"}
        if public is not None and not fits:
            with pytest.raises(ValueError, match="another kind"):
                verifying_key("k", algorithm, public)


def test_weak_keys_are_refused() -> None:
    modulus = new_rsa_key(65537, 2048).public_key().public_numbers().n
    with pytest.raises(ValueError, match="another kind"):
        verifying_key("k", "ES256", new_ec_key(SECP384R1()).public_key())
    with pytest.raises(ValueError, match="2048"):
        verifying_key("k", "RS256", new_rsa_key(65537, 1024).public_key())  # noqa: S505
    for exponent in (3, 17, 65535, 2**33 + 1):
        with pytest.raises(ValueError, match="65537"):
            verifying_key("k", "RS256", RSAPublicNumbers(exponent, modulus).public_key())


@pytest.mark.parametrize("secret", [b"", b"short", b"x" * 31])
def test_a_short_secret_is_refused(secret: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        secret_key("k", secret)


def test_a_token_for_another_key_is_refused() -> None:
    by = signer("ES256")
    key = VerifyingKey("another", "ES256", by.key.verify)
    with pytest.raises(TokenRefused):
        check_signature(parse_jws(token(by)), key)


def test_only_the_header_of_a_right_signature_is_kept() -> None:
    by, known = signer("ES256"), KnownHeaders()
    jws = parse_jws(token(by))
    wrong = Signer(by.algorithm, lambda signed: bytes(64), by.public)
    with pytest.raises(TokenRefused):
        check_signature(parse_jws(token(wrong)), by.key, known)
    assert known.get(jws.segment) is None
    check_signature(jws, by.key, known)
    assert known.get(jws.segment) is not None


def test_a_secret_is_not_shown() -> None:
    assert "secret" not in repr(secret_key("k", b"a secret of thirty-two bytes ...."))
