"""Attack 1: CVE-2022-29217, PyJWT: sign by HMAC with the text of the public key as the secret.

A verifier that allows several algorithms, and takes the one that the token names, checks an HS256 signature with the
public key, which everybody has. Here the key has the one algorithm, a published key is never a secret, and the token's
`alg` must be the key's.
"""

import hmac

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from coatcheck.verifier.algorithms import VerifyingKey
from coatcheck.verifier.jws import Algorithm
from tests.attacks.forged import gullible, taken
from tests.verifier.tokens import PUBLISHED, Signer, as_json, header, signer, token

FORMS = [
    (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    (Encoding.PEM, PublicFormat.PKCS1),
    (Encoding.DER, PublicFormat.PKCS1),
    (Encoding.OpenSSH, PublicFormat.OpenSSH),
    (Encoding.Raw, PublicFormat.Raw),
    (Encoding.X962, PublicFormat.UncompressedPoint),
    (Encoding.X962, PublicFormat.CompressedPoint),
]


def texts_of(by: Signer) -> list[bytes]:
    """Give a public key in every form that a library might take as a secret."""
    assert by.public is not None
    texts = [as_json(by.jwk), as_json({"keys": [by.jwk]})]
    for encoding, form in FORMS:
        try:
            text = by.public.public_bytes(encoding, form)
        except ValueError:
            continue  # not every kind of key has every form
        texts += [text, text.strip(), text + b"\n"]
    return texts


@pytest.mark.parametrize("algorithm", PUBLISHED)
def test_the_public_key_is_no_secret(algorithm: Algorithm) -> None:
    by = signer(algorithm)
    assert taken(token(by)) is not None
    for secret in texts_of(by):
        forger = Signer("HS256", lambda signed, secret=secret: hmac.digest(secret, signed, "sha256"), None)  # type: ignore[misc]
        assert taken(token(forger, header(forger, kid=by.kid))) is None
        assert taken(token(forger, header(forger, kid=by.kid)), gullible(by)) is None
        assert taken(token(forger, header(by))) is None


def test_even_a_secret_of_the_same_name_is_used_only_as_one() -> None:
    by = signer("HS256")
    keys = {by.kid: by.key}
    assert taken(token(by), keys) is not None
    asymmetric = VerifyingKey(by.kid, "RS256", signer("RS256").key.verify)
    assert taken(token(by), {by.kid: asymmetric}) is None
