"""The proof of possession that comes with a call which gives tokens out: they are bound to the key that it proves.

check, from memory → used, in the transaction that gives the tokens
"""

from datetime import timedelta
from typing import ClassVar, Final

from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk
from coatcheck.errors import ProofRefused
from coatcheck.keys.life import LEEWAY
from coatcheck.secret import Veiled, hash_secret
from coatcheck.storage.database import Writing
from coatcheck.tokens import records
from coatcheck.verifier.claims import IAT_SKEW_S
from coatcheck.verifier.dpop import OLDEST_S, check_proof
from coatcheck.verifier.proof_nonce import nonces_at
from coatcheck.visit import Visit

KEPT_FOR: Final = timedelta(seconds=OLDEST_S + IAT_SKEW_S) + LEEWAY
"""How long it is remembered that a proof came: for longer than any of our clocks may take it for good."""


class KeyProof(Veiled, frozen=True, kw_only=True):
    """Hold what a proof proves, until it is used.

    Args:
        jkt: thumbprint of the key.
        digest: what is remembered of the proof.
        until: when it can count for nobody any more.
    """

    veils: ClassVar = frozenset({"digest"})

    jkt: str
    digest: bytes
    until: Instant


def prove_key(desk: Desk, visit: Visit) -> KeyProof | None:
    """Give what the proof of a request proves, or None where none came; until `use_proof`, it may have come before.

    Raises:
        ProofRefused: it is not good, or not for this call.
        ProofNonceNeeded: it has no nonce of ours, or an old one.

    See: RFC 9449 sections 5 and 8.
    """
    asked, now = visit.asked, desk.now()
    if asked.dpop is None:
        return None
    proven = check_proof(asked.dpop, method=asked.method, url=asked.url, now=now, nonces=_nonces(desk, now))
    # Two keys may use one `jti`; a thumbprint has one length, so no two pairs make one text.
    return KeyProof(jkt=proven.jkt, digest=hash_secret(f"{proven.jkt} {proven.jti}"), until=now + millis(KEPT_FOR))


async def use_proof(tx: Writing, proof: KeyProof) -> None:
    """Let a proof count, this once at all workers; whoever runs at the same time waits and is refused.

    Raises:
        ProofRefused: it came before.

    See: RFC 9449 section 11.1.
    """
    if not await records.use_proof(tx, proof.digest, proof.until):
        raise ProofRefused("the proof came before")


def for_next_proof(desk: Desk, visit: Visit) -> dict[str, str]:
    """Give the header by which the answer to a proof brings the nonce of the next one; none where no proof came.

    See: RFC 9449 section 8.2.
    """
    return {} if visit.asked.dpop is None else {"dpop-nonce": _nonces(desk, desk.now())[0]}


def _nonces(desk: Desk, now: Instant) -> tuple[str, str]:
    return nonces_at(desk.key_ring.key("dpop nonce"), now)
