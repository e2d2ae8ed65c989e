"""Ed25519: libsodium and OpenSSL give the same verdicts."""

import subprocess
import sys
from hashlib import sha512

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.verifier.ed25519 import SMALL_POINTS, by_openssl, ed25519_check, fastest
from coatcheck.verifier.sodium import by_sodium

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19
PRIVATE = Ed25519PrivateKey.generate()
PUBLIC = PRIVATE.public_key().public_bytes_raw()
SIGNED = b"what is signed"
RIGHT = PRIVATE.sign(SIGNED)
SODIUM = ed25519_check(PUBLIC, by_sodium)
OPENSSL = ed25519_check(PUBLIC, by_openssl)


def both(signature: bytes, signed: bytes = SIGNED) -> bool:
    """Give the one verdict."""
    verdict = SODIUM(signature, signed)
    assert OPENSSL(signature, signed) == verdict
    return verdict


def test_libsodium_is_used_where_it_is() -> None:
    assert fastest() is by_sodium


def test_openssl_is_used_where_it_is_not() -> None:
    script = """
import sys
sys.modules["nacl"] = None
from coatcheck.verifier.ed25519 import by_openssl, fastest
assert fastest() is by_openssl
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_a_right_signature_is_right() -> None:
    assert both(RIGHT)
    assert not both(RIGHT, b"something else")


@given(st.binary(max_size=80))
def test_random_bytes_are_wrong(signature: bytes) -> None:
    assert not both(signature)


@given(st.integers(0, 511))
def test_every_changed_bit_is_seen(bit: int) -> None:
    changed = bytearray(RIGHT)
    changed[bit // 8] ^= 1 << bit % 8
    assert not both(bytes(changed))


@pytest.mark.parametrize("times", range(1, 16))
def test_s_past_the_order_is_wrong(times: int) -> None:
    s = int.from_bytes(RIGHT[32:], "little") + times * ORDER
    if s < 2**256:
        assert not both(RIGHT[:32] + s.to_bytes(32, "little"))


@pytest.mark.parametrize("point", sorted(SMALL_POINTS), ids=bytes.hex)
def test_a_small_point_is_neither_key_nor_r(point: bytes) -> None:
    with pytest.raises(ValueError, match="weak"):
        ed25519_check(point)
    assert not both(point + bytes(32))
    assert not both(point + RIGHT[32:])


def test_a_signature_without_a_nonce_is_wrong() -> None:
    """Its R is the neutral point. Only the key's owner can make it; OpenSSL takes it, libsodium does not."""
    digest = sha512(PRIVATE.private_bytes_raw()).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    neutral = (1).to_bytes(32, "little")
    s = int.from_bytes(sha512(neutral + PUBLIC + SIGNED).digest(), "little") * scalar % ORDER
    signature = neutral + s.to_bytes(32, "little")
    assert by_openssl(PUBLIC)(signature, SIGNED)
    assert not by_sodium(PUBLIC)(signature, SIGNED)
    assert not both(signature)


def test_small_points_are_those_of_the_list() -> None:
    assert len(SMALL_POINTS) == 10
    assert bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05") in SMALL_POINTS
    assert bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a") in SMALL_POINTS


@pytest.mark.parametrize("y", [PRIME, PRIME + 1, PRIME + 18])
@pytest.mark.parametrize("sign", [0, 1 << 255])
def test_a_second_text_of_a_point_is_no_key(y: int, sign: int) -> None:
    text = (y | sign).to_bytes(32, "little")
    with pytest.raises(ValueError, match="weak"):
        ed25519_check(text)
    assert not both(text + RIGHT[32:])


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_has_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="weak"):
        ed25519_check(b"\x09" * length)
