"""What verifiers are told, signed: lists and the feed, as the real `Verifier` takes them, over real sockets too."""

import asyncio
import sys
import time
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

import httpx
import msgspec
import pytest

from coatcheck.admin.services import Registered, create_service
from coatcheck.desk import Desk
from coatcheck.ending.end_sessions import end_session
from coatcheck.errors import DatabaseAway, NotFound, RevocationUnknown, TokenRefused
from coatcheck.issuer.status import SignedNews
from coatcheck.keys.signing_key import SigningKey
from coatcheck.revocation import records
from coatcheck.revocation.event import Position
from coatcheck.revocation.feed import news_after
from coatcheck.revocation.log import start_new_era
from coatcheck.revocation.reader import LogReader
from coatcheck.verifier.algorithms import VerifyingKey
from coatcheck.verifier.feed import FeedClaims
from coatcheck.verifier.jwk import key_of
from coatcheck.verifier.news import open_news
from coatcheck.verifier.status_token import StatusClaims, read_status_token
from coatcheck.verifier.verifier import Verifier
from tests.clients.machines import machine
from tests.faults.running import eventually
from tests.faults.workers import Deployment, Worker, workers
from tests.keys.checking import raw
from tests.keys.sites import keys_of, signing_site
from tests.site import ORIGIN, PASSWORD, VISIT, Site, sign_in
from tests.tokens.holders import Held, claims_of, let_in

FEED, TRIES = "/status/feed", 5


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that signs quickly."""
    async with signing_site(tmp_path) as opened:
        yield opened


def published(site: Site, kid: str) -> VerifyingKey | None:
    """Give the key of a name, as the public set has it."""
    [jwk] = [each for each in keys_of(site).jwks()["keys"] if each["kid"] == kid] or [None]
    return key_of(jwk) if jwk else None


async def list_of(site: Site, list_id: int = 1) -> StatusClaims:
    """Ask for a status list; give what it says, as a verifier reads it."""
    token = (await site.browser().get(f"/status/{list_id}")).text
    return open_news(token, "statuslist+jwt", lambda kid: published(site, kid), StatusClaims)


async def service(site: Site) -> httpx.AsyncClient:
    """Open a client that comes as a registered service."""
    asking = await machine(site)
    return site.browser(headers={"authorization": f"Bearer {await asking.token()}"})


async def told(site: Site, client: httpx.AsyncClient, after: str) -> FeedClaims:
    """Ask for news; give what is told, as a verifier reads it."""
    answer = await client.get(FEED, params={"after": after})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/statusfeed+jwt"), answer.text
    return open_news(answer.text, "statusfeed+jwt", lambda kid: published(site, kid), FeedClaims)


async def ended(site: Site) -> Held:
    """Let somebody in and out again."""
    ann = await site.person(f"p{site.clock.monotonic()}@example.org", password=None)
    held = await let_in(site, ann)
    await end_session(site.desk, VISIT, account=ann.id, session=held.session, actor=ann.id)
    site.clock.advance(timedelta(milliseconds=1))
    await site.follow_log()
    return held


def place_of(held: Held) -> dict[str, Any]:
    place: dict[str, Any] = claims_of(held.access)["status"]["status_list"]
    return place


async def test_a_list_and_where_to_go_on_from(site: Site) -> None:
    held = await ended(site)
    site.clock.advance(timedelta(seconds=1))
    await site.follow_log()
    now = site.clock.now() // 1000
    claims = await list_of(site)
    assert (claims.iss, claims.sub, claims.iat, claims.exp, claims.ttl) == (
        ORIGIN,
        place_of(held)["uri"],
        now,
        now + 3600,
        60,
    )
    bits = zlib.decompress(raw(claims.status_list.lst))
    assert (claims.status_list.bits, len(bits)) == (1, 2**20 // 8)
    index = place_of(held)["idx"]
    assert [at for at in range(2**20) if bits[at >> 3] >> (at & 7) & 1] == [index]
    position = site.desk.keep(LogReader).position
    assert position == Position(claims.era, claims.n)


async def test_the_verifier_reads_it(site: Site) -> None:
    held = await ended(site)
    token = (await site.browser().get("/status/1")).text
    snapshot = read_status_token(
        token, list_id=1, issuer=ORIGIN, find_key=lambda kid: published(site, kid), now=site.clock.now()
    )
    assert snapshot.list == 1
    assert snapshot.bits[place_of(held)["idx"] >> 3]


async def test_lists_are_listed_and_may_be_kept(site: Site) -> None:
    browser = site.browser()
    assert (await browser.get("/status")).json() == {"status_lists": []}
    await ended(site)
    assert (await browser.get("/status")).json() == {"status_lists": [f"{ORIGIN}/status/1"]}
    answer = await browser.get("/status/1")
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    assert answer.headers["cache-control"] == "public, max-age=60"
    again = await browser.get("/status/1", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "number", ["0", "2", "-1", "1.0", "01", "x", "999999999", "9" * 10, "9" * 30, "9" * 5000, "%31%00", "１"]
)
async def test_no_such_list(site: Site, number: str) -> None:
    await ended(site)
    answer = await site.browser().get(f"/status/{number}")
    assert answer.status_code in (404, 414)


async def test_a_list_is_signed_once_a_second_for_all_who_ask(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await ended(site)
    signed = signatures_of(monkeypatch)
    browser = site.browser()
    answers = await asyncio.gather(*(browser.get("/status/1") for _ in range(20)))
    assert ({answer.status_code for answer in answers}, len(signed)) == ({200}, 1)
    site.clock.advance(timedelta(milliseconds=999))
    await site.follow_log()
    await browser.get("/status/1")
    assert len(signed) == 1
    site.clock.advance(timedelta(milliseconds=1))
    await browser.get("/status/1")
    assert len(signed) == 2


def signatures_of(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Write down what is signed from now on."""
    signed: list[bytes] = []
    sign = SigningKey.sign

    def noted(key: SigningKey, what: bytes) -> bytes:
        signed.append(what)
        return sign(key, what)

    monkeypatch.setattr(SigningKey, "sign", noted)
    return signed


