"""A rotation under way: whoever fetches the key set as seldom as it may, checks every token that was ever good."""

from collections import deque
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from coatcheck.admin.rotate_keys import rotate_keys
from coatcheck.keys.life import READ_EVERY, lead
from coatcheck.keys.sign import sign_jws
from coatcheck.verifier.algorithms import VerifyingKey, check_signature
from coatcheck.verifier.jwk import keys_of as read_key_set
from coatcheck.verifier.jws import parse_jws
from tests.keys.sites import keys_of, signing_site
from tests.site import VISIT, Site

STEP = timedelta(seconds=15)
LIVES_STEPS = timedelta(minutes=15) // STEP
MAX_AGE = timedelta(minutes=5)
ROTATIONS = 3


class Follower:
    """Keep the key set for as long as its `max-age` says, from a moment of its own."""

    def __init__(self, fetches_at_step: int) -> None:
        self._next = fetches_at_step
        self.keys: dict[str, VerifyingKey] = {}

    async def follow(self, worker: Site, step: int) -> None:
        if step >= self._next or not self.keys:
            await keys_of(worker).read()
            self.keys = read_key_set(msgspec.json.encode(keys_of(worker).jwks()))
            self._next = step + MAX_AGE // STEP


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
async def test_no_check_fails_through_rotations(tmp_path: Path, algorithm: str) -> None:
    async with signing_site(tmp_path, algorithm) as here, signing_site(tmp_path, algorithm) as there:
        followers = [Follower(offset) for offset in range(0, MAX_AGE // STEP, 4)]
        alive: deque[str] = deque(maxlen=LIVES_STEPS)
        signed_by = set()
        steps = ROTATIONS * ((lead(here.desk.settings.keys) + 2 * READ_EVERY) // STEP + LIVES_STEPS)
        rotates = {number * steps // ROTATIONS + 2 for number in range(ROTATIONS)}
        for step in range(steps):
            if step in rotates:
                await rotate_keys(here.desk, VISIT, actor="operator")
            for worker in (here, there):
                key = await keys_of(worker).current()
                signed_by.add(key.kid)
                alive.append(sign_jws(key, "at+jwt", b"{}"))
                for follower in followers:
                    await follower.follow(worker, step)
                    for token in (alive[0], alive[-1]):
                        jws = parse_jws(token)
                        check_signature(jws, follower.keys[jws.kid or ""])
                worker.clock.advance(STEP)
        assert len(signed_by) == ROTATIONS + 1
