"""Key sets that give too much away, or too little."""

from typing import Any

import pytest

from coatcheck.doctor.outside import keys
from coatcheck.verifier.canonical import encode_base64url
from tests.doctor.outside.broken import JWKS, a_private_part, a_weak_key, publishing, two_of_a_name
from tests.doctor.outside.deployment import Deployment, found_in, instead

pytestmark = pytest.mark.asyncio(loop_scope="session")

N = (2**1024 + 1) * (2**1025 + 3)


def rsa(n: int = 2**2048 - 1, e: int = 65_537, **more: Any) -> dict[str, Any]:
    """Write an RSA key."""
    number = encode_base64url(n.to_bytes((n.bit_length() + 7) // 8, "big"))
    exponent = encode_base64url(e.to_bytes((e.bit_length() + 7) // 8, "big"))
    return {"kty": "RSA", "kid": f"k{n % 997}", "alg": "RS256", "n": number, "e": exponent, **more}


ADDED: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "right": ([rsa()], []),
    "few-bits": ([rsa(2**1023 + 1)], ["signing-key-weak"]),
    "no-number": ([rsa(n=1)], ["signing-key-weak"]),
    "a-small-exponent": ([rsa(e=3)], ["signing-key-weak"]),
    "an-even-exponent": ([rsa(e=65_538)], ["signing-key-weak"]),
    "a-prime-in-common": (
        [rsa(N), rsa((2**1024 + 1) * (2**1030 + 7))],
        ["signing-key-weak"],
    ),
    "a-weak-curve": ([{"kty": "EC", "kid": "c", "alg": "ES256", "crv": "P-192"}], ["signing-key-weak"]),
    "a-shared-secret": (
        [{"kty": "oct", "kid": "s", "alg": "HS256", "k": "AAAA"}],
        ["key-names-unclear", "private-key-published", "signing-key-weak"],
    ),
    "no-name": ([{**rsa(), "kid": None}], ["key-names-unclear"]),
    "no-algorithm": ([{**rsa(), "alg": "none"}], ["key-names-unclear"]),
    "for-encryption": ([{**rsa(), "alg": "RSA-OAEP"}], ["key-names-unclear"]),
}  # fmt: skip


@pytest.mark.parametrize("case", list(ADDED))
async def test_keys_that_are_added(deployment: Deployment, case: str) -> None:
    added, found = ADDED[case]
    assert found_in(await deployment.looked(keys.PROBE, publishing(lambda listed: listed.extend(added)))) == found


async def test_keys_that_are_changed(deployment: Deployment) -> None:
    for change, code in (
        (a_private_part, "private-key-published"),
        (two_of_a_name, "key-names-unclear"),
        (a_weak_key, "signing-key-weak"),
    ):
        assert found_in(await deployment.looked(keys.PROBE, publishing(change))) == [code]


@pytest.mark.parametrize("body", [b"<html>", b'{"keys": {}}', b"{}"], ids=["html", "an object", "nothing"])
async def test_what_is_no_key_set(deployment: Deployment, body: bytes) -> None:
    assert found_in(await deployment.looked(keys.PROBE, instead(JWKS, lambda _: (200, [], body)))) == ["jwks-missing"]
