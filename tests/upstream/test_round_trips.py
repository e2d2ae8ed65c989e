"""A trip to a provider: bound to the browser that began it, ended once, never confused with another."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from coatcheck.errors import UpstreamFailed
from coatcheck.secret import Secret
from coatcheck.upstream.round_trips import (
    LIVES,
    RoundTrip,
    begin_trip,
    end_trip,
    is_answer_of_provider,
    nonce_of,
    park,
    pkce_verifier,
)
from coatcheck.visit import Visit
from tests.site import ORIGIN, Site

HERE = Visit(base_url=ORIGIN, browser="the browser that began")
ELSEWHERE = Visit(base_url=ORIGIN, browser="another browser")


def a_trip(site: Site, provider: str = "github") -> RoundTrip:
    return RoundTrip(provider=provider, back_at=f"/login/{provider}/end", base_url=ORIGIN, began_at=site.desk.now())


def told(path: str) -> tuple[str, str]:
    """Give the state and the ticket that a path carries."""
    asked = parse_qs(urlsplit(path).query)
    return asked["state"][0], asked["ticket"][0]


async def begun_and_parked(site: Site) -> tuple[str, str]:
    state = (await begin_trip(site.desk, HERE, a_trip(site))).reveal()
    return told(await park(site.desk, "github", {"state": state, "code": "the code"}, at=ORIGIN))


async def trouble_of(site: Site, visit: Visit, state: str, ticket: str, provider: str = "github") -> str:
    with pytest.raises(UpstreamFailed) as failed:
        await end_trip(site.desk, visit, provider, state, ticket)
    return failed.value.trouble


async def test_the_browser_that_began_gets_the_answer(site: Site) -> None:
    state = (await begin_trip(site.desk, HERE, a_trip(site))).reveal()
    path = await park(site.desk, "github", {"state": state, "code": "the code"}, at=ORIGIN)

    back = await end_trip(site.desk, HERE, "github", *told(path))

    assert urlsplit(path).path == "/login/github/end"
    assert dict(back.answer) == {"state": state, "code": "the code"}
    assert back.trip.provider == "github"


async def test_fifty_ends_at_once_are_one(site: Site) -> None:
    parked = await begun_and_parked(site)

    ends = await asyncio.gather(
        *(end_trip(site.desk, HERE, "github", *parked) for _ in range(50)), return_exceptions=True
    )

    assert sum(not isinstance(each, BaseException) for each in ends) == 1
    assert {each.trouble for each in ends if isinstance(each, UpstreamFailed)} == {"trip_unknown"}


async def test_another_browser_is_refused_and_spends_nothing(site: Site) -> None:
    parked = await begun_and_parked(site)

    assert await trouble_of(site, ELSEWHERE, *parked) == "other_browser"
    assert await trouble_of(site, Visit(base_url=ORIGIN), *parked) == "other_browser"
    assert (await end_trip(site.desk, HERE, "github", *parked)).answer["code"] == "the code"


async def test_nobody_gets_an_answer_that_another_browser_brought(site: Site) -> None:
    state, ticket = await begun_and_parked(site)

    for other in ("", "invented", state, f"{ticket}x"):
        assert await trouble_of(site, HERE, state, other) == "other_browser"
    assert (await end_trip(site.desk, HERE, "github", state, ticket)).answer["code"] == "the code"


async def test_each_answer_has_its_own_ticket(site: Site) -> None:
    """A browser that asks twice, with another code each time, may go on with either."""
    state, first = await begun_and_parked(site)
    _, second = told(await park(site.desk, "github", {"state": state, "code": "a second"}, at=ORIGIN))
    _, again = told(await park(site.desk, "github", {"state": state, "code": "the code"}, at=ORIGIN))

    assert again == first != second
    assert (await end_trip(site.desk, HERE, "github", state, second)).answer["code"] == "a second"
    assert await trouble_of(site, HERE, state, first) == "trip_unknown"


async def test_four_answers_wait_and_no_more(site: Site) -> None:
    state, ticket = await begun_and_parked(site)
    for number in range(3):
        await park(site.desk, "github", {"state": state, "code": f"{number}"}, at=ORIGIN)

    with pytest.raises(UpstreamFailed) as failed:
        await park(site.desk, "github", {"state": state, "code": "one too many"}, at=ORIGIN)

    assert failed.value.trouble == "answer_incomplete"
    assert (await end_trip(site.desk, HERE, "github", state, ticket)).answer["code"] == "the code"


async def test_an_answer_of_another_provider_is_not_taken(site: Site) -> None:
    state, ticket = await begun_and_parked(site)

    assert await trouble_of(site, HERE, state, ticket, provider="gitlab") == "other_provider"
    with pytest.raises(UpstreamFailed) as failed:
        await park(site.desk, "gitlab", {"state": state, "code": "x"}, at=ORIGIN)
    assert failed.value.trouble == "other_provider"


async def test_the_host_that_it_began_at_is_asked_for(site: Site) -> None:
    state = (await begin_trip(site.desk, HERE, a_trip(site))).reveal()

    with pytest.raises(UpstreamFailed) as failed:
        await park(site.desk, "github", {"state": state, "code": "x"}, at="http://127.0.0.1:8400")

    assert failed.value.trouble == "other_host"
    assert ORIGIN in failed.value.because
    assert "127.0.0.1" in failed.value.because


@pytest.mark.parametrize("state", ["", "invented", "x" * 500])
async def test_a_state_that_nobody_drew_parks_nothing(site: Site, state: str) -> None:
    with pytest.raises(UpstreamFailed) as failed:
        await park(site.desk, "github", {"state": state, "code": "x"}, at=ORIGIN)
    assert failed.value.trouble == "trip_unknown"
    assert await trouble_of(site, HERE, state, "x") == "trip_unknown"


async def test_a_trip_runs_out(site: Site) -> None:
    parked = await begun_and_parked(site)
    site.clock.advance(LIVES)
    site.clock.advance(LIVES)

    assert await trouble_of(site, HERE, *parked) == "trip_unknown"


async def test_two_tabs_have_trips_of_their_own(site: Site) -> None:
    first, second = await begun_and_parked(site), await begun_and_parked(site)

    assert (await end_trip(site.desk, HERE, "github", *second)).state.reveal() == second[0]
    assert (await end_trip(site.desk, HERE, "github", *first)).state.reveal() == first[0]


async def test_what_is_derived_differs_for_every_trip_and_use(site: Site) -> None:
    states = [Secret("one"), Secret("two")]

    derived = [pkce_verifier(site.desk, each).reveal() for each in states] + [
        nonce_of(site.desk, each) for each in states
    ]

    assert len(set(derived)) == 4
    assert {len(each) for each in derived} == {43}


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("/login/github/callback", True),
        ("/saml/acme/acs", True),
        ("/login/github", False),
        ("/login/github/end", False),
        ("/login/github/callback/", False),
        ("/login/Git/callback", False),
        ("/api/sign-in", False),
        ("/login/a/b/callback", False),
    ],
)
def test_only_answers_of_providers_may_come_from_elsewhere(path: str, is_one: bool) -> None:
    assert is_answer_of_provider(path) is is_one
