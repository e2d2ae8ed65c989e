"""Attack 20: Wycheproof's invalid signatures and bad keys: modified padding, a wrong primitive, weak keys, `key_ops`.

Its classes of faults, made anew for our keys: each changes one thing in a token or a key that is otherwise right. Here
each is refused, and the token or key it was made from is taken.
"""

import json
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1, SECP384R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_ec_key
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa_key
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA384, SHA512

from coatcheck.verifier.canonical import decode_base64url, encode_base64url
from coatcheck.verifier.jwk import keys_of
from coatcheck.verifier.jws import Algorithm
from tests.attacks.forged import published, taken
from tests.verifier.tokens import PUBLISHED, Signer, as_json, header, in_base64url, signer, token

P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519 = 2**252 + 27742317777372353535851937790883648493
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
KEYS = published()


def texts(good: str) -> Iterator[str]:
    """Write a good token in other ways."""
    split = good.split(".")
    head, payload, signature = split
    for change in ("=", "==", "A", "AAAA", " ", "\n", "\r\n", "\t", "\0", "%3D", "*", "+", "/", "."):
        for place in range(3):
            for parts in (
                [f"{part}{change}" for part in good.split(".")],
                [f"{change}{part}" for part in good.split(".")],
            ):
                mixed = [head, payload, signature]
                mixed[place] = parts[place]
                yield ".".join(mixed)
    yield from (f"{head}.{payload}.{signature[:-1]}{last}" for last in ALPHABET)
    yield f"{head}.{payload}.{signature[:-1]}"
    yield f"{head}.{payload}.{signature[1:]}"
    yield f"{head}.{payload}.{signature.swapcase()}"
    yield f"{payload}.{head}.{signature}"
    yield f"{head}.{signature}.{payload}"
    yield f"{head}..{signature}"
    yield f".{payload}.{signature}"
    yield json.dumps({"protected": head, "payload": payload, "signature": signature})
    yield json.dumps({"payload": payload, "signatures": [{"protected": head, "signature": signature}]})


def signatures(right: bytes) -> Iterator[bytes]:
    """Change a right signature."""
    yield from (b"", b"\0", right[:-1], right[1:], right + b"\0", b"\0" + right, right[::-1], right + right)
    yield from (bytes(len(right)), b"\xff" * len(right), right[: len(right) // 2] * 2)
    for bit in range(0, len(right) * 8, 7):
        changed = bytearray(right)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


@pytest.mark.parametrize("algorithm", PUBLISHED)
def test_other_texts_of_a_token_are_refused(algorithm: Algorithm) -> None:
    good = token(signer(algorithm))
    assert taken(good, KEYS) is not None
    for text in texts(good):
        assert text == good or taken(text, KEYS) is None


@pytest.mark.parametrize("algorithm", PUBLISHED)
def test_changed_signatures_are_refused(algorithm: Algorithm) -> None:
    good = token(signer(algorithm))
    signed, _, signature = good.rpartition(".")
    for changed in signatures(decode_base64url(signature)):
        assert taken(f"{signed}.{encode_base64url(changed)}", KEYS) is None


def test_es256_takes_no_der_and_no_number_out_of_range() -> None:
    good = token(signer("ES256"))
    signed, _, signature = good.rpartition(".")
    raw = decode_base64url(signature)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    numbers = [
        (0, 0),
        (0, s),
        (r, 0),
        (1, 0),
        (0, 1),
        (1, 1),
        (P256, s),
        (r, P256),
        (P256, P256),
        (P256 - 1, s),
        (s, r),
    ]
    numbers += [(P256 - 1, s), (2**256 - 1, s), (r, 2**256 - 1), (r, (P256 + 1) % 2**256)]
    wrong = [one.to_bytes(32) + other.to_bytes(32) for one, other in numbers]
    wrong += [encode_dss_signature(r, s), raw[:32] + b"\0" + raw[32:], b"\0" + raw[:32] + b"\0" + raw[32:]]
    for each in wrong:
        assert taken(f"{signed}.{encode_base64url(each)}", KEYS) is None


def test_eddsa_takes_no_second_text_of_s() -> None:
    signed, _, signature = token(signer("EdDSA")).rpartition(".")
    raw = decode_base64url(signature)
    for times in range(1, 16):
        s = int.from_bytes(raw[32:], "little") + times * ED25519
        if s < 2**256:
            assert taken(f"{signed}.{encode_base64url(raw[:32] + s.to_bytes(32, 'little'))}", KEYS) is None


@pytest.mark.parametrize("digest", [SHA1(), SHA384(), SHA512()], ids=lambda digest: str(digest.name))  # noqa: S303
def test_another_digest_is_a_wrong_primitive(digest: SHA384) -> None:
    private = new_rsa_key(65537, 2048)
    by = Signer("RS256", lambda signed: private.sign(signed, PKCS1v15(), digest), private.public_key())
    assert taken(token(by), {by.kid: by.key}) is None


@pytest.mark.parametrize(
    "algorithm", ["RS384", "RS512", "PS384", "PS512", "ES384", "ES512", "ES256K", "HS384", "HS512", "Ed448"]
)
def test_other_algorithms_are_wrong_primitives(algorithm: str) -> None:
    for published_one in PUBLISHED:
        by = signer(published_one)
        assert taken(token(by, header(by, alg=algorithm)), KEYS) is None


def bad_keys() -> Iterator[dict[str, object]]:
    """Give keys with one fault each."""
    rsa, ec, okp = (signer(algorithm).jwk for algorithm in ("RS256", "ES256", "EdDSA"))
    for jwk in (rsa, ec, okp):
        yield jwk | {"use": "enc"}
        yield jwk | {"key_ops": ["encrypt"]}
        yield jwk | {"key_ops": ["sign", "verify"]}
        yield jwk | {"d": "AQAB"}
        yield jwk | {"alg": "none"}
        yield {name: value for name, value in jwk.items() if name != "alg"}
        yield {name: value for name, value in jwk.items() if name != "kid"}
    for bits in (512, 1024, 1536):
        yield rsa | {"n": in_base64url(2 ** (bits - 1) + 3)}
    yield from (rsa | {"e": in_base64url(exponent)} for exponent in (1, 2, 3, 65536))
    for curve in (SECP384R1(), SECP256K1()):
        numbers = new_ec_key(curve).public_key().public_numbers()
        yield ec | {"x": in_base64url(numbers.x), "y": in_base64url(numbers.y)}
    yield ec | {"x": ec["y"], "y": ec["x"]}
    yield ec | {"crv": "P-521"}
    yield okp | {"crv": "X25519"}
    yield okp | {"x": encode_base64url(bytes(32))}
    yield okp | {"x": encode_base64url(b"\x01" + bytes(31))}


def test_bad_keys_are_refused() -> None:
    for jwk in bad_keys():
        with pytest.raises(ValueError, match=r".+"):
            keys_of(as_json({"keys": [jwk]}))


def test_two_keys_of_one_name_are_refused() -> None:
    for one in PUBLISHED:
        for other in PUBLISHED:
            pair = [signer(one).jwk | {"kid": "k"}, signer(other).jwk | {"kid": "k"}]
            with pytest.raises(ValueError, match="one kid"):
                keys_of(as_json({"keys": pair}))
