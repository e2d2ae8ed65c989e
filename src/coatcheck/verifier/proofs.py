"""The proofs that come with tokens: each is judged first, and spent when all else about its request was found right.

proof → (token → bound to the proven key → status) → spent, once a request
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from coatcheck.clock import Clock
from coatcheck.errors import TokenRefused
from coatcheck.verifier.bearer import Credential
from coatcheck.verifier.dpop import ProvenKey, check_proof
from coatcheck.verifier.proof_key import ProofKeys
from coatcheck.verifier.seen_proofs import SeenProofs
from coatcheck.visit import Asked

_Place: TypeAlias = tuple[Any, ...]


class Proofs:
    """Check the proofs that come to one process; may be used on several threads.

    Args:
        clock: tells the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keys = ProofKeys()
        self._seen = SeenProofs(clock)

    def begin(self) -> None:
        """Begin in a process of its own, after a fork; what came before it still counts as seen."""
        self._seen.begin()

    def check(self, credential: Credential, asked: Asked, *urls: str) -> ProvenKey:
        """Give the key that a request proves to hold; until `spend`, its proof may be another's that was sent again.

        Args:
            credential: what it presents, with a proof.
            asked: the request.
            urls: as it was addressed, by each name that is ours; a proof for any other counts nowhere here.

        Raises:
            ProofRefused: it proves none.
        """
        known: ProvenKey | None = (asked.proven or {}).get(self._place(credential, asked))
        return known or check_proof(
            credential.proof or "",
            method=asked.method,
            url=urls,
            now=self._clock.now(),
            access_token=credential.token,
            keys=self._keys,
        )

    def spend(self, proven: ProvenKey, credential: Credential, asked: Asked) -> None:
        """Let a request count, this once; looked at again in its own course, it still does.

        A connection that stays open is looked at for hours: its proof was judged when it was opened.

        Raises:
            ProofRefused: its proof came before, with another request.
            Busy: there is no room to remember it.
        """
        place, memory = self._place(credential, asked), asked.proven
        if memory is not None and place in memory:
            return
        self._seen.spend(proven)
        if memory is not None:
            memory[place] = proven

    def _place(self, credential: Credential, asked: Asked) -> _Place:
        # All that the proof was judged by, and by whom: in another app of this process nothing follows from it.
        return self, credential.proof, credential.token, asked.method, asked.url


@contextmanager
def about_bound_token() -> Iterator[None]:
    """Have a refusal within say that a proof came along, so that the challenge names that scheme.

    Raises:
        TokenRefused: what is raised within.
    """
    try:
        yield
    except TokenRefused as refused:
        refused.with_proof = True
        raise
