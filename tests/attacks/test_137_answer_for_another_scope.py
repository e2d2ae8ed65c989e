"""Attack 137: CVE-2026-33496, Ory Oathkeeper: an introspection answer is kept without the scope it was asked for.

There a token that was once good for one rule was good for every rule that shared the cache. Here what is kept of a
token is found by the whole token, holds exactly what that token may do, and belongs to one verifier with one audience;
answers of introspection are not kept at all.
"""

from datetime import timedelta

import pytest

from coatcheck.errors import TokenRefused
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier import Asked, Verifier
from tests.verifier.issuer import AUDIENCE, SERVICE, Issuer, eventually

MAIL = "https://mail.example.org"


def verifier_for(issuer: Issuer, audience: str, **choices: str) -> Verifier:
    """Make a verifier of one audience."""
    return Verifier(issuer.url, audience=audience, credentials=SERVICE, clock=issuer.clock, **choices)  # type: ignore[arg-type]


def test_what_one_token_may_do_is_not_what_another_may() -> None:
    issuer = Issuer(ManualClock())
    with issuer.serving(), verifier_for(issuer, AUDIENCE) as verifier:
        eventually(lambda: verifier.is_fresh)
        wide, narrow = issuer.token(1, scope="notes:read notes:delete"), issuer.token(1, scope="notes:read")
        for _ in range(2):
            assert verifier.check(wide).may("notes:delete")
            assert not verifier.check(narrow).may("notes:delete")


def test_what_is_good_for_one_audience_is_not_for_another() -> None:
    issuer = Issuer(ManualClock())
    with issuer.serving(), verifier_for(issuer, AUDIENCE) as notes, verifier_for(issuer, MAIL) as mail:
        eventually(lambda: notes.is_fresh and mail.is_fresh)
        token = issuer.token(1)
        for _ in range(2):
            notes.check(token)
            with pytest.raises(TokenRefused):
                mail.check(token)


def test_an_answer_of_introspection_is_not_kept() -> None:
    issuer = Issuer(ManualClock())
    with issuer.serving(), verifier_for(issuer, AUDIENCE, when_stale="introspect") as verifier:
        eventually(lambda: verifier.is_fresh)
        issuer.instead["/status/feed"] = lambda: None
        issuer.clock.advance(timedelta(seconds=20))
        asked = Asked(authorization=f"Bearer {issuer.token(1)}")
        verifier.authenticate_sync(asked)
        issuer.active = False
        with pytest.raises(TokenRefused):
            verifier.authenticate_sync(asked)
