"""What a verifier needs to hold the lists of one, ten and a hundred million indices, with 0.1 % of them revoked."""

import gc
import random
import time
import zlib

import pybase64
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec.json import encode

from bench.table import Line
from coatcheck.clock import SystemClock
from coatcheck.verifier.algorithms import VerifyingKey, verifying_key
from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.feed import Feed
from coatcheck.verifier.status import MOST_INDICES
from coatcheck.verifier.status_token import TYP, StatusClaims, StatusList, lst_of, read_status_token, uri_of

MILLIONS = (1, 10, 100)
REVOKED = MOST_INDICES // 1000
_ISSUER = "https://auth.example.org"
_SPARE = 64 * 1024


async def measure() -> list[Line]:
    """Measure what is held, how long loading takes, and what goes over the wire."""
    issuer = Issuer()
    return [line for millions in MILLIONS for line in _lines(issuer, millions)]


class Issuer:
    """Sign status lists of our own."""

    def __init__(self) -> None:
        self._private = generate_private_key(65537, 2048)
        self.key = verifying_key("bench", "RS256", self._private.public_key())
        self._header = encode_base64url(encode({"alg": "RS256", "kid": "bench", "typ": TYP}))

    def find(self, kid: str) -> VerifyingKey | None:
        """Give the one key there is."""
        return self.key if kid == "bench" else None

    def token(self, list_id: int) -> str:
        """Make a list with random bits set, signed."""
        bits = bytearray(MOST_INDICES // 8)
        for index in random.Random(list_id).sample(range(MOST_INDICES), REVOKED):
            bits[index >> 3] |= 1 << (index & 7)
        now = SystemClock().now() // 1000
        claims = StatusClaims(
            iss=_ISSUER,
            sub=uri_of(_ISSUER, list_id),
            iat=now,
            exp=now + 3600,
            ttl=60,
            status_list=StatusList(1, lst_of(bytes(bits))),
            era="era_bench",
            n=1,
        )
        signed = f"{self._header}.{encode_base64url(encode(claims))}"
        return f"{signed}.{encode_base64url(self._private.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _lines(issuer: Issuer, millions: int) -> list[Line]:
    tokens = {list_id: issuer.token(list_id) for list_id in range(1, -(-millions * 1_000_000 // MOST_INDICES) + 1)}
    bitmaps = len(tokens) * MOST_INDICES // 8
    gc.collect()
    began = time.perf_counter()
    feed, now = Feed(SystemClock(), 10), SystemClock().now()
    feed.start_over(
        read_status_token(token, issuer=_ISSUER, list_id=list_id, find_key=issuer.find, now=now)
        for list_id, token in tokens.items()
    )
    loading = (time.perf_counter() - began) * 1000
    indices = f"{millions},000,000 indices"
    return [
        Line(
            what=f"Status lists of {indices}, held : one bit an index and 64 KB",
            ours=feed.lists.held_bytes / 1024,
            other=(bitmaps + _SPARE) / 1024,
            unit="KiB",
            bound="at most",
            target=1.01,
        ),
        Line(
            what=f"Status lists of {indices}, loaded : unpacked alone",
            ours=loading,
            other=_unpacking(list(tokens.values())),
            unit="ms",
            bound="at most",
            target=10,
        ),
        Line(
            what=f"Status lists of {indices}, on the wire, 0.1 % revoked : as bitmaps",
            ours=sum(map(len, tokens.values())) / 1024,
            other=bitmaps / 1024,
            unit="KiB",
            bound="at most",
            target=0.05,
        ),
    ]


def _unpacking(tokens: list[str]) -> float:
    began = time.perf_counter()
    for token in tokens:
        payload = token.split(".")[1]
        lst = (
            pybase64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).partition(b'"lst":"')[2].partition(b'"')[0]
        )
        zlib.decompress(pybase64.urlsafe_b64decode(lst + b"=" * (-len(lst) % 4)))
    return (time.perf_counter() - began) * 1000
