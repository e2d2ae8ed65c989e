"""Attack 11: CVE-2024-33664, CVE-2024-28102, CVE-2026-39373, python-jose and jwcrypto: 250 KB inflate to 100 MB.

An encrypted token says `zip: DEF`, and the verifier inflates what a stranger packed. Here no token is encrypted or
compressed: five parts are refused, so is `zip` in a header, and nothing over 8 KiB is looked at. What is compressed is
the issuer's own status list, whose reader bounds the output.
"""

import tracemalloc
import zlib

import pytest

from coatcheck.verifier.canonical import encode_base64url
from tests.attacks.forged import taken
from tests.verifier.tokens import as_json, claims, header, signer, token

GOOD = signer("ES256")


def deflated(count: int) -> bytes:
    """Pack zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(bytes(count)) + packer.flush()


@pytest.mark.parametrize(
    "head", [{"alg": "dir", "enc": "A256GCM", "zip": "DEF"}, {"alg": "RSA-OAEP", "enc": "A128GCM"}]
)
def test_an_encrypted_token_is_refused_unread(head: dict[str, str]) -> None:
    bomb = ".".join([encode_base64url(as_json(head)), "", "AAAA", encode_base64url(deflated(100_000_000)), "AAAA"])
    tracemalloc.start()
    assert taken(bomb, keys={}) is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 65_536


@pytest.mark.parametrize("value", ["DEF", "GZIP", "", None])
def test_a_signed_token_is_never_inflated(value: object) -> None:
    packed = deflated(5_000_000)
    assert len(packed) < 6000
    assert taken(token(GOOD, header(GOOD) | {"zip": value}, packed)) is None
    assert taken(token(GOOD, header(GOOD), packed)) is None
    assert taken(token(GOOD, header(GOOD) | {"zip": value}, as_json(claims()))) is None
