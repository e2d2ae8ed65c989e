"""Attack 7: CVE-2026-32597, PyJWT: a `crit` that names an extension nobody knows is taken.

`crit` says that a token must be refused by whoever does not understand what it lists; a verifier that looks away treats
a token differently from one that looks. Here no token has a `crit`, nor any other member that changes how it is read.
"""

import pytest

from tests.attacks.forged import taken
from tests.verifier.tokens import header, signer, token

GOOD = signer("ES256")


@pytest.mark.parametrize(
    "crit", [["urn:example:unknown"], ["exp"], ["b64"], ["alg"], ["crit"], [], [[]], [1], "exp", "", None, 0, False, {}]
)
def test_crit_is_refused_whatever_it_lists(crit: object) -> None:
    for more in ({}, {"exp": 1}, {"b64": False}, {"urn:example:unknown": 1}):
        assert taken(token(GOOD, header(GOOD) | {"crit": crit} | more)) is None


@pytest.mark.parametrize("value", [True, False, None, "false"])
def test_an_unencoded_payload_is_refused(value: object) -> None:
    assert taken(token(GOOD, header(GOOD) | {"b64": value})) is None


def test_without_it_the_token_is_taken() -> None:
    assert taken(token(GOOD)) is not None
