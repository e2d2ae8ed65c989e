"""The proofs that come to one process: judged first, spent last and once, known again in their own request."""

import os
import threading
from typing import Any

import pytest

from coatcheck.errors import ProofRefused, TokenRefused
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier.bearer import Credential
from coatcheck.verifier.proofs import Proofs, about_bound_token
from coatcheck.verifier.seen_proofs import SeenProofs
from coatcheck.visit import Asked
from tests.verifier.proofs import GOOD, URL, jkt_of, proof_for
from tests.verifier.test_seen_proofs import proven

TOKEN = "a.b.c"


def presented(clock: ManualClock, **asked: Any) -> tuple[Credential, Asked]:
    """Present a token with a new proof."""
    return Credential(TOKEN, proof_for(TOKEN, URL, at=clock.now())), Asked(**{"url": URL, **asked})


def test_to_check_a_proof_does_not_spend_it(clock: ManualClock) -> None:
    proofs = Proofs(clock)
    credential, asked = presented(clock)
    for _ in range(2):
        assert proofs.check(credential, asked, URL).jkt == jkt_of(GOOD)
    proofs.spend(proofs.check(credential, asked, URL), credential, asked)
    with pytest.raises(ProofRefused, match="came before"):
        proofs.spend(proofs.check(credential, asked, URL), credential, asked)


def test_any_of_our_own_addresses_will_do(clock: ManualClock) -> None:
    credential, asked = presented(clock)
    assert Proofs(clock).check(credential, asked, "https://other.example.org/api/notes", URL).jkt == jkt_of(GOOD)
    for none in ((), ("https://other.example.org/api/notes",)):
        with pytest.raises(ProofRefused, match="another address"):
            Proofs(clock).check(credential, asked, *none)


def test_another_app_of_this_process_judges_by_itself(clock: ManualClock) -> None:
    """What one app has accepted says nothing about the addresses of the other, though both serve one request."""
    credential, asked = presented(clock, proven={})
    one, other = Proofs(clock), Proofs(clock)
    one.spend(one.check(credential, asked, URL), credential, asked)
    with pytest.raises(ProofRefused, match="another address"):
        other.check(credential, asked, "https://other.example.org/api/notes")


def test_a_refused_proof_is_not_remembered_with_its_request(clock: ManualClock) -> None:
    credential, asked = presented(clock, proven={})
    proofs = Proofs(clock)
    proofs.spend(proofs.check(credential, asked, URL), credential, Asked(url=URL))
    for _ in range(2):
        with pytest.raises(ProofRefused, match="came before"):
            proofs.spend(proofs.check(credential, asked, URL), credential, asked)
    assert asked.proven == {}


def test_a_token_that_is_refused_says_that_a_proof_came_along() -> None:
    with pytest.raises(TokenRefused) as refused, about_bound_token():
        raise TokenRefused
    assert refused.value.with_proof
    assert not TokenRefused().with_proof


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_lock_that_a_fork_took_along_is_held_by_nobody(clock: ManualClock) -> None:
    seen = SeenProofs(clock)
    seen.spend(proven("before"))
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with seen._lock:
            held.set()
            go.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    child = os.fork()
    if child == 0:
        seen.begin()
        ends = 1
        try:
            if seen._lock.acquire(timeout=5):
                seen._lock.release()
                seen.spend(proven("after"))
                seen.spend(proven("before"))
        except ProofRefused:
            ends = 0  # what came before the fork is still known
        os._exit(ends)
    go.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_in_the_same_process_the_lock_stays(clock: ManualClock) -> None:
    """Somebody may be within it while a verifier is started again."""
    seen = SeenProofs(clock)
    lock = seen._lock
    seen.begin()
    assert seen._lock is lock
