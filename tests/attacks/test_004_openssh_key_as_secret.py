"""Attack 4: CVE-2024-33663, python-jose: the same confusion with OpenSSH's text of an ECDSA key, and with others.

Here no text is ever told apart from another: what was published checks signatures of its one algorithm, and a token
that names another is refused before anything is computed.
"""

import hmac

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from coatcheck.verifier.jws import Algorithm
from tests.attacks.forged import gullible, taken
from tests.verifier.tokens import Signer, header, signer, token


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_the_text_of_openssh_is_no_secret(algorithm: Algorithm) -> None:
    by = signer(algorithm)
    assert by.public is not None
    text = by.public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert text.startswith((b"ecdsa-sha2-", b"ssh-"))
    for secret in (text, text.split(b" ")[1], text + b" comment"):
        forger = Signer("HS256", lambda signed, secret=secret: hmac.digest(secret, signed, "sha256"), None)  # type: ignore[misc]
        assert taken(token(forger, header(forger, kid=by.kid))) is None
        assert taken(token(forger, header(forger, kid=by.kid)), gullible(by)) is None
