"""WebSockets: who may open one, what ends it, and how a new token keeps it open."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket

from coatcheck.clock import millis
from coatcheck.errors import Busy, NotSignedIn, TokenRefused
from coatcheck.integrations.fastapi import use
from coatcheck.integrations.sockets import authenticated_socket
from coatcheck.testing.authenticator import FixedAuthenticator
from coatcheck.verifier import Asked, Principal
from tests.integrations.live import ByHand, Client

ANN = Principal(subject="acc_ann", session="ses_ann", roles=frozenset({"editor"}))
ANN_LATER = Principal(subject="acc_ann", session="ses_ann")
ANN_ELSEWHERE = Principal(subject="acc_ann", session="ses_other")
BOB = Principal(subject="acc_bob", session="ses_bob")
OWN = ("origin", "https://app.example.org")
COOKIE = ("cookie", "__Host-coatcheck=ann's")
NEEDED = '{"authorization":"needed"}'


@pytest.fixture
def pace() -> ByHand:
    return ByHand()


@pytest.fixture
def known(pace: ByHand) -> FixedAuthenticator:
    return FixedAuthenticator(
        {"ann": ANN, "ann2": ANN_LATER, "elsewhere": ANN_ELSEWHERE, "bob": BOB},
        cookies={"ann's": ANN},
        tickets={"tic_1": ANN},
        clock=pace.manual,
    )


class Journal(list[str]):
    """Note what an app's body went through."""


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def app(known: FixedAuthenticator, pace: ByHand, journal: Journal) -> FastAPI:
    return app_of(known, pace, journal)


def app_of(known: Any, pace: ByHand, journal: Journal) -> FastAPI:
    app = FastAPI()
    use(app, known)

    @app.websocket("/socket")
    async def echo(websocket: WebSocket) -> None:
        async with authenticated_socket(websocket, pace=pace) as live:
            journal.append(live.principal.subject)
            try:
                async for message in live:
                    roles = ",".join(live.principal.roles)
                    await websocket.send_text(f"{roles}: {message!r}")
            except asyncio.CancelledError:
                journal.append("cancelled")
                raise
        journal.append("went on")

    return app


async def opened(app: FastAPI, token: str = "ann") -> Client:
    """Open a socket by a token."""
    client = Client(app)
    await client.accepted()
    client.present(token)
    return client


async def echoes(client: Client, words: str = "hello", roles: str = "editor") -> None:
    """Make sure that the app is still listening."""
    client.say(words)
    assert await client.hear() == f"{roles}: {words!r}"


# --- who may open one


async def test_a_token_in_the_first_message(app: FastAPI, journal: Journal) -> None:
    client = await opened(app)
    await echoes(client)
    client.leave()
    await client.served
    assert journal == ["acc_ann", "went on"]


async def test_a_ticket_in_the_first_message_once(app: FastAPI) -> None:
    for code in (None, 4401):
        client = Client(app)
        await client.accepted()
        client.say('{"ticket": "tic_1"}')
        if code is None:
            await echoes(client)
        else:
            assert await client.closed() == code


async def test_an_authorization_header(app: FastAPI) -> None:
    client = Client(app, headers=[("authorization", "Bearer ann")])
    await client.accepted()
    await echoes(client)
    assert await Client(app, headers=[("authorization", "Bearer bad")]).closed() == 4401


async def test_a_cookie_from_our_own_origin(app: FastAPI, known: FixedAuthenticator) -> None:
    client = Client(app, headers=[COOKIE, OWN])
    await client.accepted()
    await echoes(client)
    known.end(ANN)
    assert await client.closed() == 4401


async def test_a_cookie_from_another_origin(app: FastAPI, journal: Journal) -> None:
    for origin in ("https://evil.example", "https://app.example.org.evil.example", "null"):
        assert await Client(app, headers=[COOKIE, ("origin", origin)]).closed() == 4403
    assert journal == []


async def test_the_cookie_of_an_ended_session(app: FastAPI, known: FixedAuthenticator) -> None:
    """It is told by a code, which a browser's script learns of an accepted socket alone."""
    known.end(ANN)
    client = Client(app, headers=[COOKIE, OWN])
    await client.accepted()
    assert await client.closed() == 4401


