"""Attack 8: CVE-2026-28498, Authlib: `at_hash` of an algorithm that is not known counts as right.

An access token of somebody else is put beside an ID token, and the check that ties them says yes because it cannot
compute. Here `at_hash` and `c_hash` that are there must be right, by the one algorithm that has signed; what cannot be
computed is refused.
"""

from hashlib import sha256

import pytest

from coatcheck.upstream.oauth import id_token
from tests.upstream.oauth.acme import Acme, b64


@pytest.mark.parametrize("name", ["at_hash", "c_hash"])
@pytest.mark.parametrize("value", ["", "x", True, 0, [], {}, "77QmUPtjPfzWtF2AnpK9RQ", b64(bytes(16)), b64(bytes(32))])
async def test_a_hash_that_does_not_fit(acme: Acme, name: str, value: object) -> None:
    acme.claims = {name: value}
    assert (await acme.refused()).trouble == "identity_token_refused"


async def test_another_persons_access_token(acme: Acme) -> None:
    acme.token = {"access_token": "somebody-elses"}
    assert "at_hash" in (await acme.refused()).because


async def test_an_algorithm_without_a_known_hash(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_token, "_HASH", {})
    assert "at_hash cannot be checked" in (await acme.refused()).because


@pytest.mark.parametrize("size", [8, 15, 17, 32])
async def test_more_or_less_than_the_left_half(acme: Acme, size: int) -> None:
    acme.claims = {"at_hash": b64(sha256(b"at-code-1").digest()[:size])}
    assert "at_hash" in (await acme.refused()).because
