"""Attack 17: GO-2026-5732, Zitadel: neither `exp` nor `iat` is looked at: a token lives for ever.

Here both must be there, as whole seconds; a token counts until the second that `exp` names and not one longer, also out
of the cache; and one from the future, by more than clocks may differ, is refused. An ID token is no older than the
sign-in that it came for.
"""

import pytest

from coatcheck.verifier.claims import StatusPlace
from coatcheck.verifier.token_cache import CheckedToken, TokenCache
from tests.attacks.forged import taken
from tests.upstream.oauth.acme import Acme
from tests.verifier.tokens import NOW, NOW_S, claims, principal, signer, token

GOOD = signer("ES256")


@pytest.mark.parametrize("name", ["exp", "iat"])
@pytest.mark.parametrize(
    "value", [None, "", "never", "1900000900", 1.9e9, 1e300, float("inf"), float("nan"), 2**63, True, []]
)
def test_a_token_without_a_time_is_refused(name: str, value: object) -> None:
    assert taken(token(GOOD, payload=claims(**{name: value}))) is None


@pytest.mark.parametrize("exp", [0, 1, NOW_S - 86_400, NOW_S - 1, NOW_S])
def test_a_token_that_has_run_out_is_refused(exp: int) -> None:
    assert taken(token(GOOD, payload=claims(exp=exp))) is None


def test_its_last_second_counts() -> None:
    assert taken(token(GOOD, payload=claims(exp=NOW_S + 1))) is not None


@pytest.mark.parametrize("name", ["iat", "nbf"])
@pytest.mark.parametrize("ahead", [31, 60, 86_400, 10**9])
def test_a_token_from_the_future_is_refused(name: str, ahead: int) -> None:
    assert taken(token(GOOD, payload=claims(**{name: NOW_S + ahead, "exp": NOW_S + 2 * 10**9}))) is None


def test_the_cache_keeps_no_token_alive() -> None:
    cache = TokenCache()
    cache.put("a.b.c", CheckedToken(principal(), StatusPlace(1, 1), NOW))
    assert cache.get("a.b.c", NOW - 1) is not None
    assert cache.get("a.b.c", NOW) is None


@pytest.mark.parametrize("name", ["exp", "iat"])
@pytest.mark.parametrize("value", [None, "", "never", "1900000900", 1.9e9, 1e300, 2**63, 0, -1, True, []])
async def test_an_id_token_without_a_time(acme: Acme, name: str, value: object) -> None:
    acme.claims = {name: value}
    assert (await acme.refused()).trouble == "identity_token_refused"


@pytest.mark.parametrize(("name", "by"), [("exp", -60), ("exp", -86_400), ("iat", 61), ("nbf", 61), ("iat", -61)])
async def test_an_id_token_of_another_time(acme: Acme, name: str, by: int) -> None:
    acme.claims = {name: acme.site.clock.now() // 1000 + by}
    assert (await acme.refused()).trouble == "identity_token_refused"


async def test_an_old_id_token_without_a_nonce(acme: Acme) -> None:
    """Where a provider echoes no nonce, a token of yesterday is told by its time alone."""
    acme.claims = {"iat": acme.site.clock.now() // 1000 - 86_400, "exp": 2**40, "nonce": None}
    assert (await acme.refused(acme.provider(sends_nonce=False))).trouble == "identity_token_refused"
