"""Tokens of a service itself, to call others with: fetched, kept, and renewed before they run out."""

import asyncio
import base64
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Final, Self, TypeAlias
from urllib.parse import quote

import msgspec

from coatcheck.clock import Clock, SystemClock
from coatcheck.secret import Secret
from coatcheck.verifier.fetching import WITHIN_S, Answer, CannotFetch, Fetcher, parsed
from coatcheck.verifier.metadata import fetch_metadata, parse_issuer
from coatcheck.verifier.own_loop import OURS, OwnLoop

Credentials: TypeAlias = tuple[str, str | Secret]
"""A service's id and its secret."""

Post: TypeAlias = Callable[[Mapping[str, str], Mapping[str, str]], Awaitable[Answer]]

MOST_TOKEN_ANSWER: Final = 65_536
"""Bytes that the token endpoint may answer with."""

_MOST_AUDIENCES: Final = 64
_LONGEST_LIFE_S: Final = 86_400
_RENEWED_WHEN_LEFT: Final = 0.2
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,8192}=*")


class TokenAnswer(msgspec.Struct, frozen=True):
    """Hold what a token endpoint answers.

    See: RFC 6749 section 5.1.
    """

    access_token: str
    token_type: str
    expires_in: int = 60

    def __repr__(self) -> str:
        return f"TokenAnswer({self.token_type}, {self.expires_in})"


class HeldToken(msgspec.Struct, frozen=True):
    """Hold a token for one audience; times are seconds of the monotonic clock."""

    header: Secret
    renew_at: float
    good_until: float


_TOKEN_ANSWER = msgspec.json.Decoder(TokenAnswer)


class TokenSource:
    """Ask for a service's tokens, one question at a time for each audience; belongs to one loop, but for `held`.

    Args:
        credentials: the service's id and secret.
        clock: tells the time.
    """

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._id, secret = credentials
        self._secret = secret if isinstance(secret, Secret) else Secret(secret)
        self._clock = clock
        self._tokens: dict[str, HeldToken] = {}
        self._asking: dict[str, asyncio.Task[HeldToken]] = {}

    def basic(self) -> str:
        """Give the `Authorization` header of the service itself.

        See: RFC 6749 section 2.3.1.
        """
        pair = f"{quote(self._id, safe='')}:{quote(self._secret.reveal(), safe='')}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    def held(self, audience: str) -> str | None:
        """Give the header for an audience from memory, if it is there and not to be renewed yet."""
        token = self._tokens.get(audience)
        return token.header.reveal() if token and self._clock.monotonic() < token.renew_at else None

    def drop(self, audience: str) -> None:
        """Forget a token that was refused."""
        self._tokens.pop(audience, None)

    def forget_questions(self) -> None:
        """Forget what was asked on another loop, as no answer comes to it."""
        self._asking.clear()

    async def header(self, audience: str, post: Post) -> str:
        """Give the header for an audience, from memory or from the issuer.

        Args:
            audience: whom it is for.
            post: posts a form to the issuer's token endpoint with the given headers.

        Raises:
            CannotFetch: the issuer gives none, and none that is held is good any more.
        """
        if held := self.held(audience):
            return held
        if audience not in self._asking:
            self._asking[audience] = task = asyncio.create_task(self._ask(audience, post), name=OURS)
            task.add_done_callback(lambda done: self._has_asked(audience, done))
        try:
            return (await asyncio.shield(self._asking[audience])).header.reveal()
        except CannotFetch:
            old = self._tokens.get(audience)
            if old is None or self._clock.monotonic() >= old.good_until:
                raise
            return old.header.reveal()

    async def _ask(self, audience: str, post: Post) -> HeldToken:
        sent = self._clock.monotonic()
        form = {"grant_type": "client_credentials", "audience": audience}
        answer = await post(form, {"authorization": self.basic()})
        token = _held(parsed(answer, _TOKEN_ANSWER.decode, f"a token for {self._id}"), sent)
        if len(self._tokens) >= _MOST_AUDIENCES:
            self._tokens.pop(next(iter(self._tokens)))
        self._tokens[audience] = token
        return token

    def _has_asked(self, audience: str, task: asyncio.Task[HeldToken]) -> None:
        if self._asking.get(audience) is task:
            del self._asking[audience]
        if not task.cancelled():
            task.exception()


class ServiceTokens:
    """Give the `Authorization` header with which a service calls others, in async and in sync code.

        tokens = ServiceTokens("https://auth.example.org", credentials=("svc_…", secret))
        await client.get(url, headers={"authorization": await tokens.header("https://notes.example.org")})

    Args:
        issuer: who gives the tokens.
        credentials: the service's id and secret; the secret is never shown or logged.
        tls: whom to trust; the machine's certificates when left out.
        clock: tells the time.

    Raises:
        ValueError: the issuer is no address that could be asked safely.

    See: RFC 6749 section 4.4.
    """

    def __init__(
        self,
        issuer: str,
        *,
        credentials: Credentials,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._issuer = parse_issuer(issuer)
        self._source = TokenSource(credentials, clock or SystemClock())
        self._tls = tls
        self._loop = OwnLoop("coatcheck-service-tokens")

    async def header(self, audience: str) -> str:
        """Give `Bearer …` for an audience.

        Raises:
            CannotFetch: the issuer gives no token.
        """
        if held := self._source.held(audience):
            return held
        return await asyncio.shield(asyncio.wrap_future(self._ask(audience)))

    def header_sync(self, audience: str) -> str:
        """Give `Bearer …` for an audience, to code that is not async.

        Raises:
            CannotFetch: the issuer gives no token.
        """
        if held := self._source.held(audience):
            return held
        try:
            return self._ask(audience).result(3 * WITHIN_S)
        except TimeoutError:
            raise CannotFetch("the issuer takes too long") from None

    def close(self) -> None:
        """End the thread that asks."""
        self._loop.close()
        self._source.forget_questions()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, audience: str) -> Future[str]:
        if not self._loop.is_running:
            self._source.forget_questions()
        return self._loop.submit(lambda: self._source.header(audience, self._post))

    async def _post(self, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        async with Fetcher(self._tls) as fetcher:
            metadata = await fetch_metadata(fetcher, self._issuer)
            if metadata.token_endpoint is None:
                raise CannotFetch("the issuer has no token endpoint")
            return await fetcher.post(metadata.token_endpoint, form, most=MOST_TOKEN_ANSWER, headers=headers)


def _held(answer: TokenAnswer, sent: float) -> HeldToken:
    if answer.token_type.lower() != "bearer" or not _TOKEN.fullmatch(answer.access_token):
        raise CannotFetch("the token endpoint gives no bearer token")
    life = min(max(answer.expires_in, 0), _LONGEST_LIFE_S)
    header = Secret(f"Bearer {answer.access_token}")
    return HeldToken(header, sent + life * (1 - _RENEWED_WHEN_LEFT), sent + life)