async def test_nothing_within_five_seconds(app: FastAPI, pace: ByHand, journal: Journal) -> None:
    client = Client(app)
    await client.accepted()
    pace.manual.advance(timedelta(seconds=4.999))
    await pace.looked()
    assert client.is_silent
    pace.manual.advance(timedelta(milliseconds=1))
    await pace.beat()
    assert await client.closed() == 4401
    assert journal == []


@pytest.mark.parametrize(
    "first",
    [
        "",
        "hello",
        b'{"authorization": "Bearer ann"}',
        '["authorization"]',
        "{",
        '{"authorization": 1}',
        '{"authorization": ["Bearer ann"]}',
        '{"authorization": "Bearer ann", "more": ""}',
        '{"token": "ann"}',
        '{"authorization": "Bearer ' + "a" * 20_000 + '"}',
        '{"a":' * 5000,
    ],
)
async def test_a_first_message_that_presents_nothing(app: FastAPI, journal: Journal, first: str | bytes) -> None:
    client = Client(app)
    await client.accepted()
    client.say(first)
    assert await client.closed() == 4400
    assert journal == []


@pytest.mark.parametrize("first", ["Bearer bad", "Bearer ann, Bearer ann", "", "Basic ann"])
async def test_a_first_message_with_a_bad_token(app: FastAPI, first: str) -> None:
    client = Client(app)
    await client.accepted()
    client.say(json.dumps({"authorization": first}))
    assert await client.closed() == 4401


@pytest.mark.parametrize(
    "query", ["token=ann", "ACCESS_TOKEN=ann", "a=1&ticket=tic_1", "authorization=Bearer%20ann", "t=eyJh.b.c", "token="]
)
async def test_a_credential_in_the_url(app: FastAPI, journal: Journal, query: str) -> None:
    client = Client(app, query=query, headers=[("authorization", "Bearer ann")])
    await client.accepted()
    assert await client.closed() == 4400
    assert journal == []


async def test_a_query_of_the_apps_own(app: FastAPI) -> None:
    client = Client(app, query="room=1&after=eyJh", headers=[("authorization", "Bearer ann")])
    await client.accepted()
    await echoes(client)


async def test_who_leaves_before_presenting_anything(app: FastAPI) -> None:
    client = Client(app)
    await client.accepted()
    client.leave()
    await client.served
    assert client.is_silent


# --- what ends it


async def test_the_session_ends(app: FastAPI, known: FixedAuthenticator, journal: Journal) -> None:
    client = await opened(app)
    await echoes(client)
    known.end(ANN)
    assert await client.closed() == 4401
    assert journal == ["acc_ann", "cancelled", "went on"]
    assert known.listeners == 0


async def test_another_session_ends(app: FastAPI, known: FixedAuthenticator, pace: ByHand) -> None:
    client = await opened(app)
    await echoes(client)
    known.end(BOB)
    await pace.looked()
    await echoes(client)


async def test_news_from_another_thread(app: FastAPI, known: FixedAuthenticator) -> None:
    asyncio.get_running_loop().set_debug(True)  # it then refuses what another thread may not do
    client = await opened(app)
    await echoes(client)
    await asyncio.to_thread(known.end, ANN)
    assert await client.closed() == 4401


async def test_without_news_it_is_looked_at_all_the_same(pace: ByHand, journal: Journal) -> None:
    class Silent(FixedAuthenticator):
        on_revocation = None  # type: ignore[assignment]

    silent = Silent({"ann": ANN})
    client = await opened(app_of(silent, pace, journal))
    await echoes(client)
    silent.end(ANN)
    await pace.beat()
    assert await client.closed() == 4401


async def test_a_ticket_ends_with_its_session(app: FastAPI, known: FixedAuthenticator) -> None:
    client = Client(app)
    await client.accepted()
    client.say('{"ticket": "tic_1"}')
    await echoes(client)
    known.end(ANN)
    assert await client.closed() == 4401