async def test_who_has_not_read_the_log_says_so(site: Site) -> None:
    await ended(site)
    site.clock.advance(timedelta(seconds=5))
    with pytest.raises(DatabaseAway):
        await site.desk.keep(SignedNews).status_list(ORIGIN, 1)
    await site.follow_log()
    with pytest.raises(NotFound):
        await site.desk.keep(SignedNews).status_list(ORIGIN, 2)


async def test_the_feed(site: Site) -> None:
    first = await ended(site)
    client, claims = await service(site), await list_of(site)
    second = await ended(site)
    news = await told(site, client, f"{claims.era}.{claims.n}")
    assert (news.iss, news.era, news.iat) == (ORIGIN, claims.era, site.clock.now() // 1000)
    assert news.to - news.from_ == len(news.events) == 1
    [event] = news.events
    assert (event.kind, event.list, event.index) == ("ended", 1, place_of(second)["idx"])
    everything = await told(site, client, f"{claims.era}.0")
    assert [event.index for event in everything.events] == [place_of(first)["idx"], place_of(second)["idx"]]


async def test_who_wants_to_know_at_once_is_not_made_to_wait(site: Site) -> None:
    await ended(site)
    client, claims = await service(site), await list_of(site)
    here = f"{claims.era}.{claims.n}"
    holding = asyncio.create_task(client.get(FEED, params={"after": here}))
    for _ in range(5):
        answer = await client.get(FEED, params={"after": here, "hold": "0"})
        news = open_news(answer.text, "statusfeed+jwt", lambda kid: published(site, kid), FeedClaims)
        assert (news.to, news.events) == (claims.n, [])
    assert not holding.done(), "the one before it still waits"
    await ended(site)
    assert (await holding).status_code == 200


@pytest.mark.parametrize("hold", ["", "1", "3600", "-1", "00", "x", "0&hold=0"])
async def test_nobody_has_it_held_for_longer(site: Site, hold: str) -> None:
    await ended(site)
    client, claims = await service(site), await list_of(site)
    answer = await client.get(f"{FEED}?after={claims.era}.0&hold={hold}")
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["hold"])


