"""Nonces follow from a key and the time: each counts for a step and the one after, and tells nothing of the next."""

from itertools import pairwise

from coatcheck.verifier.proof_nonce import STEP_MS, nonces_at
from tests.verifier.tokens import NOW

KEY, OTHER = b"k" * 32, b"o" * 32
START = NOW // STEP_MS * STEP_MS


def test_a_nonce_counts_for_its_step_and_the_next() -> None:
    given = nonces_at(KEY, START)[0]
    assert nonces_at(KEY, START + STEP_MS - 1)[0] == given
    assert given in nonces_at(KEY, START + 2 * STEP_MS - 1)
    assert given not in nonces_at(KEY, START + 2 * STEP_MS)
    assert given not in nonces_at(KEY, START - 1), "nobody could have it yet"


def test_each_step_and_each_key_has_its_own() -> None:
    steps = [nonces_at(key, START + step * STEP_MS) for key in (KEY, OTHER) for step in range(50)]
    assert len({now for now, _ in steps}) == 100
    assert all(later[1] == earlier[0] for earlier, later in pairwise(steps[:50]))


def test_a_nonce_can_stand_in_a_header_and_in_json() -> None:
    now, former = nonces_at(KEY, START)
    assert len(now) == len(former) == 22
    assert all(each.isalnum() or each in "-_" for each in now + former)