async def test_a_body_that_only_sends_is_stopped(known: FixedAuthenticator, pace: ByHand, journal: Journal) -> None:
    app = FastAPI()
    use(app, known)

    @app.websocket("/socket")
    async def news(websocket: WebSocket) -> None:
        async with authenticated_socket(websocket, pace=pace):
            await websocket.send_text("first")
            await asyncio.Event().wait()
        journal.append("went on")

    client = await opened(app)
    assert await client.hear() == "first"
    known.end(ANN)
    assert await client.closed() == 4401
    assert journal == ["went on"]


async def test_what_the_app_raises_is_its_own(known: FixedAuthenticator, pace: ByHand) -> None:
    app = FastAPI()
    use(app, known)

    @app.websocket("/socket")
    async def breaks(websocket: WebSocket) -> None:
        async with authenticated_socket(websocket, pace=pace) as live:
            async for _ in live:
                raise LookupError("of the app")

    client = await opened(app)
    client.say("x")
    with pytest.raises(LookupError, match="of the app"):
        await client.served
    assert known.listeners == 0


async def test_a_server_that_stops_cancels_it(app: FastAPI, known: FixedAuthenticator, journal: Journal) -> None:
    client = await opened(app)
    await echoes(client)
    client.served.cancel()
    with pytest.raises(asyncio.CancelledError):
        await client.served
    assert (journal, known.listeners) == (["acc_ann", "cancelled"], 0)


async def test_it_never_stays_open_unguarded(pace: ByHand, journal: Journal) -> None:
    class Breaks(FixedAuthenticator):
        async def authenticate(self, asked: Asked) -> Principal:
            if not asked.is_use:
                raise LookupError("a bug of the authenticator")
            return await super().authenticate(asked)

    client = await opened(app_of(Breaks({"ann": ANN}), pace, journal))
    await echoes(client)
    await pace.beat()
    assert await client.closed() == 4500
    assert journal[-1] == "cancelled"
    assert isinstance(client.served.exception(), LookupError)


class LikeAVerifier(FixedAuthenticator):
    """Have `check`, which is pure memory, beside `authenticate`, which may ask the server."""

    checked = 0
    is_stale = False

    def check(self, token: str) -> Principal:
        self.checked += 1
        if self.is_stale:
            raise Busy(because="no news")
        return self.authenticate_sync(Asked(authorization=f"Bearer {token}"))


class LikeAVerifierThatRejects(LikeAVerifier):
    """Refuse when there is no news."""

    async def authenticate(self, asked: Asked) -> Principal:
        if self.is_stale:
            raise Busy(because="no news")
        return await super().authenticate(asked)


async def test_a_verifier_is_asked_for_what_it_has_in_memory(pace: ByHand, journal: Journal) -> None:
    verifier = LikeAVerifier({"ann": ANN})
    client = await opened(app_of(verifier, pace, journal))
    await echoes(client)
    await pace.looked()
    await echoes(client)
    assert verifier.checked >= 1
    verifier.is_stale = True
    await pace.looked()
    await echoes(client)
    verifier.end(ANN)
    assert await client.closed() == 4401


async def test_without_news_of_revocations_it_is_closed(pace: ByHand, journal: Journal) -> None:
    verifier = LikeAVerifierThatRejects({"ann": ANN})
    client = await opened(app_of(verifier, pace, journal))
    await echoes(client)
    verifier.is_stale = True
    await pace.beat()
    assert await client.closed() == 4503


# --- how a new token keeps it open


async def test_a_moved_session_presents_a_new_token(app: FastAPI, known: FixedAuthenticator, pace: ByHand) -> None:
    client = await opened(app)
    await echoes(client)
    known.move("ann")
    assert await client.hear() == NEEDED
    await echoes(client)
    client.present("ann2")
    await echoes(client, roles="")
    pace.manual.advance(timedelta(minutes=5))
    await pace.looked()
    await echoes(client, roles="")


