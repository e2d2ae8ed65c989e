"""Attack: whoever sits between a verifier and its issuer cuts, replays, reorders or forges the feed of revocations.

So the verifier would believe that nothing was revoked, for as long as the attacker likes; a home-made deny list fails
open in just this way. Here an answer counts only if the issuer signed it, if it answers the question that was asked
(era and number), tells every event in between, and was made after the question. Anything else leaves the verifier as it
was: it grows old, and past the bound it refuses.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from coatcheck.errors import RevocationUnknown, TokenRefused
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier import Verifier
from tests.verifier.issuer import AUDIENCE, SERVICE, Issuer, Key, Reply, eventually
from tests.verifier.test_verifier import refuses

SECOND = timedelta(seconds=1)
PATH = "/status/feed"


def signed(token: str) -> Reply:
    """Answer with a token."""
    return 200, token.encode()


def swapped(issuer: Issuer) -> str:
    """Tell the first event as the last: the numbers of the others come too early."""
    return issuer.feed_token(0, **{"from": len(issuer.log), "to": len(issuer.log) + 1, "events": issuer.log[:1]})


LIES: dict[str, Callable[[Issuer], Reply | None]] = {
    "cut": lambda issuer: None,
    "an error": lambda issuer: (500, b""),
    "empty": lambda issuer: (200, b""),
    "the first answer again": lambda issuer: signed(issuer.told[0]),
    "the last answer again": lambda issuer: signed(issuer.told[-1]),
    "forged, under the issuer's key id": lambda issuer: signed(forged(issuer, "first")),
    "forged, under a key id of its own": lambda issuer: signed(forged(issuer, "evil")),
    "unsigned": lambda issuer: signed(issuer.told[-1].rpartition(".")[0] + "."),
    "an access token": lambda issuer: signed(issuer.token()),
    "of another issuer": lambda issuer: signed(issuer.feed_token(1, iss="https://evil.example")),
    "from the future": lambda issuer: signed(issuer.feed_token(1, iat=issuer.clock.now() // 1000 + 3600)),
    "made long ago": lambda issuer: signed(issuer.feed_token(1, iat=issuer.clock.now() // 1000 - 3600)),
    "with an event left out": lambda issuer: signed(issuer.feed_token(1, events=[], to=2)),
    "backwards": lambda issuer: signed(issuer.feed_token(1, to=0)),
}


def forged(issuer: Issuer, kid: str) -> str:
    """Sign an empty answer by a key that is not the issuer's."""
    true, issuer.key = issuer.key, Key(kid)
    try:
        return issuer.feed_token(1, to=1, events=[])
    finally:
        issuer.key = true


def begin(issuer: Issuer, lie: Callable[[], Reply | None]) -> None:
    """Begin to lie, and wait until no honest answer is on its way any more."""
    asked = issuer.asked[PATH]
    issuer.instead[PATH] = lie
    eventually(lambda: issuer.asked[PATH] > asked + 1)


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a verifier that was told nothing ask again soon: seconds of waiting show nothing more."""
    monkeypatch.setattr("coatcheck.verifier.upkeep._LONGEST_PAUSE_S", 0.1)


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("how", LIES)
def test_a_feed_that_lies_makes_nobody_fresher(how: str) -> None:
    issuer = Issuer(ManualClock())
    with issuer.serving(), Verifier(issuer.url, audience=AUDIENCE, credentials=SERVICE, clock=issuer.clock) as verifier:
        issuer.end(7)
        eventually(lambda: verifier.is_fresh)
        begin(issuer, lambda: LIES[how](issuer))
        issuer.clock.advance(11 * SECOND)
        issuer.end(8)  # what the attacker wants to hide
        asked = issuer.asked[PATH]
        eventually(lambda: issuer.asked[PATH] > asked + 3, "the verifier asks on")
        assert not verifier.is_fresh
        with pytest.raises(TokenRefused):
            verifier.check(issuer.token(7))
        with pytest.raises((RevocationUnknown, TokenRefused)):
            verifier.check(issuer.token(8))
        with pytest.raises(RevocationUnknown):
            verifier.check(issuer.token(9))
        del issuer.instead[PATH]
        eventually(lambda: verifier.is_fresh, "the truth is heard again")
        with pytest.raises(TokenRefused):
            verifier.check(issuer.token(8))
        assert verifier.check(issuer.token(9)).subject == "acc_ann"


def test_events_out_of_order_are_not_applied_as_if_they_were_in_order() -> None:
    issuer = Issuer(ManualClock())
    with issuer.serving(), Verifier(issuer.url, audience=AUDIENCE, credentials=SERVICE, clock=issuer.clock) as verifier:
        eventually(lambda: verifier.is_fresh)
        begin(issuer, lambda: None)
        lists = issuer.asked["/status/1"]
        issuer.end(7)
        issuer.instead[PATH] = lambda: signed(swapped(issuer))
        eventually(lambda: refuses(lambda: verifier.check(issuer.token(7))))
        assert issuer.asked["/status/1"] > lists, "it has started over from the snapshots"


def test_old_snapshots_replayed_bring_nothing_back() -> None:
    """The attacker keeps the snapshots from before a revocation, and makes the verifier start over."""
    issuer = Issuer(ManualClock())
    with issuer.serving(), Verifier(issuer.url, audience=AUDIENCE, credentials=SERVICE, clock=issuer.clock) as verifier:
        eventually(lambda: verifier.is_fresh)
        old = {list_id: issuer.status_token(list_id) for list_id in issuer.lists}
        issuer.end(7)
        for list_id, token in old.items():
            issuer.instead[f"/status/{list_id}"] = lambda token=token: signed(token)  # type: ignore[misc]
        issuer.clock.advance(11 * SECOND)
        eventually(lambda: verifier.is_fresh)
        with pytest.raises(TokenRefused):
            verifier.check(issuer.token(7))
        issuer.instead[PATH] = lambda: (410, b"{}")
        lists = issuer.asked["/status/1"]
        eventually(lambda: issuer.asked["/status/1"] > lists + 1, "it starts over")
        del issuer.instead[PATH]
        issuer.clock.advance(11 * SECOND)
        eventually(lambda: verifier.is_fresh)
        with pytest.raises(TokenRefused):
            verifier.check(issuer.token(7))
    with issuer.serving(), Verifier(issuer.url, audience=AUDIENCE, credentials=SERVICE, clock=issuer.clock) as another:
        eventually(lambda: another.is_fresh)
        with pytest.raises(TokenRefused):
            another.check(issuer.token(7))  # it has only old snapshots, and hears the rest from the feed
