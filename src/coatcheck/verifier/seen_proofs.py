"""Proofs that came lately, so that each counts once: in this process, as long as it could count again."""

import os
from hashlib import blake2b
from threading import Lock
from typing import Final

from coatcheck.clock import Clock
from coatcheck.errors import Busy, ProofRefused
from coatcheck.verifier.dpop import ProvenKey

ROOM: Final = 500_000
"""How many proofs are kept at the most, half of them in a generation: 2,500 a second, more than one process answers."""

GENERATION_S: Final = 100.0
"""How long the younger half fills. A proof counts for 90 seconds at the most, if its maker's clock is 30 ahead; the
other ten are for a machine whose own clock is set back a little."""

_DIGEST: Final = 16


class SeenProofs:
    """Remember which proofs came; may be used on several threads.

    When it is full, proofs are refused for a while instead of being forgotten early: else whoever holds a stolen proof
    would only have to send enough of their own, and it would count again. Nobody is signed out by that, as `Busy` says
    to come again. Strangers cannot fill it, as only proofs that came with a good token bound to their key belong in
    here; and who has such a token needs to send more than the process can answer.

    Args:
        clock: tells how long ago; setting the machine's clock changes nothing.
        room: how many are kept at the most.
    """

    def __init__(self, clock: Clock, room: int = ROOM) -> None:
        self._clock = clock
        self._half = max(1, room // 2)
        self._lock = Lock()
        self._process = os.getpid()
        self._began = clock.monotonic()
        self._younger: set[bytes] = set()
        self._older: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._younger) + len(self._older)

    def begin(self) -> None:
        """Go on in a process of its own: a fork may have taken the lock along, held by nobody."""
        here = os.getpid()
        if here != self._process:  # in the same process somebody may be within it
            self._process, self._lock = here, Lock()

    def spend(self, proven: ProvenKey) -> None:
        """Let a proof count, this once.

        Args:
            proven: what `check_proof` has given, after all else about the request was found right.

        Raises:
            ProofRefused: it came before.
            Busy: there is no room to remember it.

        See: RFC 9449 section 11.1.
        """
        # Two keys may use one `jti`. A digest has one size, whatever a stranger writes; a `jkt` has too, so that no two
        # pairs make one text.
        digest = blake2b(f"{proven.jkt} {proven.jti}".encode(), digest_size=_DIGEST).digest()
        with self._lock:
            left = self._turn()
            if digest in self._younger or digest in self._older:
                raise ProofRefused("the proof came before")
            if len(self._younger) >= self._half:
                raise Busy(int(left) + 1, because=f"{self._half} proofs came within {GENERATION_S:.0f} s")
            self._younger.add(digest)

    def _turn(self) -> float:
        """Let go of what cannot count any more; give how many seconds the younger half still fills."""
        since = self._clock.monotonic() - self._began
        if since >= GENERATION_S:
            self._older = self._younger if since < 2 * GENERATION_S else set()
            self._younger = set()
            self._began += since
            return GENERATION_S
        return GENERATION_S - since