async def test_its_time_is_when_the_log_was_read(site: Site) -> None:
    """The same news asked for later are signed anew: an old time would make a verifier stale by what is true."""
    await ended(site)
    client, claims = await service(site), await list_of(site)
    await ended(site)
    first = await told(site, client, f"{claims.era}.{claims.n}")
    site.clock.advance(timedelta(seconds=30))
    await site.follow_log()
    again = await told(site, client, f"{claims.era}.{claims.n}")
    assert (again.events, again.iat) == (first.events, first.iat + 30)


async def test_many_who_ask_for_the_same_have_it_signed_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await ended(site)
    era = (await list_of(site)).era
    news = [await news_after(site.desk, Position(era, 0), hold=0) for _ in range(20)]
    signed = signatures_of(monkeypatch)
    assert len({await site.desk.keep(SignedNews).feed(ORIGIN, each) for each in news}) == 1
    assert len(signed) == 1


async def test_nothing_of_it_fills_memory(site: Site) -> None:
    await ended(site)
    kept = site.desk.keep(SignedNews)
    era = (await list_of(site)).era
    for number in range(200):
        await kept.feed(ORIGIN, await news_after(site.desk, Position(era, 0), hold=0))
        await kept.status_list(f"https://{number}.example", 1)
        site.clock.advance(timedelta(milliseconds=100))
        await site.follow_log()
    assert len(kept._answers) <= 64
    assert len(kept._lists) <= 64


@pytest.mark.parametrize(
    ("after", "status"),
    [
        ("", 422),
        ("x", 422),
        ("era_x.", 422),
        (".1", 422),
        ("era_x.-1", 422),
        ("era_x.1e3", 422),
        ("era_x.１", 422),
        ("era_" + "x" * 40 + ".1", 422),
        (f"era_x.{2**63}", 422),
        ("era_x." + "9" * 90, 422),
        (f"era_x.{2**63 - 1}", 410),
        ("era_x.1", 410),
        ("HERE.999999", 410),
        ("HERE.0", 200),
        ("HERE.00", 200),
    ],
)
async def test_positions(site: Site, after: str, status: int) -> None:
    await ended(site)
    after = after.replace("HERE", (await list_of(site)).era)
    client = await service(site)
    for accept in ("*/*", "text/event-stream") if status != 200 else ("*/*",):
        answer = await client.get(FEED, params={"after": after}, headers={"accept": accept})
        assert answer.status_code == status, answer.text
    if status == 422:
        assert (await client.post("/status/ack", json={"after": after})).status_code == 422


async def test_who_may_follow_it(site: Site) -> None:
    held = await let_in(site, await site.person(password=None))
    for path, method in ((f"{FEED}?after=x.1", "GET"), ("/status/ack", "POST")):
        anybody = await site.browser().request(method, path)
        person = await site.browser(headers={"authorization": f"Bearer {held.access}"}).request(method, path)
        assert (anybody.status_code, person.status_code) == (401, 403)


async def test_an_acknowledgement(site: Site) -> None:
    client, era = await service(site), site.desk.keep(LogReader).position
    assert era is not None
    assert (await client.post("/status/ack", json={"after": f"{era.era}.{era.number}"})).status_code == 204
    bodies: list[Any] = [{}, {"after": 1}, {"after": "x"}, [], "x", {"after": f"{era.era}.1", "more": 1}]
    for body in bodies:
        assert (await client.post("/status/ack", json=body)).status_code == 422


async def test_a_restored_backup(site: Site) -> None:
    await ended(site)
    client, claims = await service(site), await list_of(site)
    await start_new_era(site.desk)
    await site.follow_log()
    answer = await client.get(FEED, params={"after": f"{claims.era}.{claims.n}"})
    assert (answer.status_code, answer.json()["code"]) == (410, "feed_gone")
    site.clock.advance(timedelta(seconds=1))
    await site.follow_log()
    assert (await list_of(site)).era != claims.era


