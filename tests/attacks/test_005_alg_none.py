"""Attack 5: CVE-2026-28802, Authlib: a token with `alg: none` and an empty signature is taken.

Here `none` is no algorithm in any spelling, an empty signature is no third part, and which algorithm checks a token is
what its key says.
"""

import itertools

import pytest

from coatcheck.errors import TokenRefused
from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.jws import Algorithm, parse_jws
from tests.attacks.forged import taken
from tests.verifier.tokens import PUBLISHED, as_json, claims, header, signer, token

SPELLINGS = [
    *sorted({"".join(letters) for letters in itertools.product(*zip("none", "NONE", strict=True))}),
    *("", " none", "none ", "none\0", "n\u043ene", "nul", "null", "undefined", "false", "0"),
]


@pytest.mark.parametrize("algorithm", [*SPELLINGS, None, False, 0, [], {}, ["none"]])
def test_no_spelling_of_none_is_an_algorithm(algorithm: object) -> None:
    for published in PUBLISHED:
        by = signer(published)
        head = encode_base64url(as_json(header(by) | {"alg": algorithm}))
        signed = f"{head}.{encode_base64url(as_json(claims()))}"
        right = encode_base64url(by.sign(signed.encode()))
        for signature in ("", ".", f".{right}", ".AA", ".e30", f".{'A' * 86}"):
            assert taken(signed + signature) is None
        with pytest.raises(TokenRefused, match=r"alg|short text|cannot be read"):
            parse_jws(f"{signed}.{right}")


@pytest.mark.parametrize("algorithm", PUBLISHED)
def test_no_token_without_a_signature_is_taken(algorithm: Algorithm) -> None:
    by = signer(algorithm)
    good = token(by)
    assert taken(good) is not None
    signed = good.rpartition(".")[0]
    assert taken(signed) is None
    assert taken(f"{signed}.") is None
    assert not by.key.verify(b"", signed.encode())
