"""Attack 2: CVE-2017-11424, PyJWT: a "BEGIN RSA PUBLIC KEY" text slips past the list of texts that are no secrets.

The defence was a list of forms of public keys, and one was missing. Here there is no such list: a secret is made by
`secret_key` from bytes of our own, and no text of a published key, in whatever form, ever comes there.
"""

import hmac

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.jwk import key_of
from tests.attacks.forged import gullible, taken
from tests.verifier.tokens import Signer, header, signer, token

RSA = signer("RS256")


def test_the_old_form_of_an_rsa_key_is_no_secret() -> None:
    assert RSA.public is not None
    text = RSA.public.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
    assert text.startswith(b"-----BEGIN RSA PUBLIC KEY")
    forger = Signer("HS256", lambda signed: hmac.digest(text, signed, "sha256"), None)
    assert taken(token(forger, header(forger, kid=RSA.kid))) is None
    assert taken(token(forger, header(forger, kid=RSA.kid)), gullible(RSA)) is None


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "RS256", None])
def test_a_key_set_cannot_hold_a_secret(algorithm: str | None) -> None:
    secret = encode_base64url(b"a secret of thirty-two bytes ....")
    with pytest.raises(ValueError, match="private"):
        key_of({"kty": "oct", "kid": RSA.kid, "alg": algorithm, "k": secret})
    with pytest.raises(ValueError, match="private"):
        key_of(RSA.jwk | {"k": secret})
