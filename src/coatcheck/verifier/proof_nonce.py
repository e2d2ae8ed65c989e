"""Nonces for proofs: each follows from a key and the time, so that no process keeps any, and all take one another's."""

import hmac
from functools import lru_cache
from typing import Final

from coatcheck.clock import Instant
from coatcheck.verifier.canonical import encode_base64url

STEP_MS: Final = 300_000
"""How long one nonce is given out; it counts for one step more."""

_LENGTH: Final = 16
_LABEL: Final = b"dpop nonce "


def nonces_at(key: bytes, now: Instant) -> tuple[str, str]:
    """Give the nonces that count at a moment: the one to give out, and the former one.

    Args:
        key: of 32 random bytes, kept for nothing else, and the same in all processes that take one another's nonces.
        now: the moment.

    See: RFC 9449 sections 8, 9 and 11.3.
    """
    step = now // STEP_MS
    return _nonce(key, step), _nonce(key, step - 1)


@lru_cache(maxsize=8)
def _nonce(key: bytes, step: int) -> str:
    return encode_base64url(hmac.digest(key, _LABEL + str(step).encode(), "sha256")[:_LENGTH])