async def test_thirty_seconds_and_no_more(app: FastAPI, known: FixedAuthenticator, pace: ByHand) -> None:
    client = await opened(app)
    await echoes(client)
    known.move("ann")
    assert await client.hear() == NEEDED
    pace.manual.advance(timedelta(seconds=29.999))
    await pace.looked()
    assert client.is_silent
    pace.manual.advance(timedelta(milliseconds=1))
    await pace.beat()
    assert await client.closed() == 4401


async def test_it_may_end_while_a_new_token_is_waited_for(app: FastAPI, known: FixedAuthenticator) -> None:
    client = await opened(app)
    await echoes(client)
    known.move("ann")
    assert await client.hear() == NEEDED
    known.end(ANN)
    assert await client.closed() == 4401


async def test_a_token_that_runs_out(known: FixedAuthenticator, app: FastAPI, pace: ByHand) -> None:
    ends_at = pace.manual.now() + millis(timedelta(minutes=15))
    known.grant("short", Principal(subject="acc_ann", session="ses_ann", ends_at=ends_at))
    client = await opened(app, "short")
    await echoes(client, roles="")
    pace.manual.advance(timedelta(minutes=15))
    await pace.beat()
    assert await client.hear() == NEEDED
    client.present("ann")
    await echoes(client)


async def test_a_token_before_the_old_one_ran_out(app: FastAPI) -> None:
    client = await opened(app)
    await echoes(client)
    client.present("ann2")
    await echoes(client, roles="")


@pytest.mark.parametrize("token", ["bob", "elsewhere", "bad"])
async def test_a_token_of_somebody_else_closes(app: FastAPI, journal: Journal, token: str) -> None:
    client = await opened(app)
    await echoes(client)
    client.present(token)
    assert await client.closed() == 4401
    assert journal[-1] == "went on"


async def test_only_a_known_life_is_waited_for(pace: ByHand, journal: Journal) -> None:
    """A token that is refused for another reason may be revoked: nobody waits for the next one."""

    class Revokes(FixedAuthenticator):
        revoked = False

        async def authenticate(self, asked: Asked) -> Principal:
            if self.revoked:
                raise TokenRefused("its bit is set")
            return await super().authenticate(asked)

    revokes = Revokes({"ann": ANN})
    client = await opened(app_of(revokes, pace, journal))
    await echoes(client)
    revokes.revoked = True
    await pace.beat()
    assert await client.closed() == 4401


@pytest.mark.parametrize(
    "words",
    ['{"authorization": 1}', '{"authorization":"Bearer ann2","and":"more"}', '{"ticket":"tic_1"}', "{", "{}", ""],
)
async def test_all_other_messages_are_the_apps(app: FastAPI, words: str) -> None:
    client = await opened(app)
    await echoes(client, words)


async def test_bytes_are_the_apps(app: FastAPI) -> None:
    client = await opened(app)
    client.say(b'{"authorization":"Bearer bob"}')
    assert await client.hear() == "editor: " + repr(b'{"authorization":"Bearer bob"}')


async def test_an_app_without_tickets_says_so(pace: ByHand, journal: Journal) -> None:
    class NoTickets:
        async def authenticate(self, asked: Asked) -> Principal:
            raise NotSignedIn

    client = Client(app_of(NoTickets(), pace, journal))
    await client.accepted()
    client.say('{"ticket": "tic_1"}')
    with pytest.raises(RuntimeError, match="redeem_ticket"):
        await client.served


async def test_an_app_that_is_slow_is_not_flooded(known: FixedAuthenticator, pace: ByHand) -> None:
    app = FastAPI()
    use(app, known)
    go = asyncio.Event()

    @app.websocket("/socket")
    async def slow(websocket: WebSocket) -> None:
        async with authenticated_socket(websocket, pace=pace) as live:
            await go.wait()
            await websocket.send_text(str([message async for message in _some(live, 200)][-1]))

    client = await opened(app)
    for number in range(200):
        client.say(str(number))
    await pace.looked()
    assert client._to_app.qsize() > 100, "what the app has not asked for waits with the server"
    go.set()
    assert await client.hear() == "199"


async def _some(messages: Any, count: int) -> AsyncIterator[Any]:
    for _ in range(count):
        yield await anext(messages)
