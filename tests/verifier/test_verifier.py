"""`Verifier` against a real issuer: revocations arrive, and while they cannot, its owner's choice holds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from coatcheck import unsafe
from coatcheck.errors import NotSignedIn, RevocationUnknown, TokenRefused
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier import Asked, Authenticator, Principal, Verifier
from tests.verifier.issuer import AUDIENCE, SERVICE, Issuer, eventually

BOUND = timedelta(seconds=10)


def verifier_of(issuer: Issuer, **choices: Any) -> Verifier:
    """Make a verifier of an issuer."""
    return Verifier(issuer.url, audience=AUDIENCE, credentials=SERVICE, clock=issuer.clock, **choices)


def bearer(token: str) -> Asked:
    """Present a token."""
    return Asked(authorization=f"Bearer {token}")


def refuses(check: Callable[[], object]) -> bool:
    """Tell whether a token is refused as bad or revoked."""
    try:
        check()
    except TokenRefused:
        return True
    return False


def test_a_good_token_speaks_for_its_subject(issuer: Issuer) -> None:
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        principal = verifier.check(issuer.token())
    assert principal == Principal(
        subject="acc_ann",
        session="ses_1",
        roles=frozenset({"editor"}),
        permissions=frozenset({"notes:read", "notes:delete"}),
        scopes=frozenset({"notes:read", "notes:delete"}),
        expires_at=issuer.clock.now() + 900_000,
        ends_at=issuer.clock.now() + 900_000,
    )


def test_it_is_an_authenticator(issuer: Issuer) -> None:
    assert isinstance(verifier_of(issuer), Authenticator)


@pytest.mark.parametrize("kind", ["ended", "moved"])
def test_a_revocation_arrives(issuer: Issuer, kind: str) -> None:
    token, other = issuer.token(7), issuer.token(8)
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        verifier.check(token)
        issuer.end(7, kind=kind)
        eventually(lambda: refuses(lambda: verifier.check(token)))
        assert verifier.check(other).subject == "acc_ann"


def test_what_was_revoked_before_is_in_the_snapshot(issuer: Issuer) -> None:
    issuer.end(7)
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        with pytest.raises(TokenRefused):
            verifier.check(issuer.token(7))


def test_until_the_first_snapshot_it_is_stale(issuer: Issuer) -> None:
    issuer.instead["/status/1"] = lambda: None
    with verifier_of(issuer) as verifier:
        eventually(lambda: issuer.asked["/status/1"] > 0)
        with pytest.raises(RevocationUnknown) as refused:
            verifier.check(issuer.token())
        assert refused.value.retry_after >= 1
        del issuer.instead["/status/1"]
        eventually(lambda: verifier.is_fresh)
        verifier.check(issuer.token())


def cut(issuer: Issuer, verifier: Verifier) -> None:
    """Cut the feed for longer than the bound."""
    asked = issuer.asked["/status/feed"]
    issuer.instead["/status/feed"] = lambda: None
    eventually(lambda: issuer.asked["/status/feed"] > asked + 1)
    issuer.clock.advance(BOUND + timedelta(seconds=1))
    assert not verifier.is_fresh


def test_it_is_fresh_by_one_question_after_its_snapshots(issuer: Issuer) -> None:
    issuer.hold_s = 60.0
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        verifier.check(issuer.token())
        eventually(lambda: len(issuer.holds) == 2)
        assert issuer.holds == [False, True], "only the first is answered at once"


def test_after_an_answer_that_failed_it_asks_at_once_again(issuer: Issuer) -> None:
    with verifier_of(issuer) as verifier:
        eventually(lambda: issuer.holds[:2] == [False, True])
        cut(issuer, verifier)
        issuer.hold_s = 60.0
        issuer.holds.clear()
        del issuer.instead["/status/feed"]
        eventually(lambda: verifier.is_fresh)
        assert not issuer.holds[0]


def test_what_is_in_doubt_is_not_asked_in_a_rush(issuer: Issuer) -> None:
    """Answers that make nobody fresher are held back like others: a clock that is wrong floods no issuer."""
    ahead = ManualClock(issuer.clock.now() + 60_000)
    with Verifier(issuer.url, audience=AUDIENCE, credentials=SERVICE, clock=ahead) as verifier:
        eventually(lambda: len(issuer.holds) >= 4)
        assert not verifier.is_fresh
    assert issuer.holds[:4] == [False, True, True, True]


def test_cut_for_longer_than_the_bound_it_rejects(issuer: Issuer) -> None:
    token = issuer.token(7)
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        verifier.check(token)
        cut(issuer, verifier)
        issuer.end(7)
        with pytest.raises(RevocationUnknown):
            verifier.check(token)
        del issuer.instead["/status/feed"]
        eventually(lambda: verifier.is_fresh)
        with pytest.raises(TokenRefused):
            verifier.check(token)


async def test_cut_for_longer_than_the_bound_it_introspects(issuer: Issuer) -> None:
    async with verifier_of(issuer, when_stale="introspect") as verifier:
        eventually(lambda: verifier.is_fresh)
        cut(issuer, verifier)
        asked = bearer(issuer.token())
        assert (await verifier.authenticate(asked)).subject == "acc_ann"
        assert verifier.authenticate_sync(asked).subject == "acc_ann"
        issuer.active = False
        with pytest.raises(TokenRefused):
            await verifier.authenticate(asked)
        with pytest.raises(TokenRefused):
            verifier.authenticate_sync(asked)
        assert issuer.asked["/oauth/introspect"] == 4


@pytest.mark.parametrize("body", [b"", b"[]", b'{"active": "yes"}', b"x" * 100_000], ids=["no", "list", "text", "long"])
async def test_introspection_without_an_answer_is_a_refusal(issuer: Issuer, body: bytes) -> None:
    async with verifier_of(issuer, when_stale="introspect") as verifier:
        eventually(lambda: verifier.is_fresh)
        cut(issuer, verifier)
        issuer.instead["/oauth/introspect"] = lambda: (200, body) if body else None
        with pytest.raises(RevocationUnknown):
            await verifier.authenticate(bearer(issuer.token()))


async def test_a_forged_token_is_never_introspected(issuer: Issuer) -> None:
    async with verifier_of(issuer, when_stale="introspect") as verifier:
        eventually(lambda: verifier.is_fresh)
        cut(issuer, verifier)
        with pytest.raises(TokenRefused):
            await verifier.authenticate(bearer(issuer.token()[:-6] + "AAAAAA"))
        assert issuer.asked["/oauth/introspect"] == 0


def test_cut_for_longer_than_the_bound_it_accepts_where_its_owner_said_so(issuer: Issuer) -> None:
    issuer.end(8)
    with verifier_of(issuer, when_stale=unsafe.ACCEPT_STALE) as verifier:
        eventually(lambda: verifier.is_fresh)
        cut(issuer, verifier)
        assert verifier.check(issuer.token(7)).subject == "acc_ann"
        with pytest.raises(TokenRefused):
            verifier.check(issuer.token(8))


def test_without_revocation_only_the_token_counts(issuer: Issuer) -> None:
    issuer.end(7)
    with Verifier(issuer.url, audience=AUDIENCE, revocation=unsafe.NO_REVOCATION, clock=issuer.clock) as verifier:
        assert verifier.authenticate_sync(bearer(issuer.token(7))).subject == "acc_ann"
        assert verifier.check(issuer.token(status=None)).subject == "acc_ann"
    assert issuer.asked["/status"] == issuer.asked["/status/feed"] == 0


def test_an_issuer_that_was_away_has_lost_nothing(issuer: Issuer, clock: ManualClock) -> None:
    other = Issuer(clock)
    with other.serving():
        verifier = verifier_of(other)
        verifier.start()
        eventually(lambda: verifier.is_fresh)
    clock.advance(BOUND + timedelta(seconds=1))
    with pytest.raises(RevocationUnknown):
        verifier.check(other.token(7))
    other.end(7)
    with other.serving():
        eventually(lambda: verifier.is_fresh)
        with pytest.raises(TokenRefused):
            verifier.check(other.token(7))
    verifier.close()


def test_a_verifier_that_was_away_has_lost_nothing(issuer: Issuer) -> None:
    with verifier_of(issuer) as first:
        eventually(lambda: first.is_fresh)
    issuer.end(7)
    with verifier_of(issuer) as second:
        eventually(lambda: second.is_fresh)
        with pytest.raises(TokenRefused):
            second.check(issuer.token(7))


def test_closed_and_opened_again_it_goes_on(issuer: Issuer) -> None:
    verifier = verifier_of(issuer)
    with verifier:
        eventually(lambda: verifier.is_fresh)
    issuer.end(7)
    issuer.clock.advance(BOUND + timedelta(seconds=1))
    with verifier:
        eventually(lambda: verifier.is_fresh)
        with pytest.raises(TokenRefused):
            verifier.check(issuer.token(7))


def test_another_era_is_loaded_anew(issuer: Issuer) -> None:
    issuer.end(7)
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        issuer.instead["/status/2"] = lambda: None
        issuer.lists[1] = bytearray(64)
        issuer.lists[1][0] = 1 << 5
        issuer.restore()
        eventually(lambda: issuer.asked["/status/2"] > 2)
        with pytest.raises(TokenRefused):
            verifier.check(issuer.token(7))  # while it loads, what was revoked stays so
        del issuer.instead["/status/2"]
        eventually(lambda: not refuses(lambda: verifier.check(issuer.token(7))))
        with pytest.raises(TokenRefused):
            verifier.check(issuer.token(5))


def test_a_position_too_old_is_loaded_anew(issuer: Issuer) -> None:
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        issuer.instead["/status/feed"] = lambda: None
        issuer.end(7)
        issuer.oldest = 1
        issuer.clock.advance(BOUND + timedelta(seconds=1))
        del issuer.instead["/status/feed"]
        eventually(lambda: verifier.is_fresh)
        with pytest.raises(TokenRefused):
            verifier.check(issuer.token(7))


def test_an_unknown_kind_of_event_loads_everything(issuer: Issuer) -> None:
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        issuer.lists[2][0] |= 1 << 3  # not told by any event that this verifier understands
        keys = issuer.asked["/jwks"]
        issuer.write("something_new")
        eventually(lambda: refuses(lambda: verifier.check(issuer.token(3, list_id=2))))
        assert issuer.asked["/jwks"] > keys
        issuer.clock.advance(BOUND + timedelta(seconds=1))
        eventually(lambda: verifier.is_fresh)


@pytest.mark.parametrize("way", ["async", "sync"])
async def test_a_list_that_is_not_held_is_fetched_once(issuer: Issuer, way: str) -> None:
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        issuer.lists[3] = bytearray(64)
        issuer.end(7, list_id=3)
        for index, refused in ((6, False), (7, True)):
            asked = bearer(issuer.token(index, list_id=3))
            try:
                await verifier.authenticate(asked) if way == "async" else verifier.authenticate_sync(asked)
            except TokenRefused:
                assert refused
            else:
                assert not refused
        assert issuer.asked["/status/3"] == 1


def test_a_list_that_is_not_there_is_asked_for_once_in_a_while(issuer: Issuer) -> None:
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        for index in range(20):
            with pytest.raises(TokenRefused):
                verifier.authenticate_sync(bearer(issuer.token(index, list_id=9)))
        assert issuer.asked["/status/9"] == 1


def test_a_check_in_memory_alone_asks_for_what_it_lacks(issuer: Issuer) -> None:
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        issuer.lists[3] = bytearray(64)
        with pytest.raises(TokenRefused):
            verifier.check(issuer.token(6, list_id=3))
        eventually(lambda: not refuses(lambda: verifier.check(issuer.token(6, list_id=3))))


def test_what_is_told_of_a_list_before_it_is_held_is_not_lost(issuer: Issuer) -> None:
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        issuer.lists[3] = bytearray(64)
        old = issuer.status_token(3)  # as a cache between us would still give it
        issuer.instead["/status/3"] = lambda: (200, old.encode())
        issuer.end(7, list_id=3)
        issuer.end(1)
        eventually(lambda: refuses(lambda: verifier.check(issuer.token(1))))
        assert verifier.authenticate_sync(bearer(issuer.token(6, list_id=3))).subject == "acc_ann"
        with pytest.raises(TokenRefused):
            verifier.authenticate_sync(bearer(issuer.token(7, list_id=3)))


def test_an_index_outside_its_list_is_refused(issuer: Issuer) -> None:
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        with pytest.raises(TokenRefused):
            verifier.check(issuer.token(64 * 8))


def test_changed_keys_end_what_was_signed_by_the_old_ones(issuer: Issuer) -> None:
    token = issuer.token()
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        verifier.check(token)
        issuer.rotate("second")
        issuer.write("keys_changed")
        eventually(lambda: refuses(lambda: verifier.check(token)))
        assert verifier.check(issuer.token()).subject == "acc_ann"


def test_changed_keys_that_cannot_be_fetched_make_it_stale(issuer: Issuer) -> None:
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        issuer.instead["/jwks"] = lambda: (500, b"")
        keys = issuer.asked["/jwks"]
        issuer.write("keys_changed")
        eventually(lambda: issuer.asked["/jwks"] > keys + 1)
        issuer.clock.advance(BOUND + timedelta(seconds=1))
        asked = issuer.asked["/status/feed"]
        eventually(lambda: issuer.asked["/status/feed"] > asked + 1)
        with pytest.raises(RevocationUnknown):
            verifier.check(issuer.token())


@pytest.mark.parametrize(
    "asked",
    [
        Asked(authorization="Basic YTpi"),
        Asked(authorization="Bearer"),
        Asked(authorization="Bearer a.b.c, Bearer a.b.c"),
        Asked(authorization="Bearer a.b.c a.b.c"),
        Asked(authorization="DPoP"),
        Asked(authorization="DPoP a.b.c, DPoP a.b.c", dpop="a.b.c"),
        Asked(authorization="DPoP a.b.c", dpop="a.b.c", websocket=True),
        Asked(authorization="Bearer ck_live_opaque"),
    ],
)
async def test_what_is_no_single_bearer_token_is_refused(issuer: Issuer, asked: Asked) -> None:
    verifier = verifier_of(issuer)
    with verifier, pytest.raises(TokenRefused):
        await verifier.authenticate(asked)


@pytest.mark.parametrize(
    ("asked", "told"), [(Asked(), "no token"), (Asked(cookies="__Host-coatcheck=x"), "only cookies came")]
)
def test_without_a_token_nobody_is_signed_in(issuer: Issuer, asked: Asked, told: str) -> None:
    with pytest.raises(NotSignedIn, match=told) as refused:
        verifier_of(issuer).authenticate_sync(asked)
    assert not isinstance(refused.value, TokenRefused)


def test_an_opaque_credential_is_told_where_to_go(issuer: Issuer) -> None:
    with verifier_of(issuer) as verifier, pytest.raises(TokenRefused, match="introspection"):
        verifier.check("ck_live_opaque")


async def test_the_scheme_may_be_spelled_in_any_case(issuer: Issuer) -> None:
    async with verifier_of(issuer) as verifier:
        asked = Asked(authorization=f"bEARER {issuer.token()}")
        assert (await verifier.authenticate(asked)).subject == "acc_ann", "the first request waits for the first news"


def test_a_token_that_is_bound_to_a_key_is_refused(issuer: Issuer) -> None:
    with verifier_of(issuer) as verifier:
        eventually(lambda: verifier.is_fresh)
        token = issuer.token(cnf={"jkt": "x" * 43})
        for _ in range(2):
            with pytest.raises(TokenRefused):
                verifier.check(token)


@pytest.mark.parametrize(
    "choices",
    [
        {"issuer": "http://auth.example.org"},
        {"issuer": "https://auth.example.org/"},
        {"issuer": "https://auth.example.org?x=1"},
        {"issuer": "https://ann@auth.example.org"},
        {"issuer": "auth.example.org"},
        {"credentials": None},
        {"credentials": None, "revocation": unsafe.NO_REVOCATION, "when_stale": "introspect"},
        {"revocation": "none"},
        {"revocation": unsafe.PLAIN_HTTP},
        {"when_stale": "accept"},
        {"when_stale": unsafe.NO_REVOCATION},
        {"max_staleness": timedelta(seconds=6)},
        {"algorithms": ()},
        {"algorithms": ("RS256", "none")},
        {"algorithms": ("HS256",)},
    ],
)
def test_a_choice_that_is_not_safe_is_refused_at_once(choices: dict[str, Any]) -> None:
    given: dict[str, Any] = {"issuer": "https://auth.example.org", "credentials": SERVICE} | choices
    with pytest.raises(ValueError, match=r"issuer|credentials|revocation|when_stale|max_staleness|algorithms"):
        Verifier(given.pop("issuer"), **given)