async def test_a_stream_ends_when_its_token_does(site: Site) -> None:
    """Each line is a whole answer; who is no longer let in hears nothing more."""
    asking = await machine(site)
    token = await asking.token()
    client = site.browser(headers={"authorization": f"Bearer {token}", "accept": "text/event-stream"})
    await ended(site)
    era = (await list_of(site)).era
    streaming = asyncio.create_task(client.get(FEED, params={"after": f"{era}.0"}))
    await site.until_log_is_awaited()
    assert not streaming.done()
    await asking.ask("/oauth/revoke", token=token)
    await site.follow_log()
    async with asyncio.timeout(10):
        answer = await streaming
    lines = [line for line in answer.text.split("\n\n") if line]
    assert lines
    for line in lines:
        open_news(line.removeprefix("data: "), "statusfeed+jwt", lambda kid: published(site, kid), FeedClaims)


@pytest.mark.parametrize("way", ["feed", "stream"])
async def test_real_verifiers_over_real_sockets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], way: Literal["feed", "stream"]
) -> None:
    """Two workers on one file: people sign in and out through one, the verifier asks the other."""
    shared = Deployment(tmp_path)
    [email] = await shared.people(1)
    with workers(shared) as (here, there):
        async with shared.operator() as desk:
            made = await create_service(
                desk,
                VISIT,
                name="notes",
                permissions=[],
                calls=[],
                serves=[],
                public_key=None,
                actor="operator",
            )
            took = await _follow(here, there, email, made, way, desk)
    with capsys.disabled():
        says = f"{max(took) * 1000:.0f} ms at most, {min(took) * 1000:.0f} ms at least, of {len(took)}, by {way}"
        print(f"\na revoked token was refused by a verifier of another worker after {says}", file=sys.stderr)  # noqa: T201


async def _head(desk: Desk) -> Position | None:
    """Give up to where the log is written."""
    async with desk.database.reading() as db:
        return await records.head(db)


async def _applied(desk: Desk, service: str) -> Position | None:
    """Give up to where a service says that it has applied the log."""
    async with desk.database.reading() as db:
        return {name: position for name, position, _ in await records.readers(db)}.get(service)


async def _follow(
    here: Worker, there: Worker, email: str, made: Registered, way: Literal["feed", "stream"], desk: Desk
) -> list[float]:
    took: list[float] = []
    assert made.secret is not None
    with Verifier(there.url, credentials=(made.id, made.secret), revocation=way) as verifier:
        async with there.person() as owner, here.person() as elsewhere:
            for _ in range(TRIES):
                given = (await sign_in(owner, email, PASSWORD, present="tokens")).json()
                token = given["access_token"]
                assert await asyncio.to_thread(_accepted_in_time, verifier, token)
                revoked = await elsewhere.post("/api/token/revoke", json={"token": given["refresh_token"]})
                assert revoked.status_code == 204
                began = time.monotonic()
                while _accepts(verifier, token):
                    await asyncio.sleep(0.002)
                    assert time.monotonic() - began < 3, "the verifier still takes it"
                took.append(time.monotonic() - began)
        await eventually(partial(_applied, desk, made.id), await _head(desk))
    return took


def _accepted_in_time(verifier: Verifier, token: str) -> bool:
    """Wait until the verifier has what it needs to judge, and takes the token."""
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        if _accepts(verifier, token):
            return True
        time.sleep(0.02)
    return False


def _accepts(verifier: Verifier, token: str) -> bool:
    try:
        verifier.check(token)
    except (TokenRefused, RevocationUnknown):
        return False
    return True


async def test_what_is_signed_fits_what_is_read(site: Site) -> None:
    await ended(site)
    answer = await site.browser().get("/status/1")
    payload = msgspec.json.decode(raw(answer.text.split(".")[1]))
    assert set(payload) == {"iss", "sub", "iat", "exp", "ttl", "status_list", "era", "n"}
