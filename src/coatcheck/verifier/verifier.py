"""The verifier: checks tokens in memory, and knows what was revoked because it follows the issuer's feed."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future, wait
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar, cast

from coatcheck import unsafe
from coatcheck.clock import Clock, SystemClock, millis
from coatcheck.errors import RevocationUnknown
from coatcheck.verifier.bearer import Credential, credential_of
from coatcheck.verifier.choices import ALGORITHMS, check_choices, own_origins, refuse_without_origin
from coatcheck.verifier.claims import ANY_KEY
from coatcheck.verifier.feed import Feed
from coatcheck.verifier.fetching import CannotFetch
from coatcheck.verifier.introspection import refuse_inactive
from coatcheck.verifier.judge import Judge, Lacking
from coatcheck.verifier.key_source import KeySource
from coatcheck.verifier.metadata import parse_issuer
from coatcheck.verifier.own_loop import OwnLoop
from coatcheck.verifier.principal import Principal
from coatcheck.verifier.proofs import Proofs, about_bound_token
from coatcheck.verifier.service_tokens import Credentials, TokenSource
from coatcheck.verifier.target_uri import at_origin
from coatcheck.verifier.upkeep import Upkeep
from coatcheck.visit import Asked

_WAIT_S: Final = 2.0
_MOST_WAITING: Final = 64
_ROUNDS: Final = 4
_Result = TypeVar("_Result")


class Verifier:
    """Check access tokens without asking the issuer each time, and refuse those it has revoked.

        verifier = Verifier("https://auth.example.org", audience="https://notes.example.org", credentials=(id, secret))
        principal = await verifier.authenticate(asked)

    Its news come by one daemon thread, started on first use, or by `start()` or `with`.

    Args:
        issuer: who issues the tokens; `https`, or this machine.
        audience: whom the tokens must be meant for; the issuer itself when left out.
        origins: where clients reach this service, such as `("https://notes.example.org",)`; that of the audience when
            left out, where it is an address. A proof for any other place is refused (RFC 9449).
        credentials: id and secret of the service that this is; needed for the feed and for introspection.
        revocation: `"feed"` asks the issuer's feed again and again; `"stream"` has it streamed, and asks where that
            does not go well; or `coatcheck.unsafe.NO_REVOCATION`.
        max_staleness: how old the news may be, 7 seconds at least.
        when_stale: what to do with a token when they are older: `"reject"` refuses it with 503, `"introspect"` asks the
            issuer about it, `coatcheck.unsafe.ACCEPT_STALE` takes it.
        algorithms: which the issuer's keys may be for.
        tls: whom to trust; the machine's certificates when left out.
        clock: tells the time.

    Raises:
        ValueError: an argument could not work or would not be safe.

    See: RFC 9068 section 4; IETF Token Status List section 8.3.
    """

    def __init__(
        self,
        issuer: str,
        *,
        audience: str | None = None,
        origins: tuple[str, ...] = (),
        credentials: Credentials | None = None,
        revocation: Literal["feed", "stream"] | unsafe.Unsafe = "feed",
        max_staleness: timedelta = timedelta(seconds=10),
        when_stale: Literal["reject", "introspect"] | unsafe.Unsafe = "reject",
        algorithms: tuple[str, ...] = ALGORITHMS,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
    ) -> None:
        check_choices(revocation, when_stale, max_staleness, algorithms, credentials)
        self._issuer = parse_issuer(issuer)
        self._clock = clock or SystemClock()
        self._origins = own_origins(origins, audience or self._issuer)
        self._proofs = Proofs(self._clock)
        self._introspects = when_stale == "introspect"
        self._keys = KeySource(self._issuer, algorithms, self._clock)
        feed = None if revocation is unsafe.NO_REVOCATION else Feed(self._clock, max_staleness.total_seconds())
        self._source = TokenSource(credentials, self._clock) if credentials else None
        self._judge = Judge(
            issuer=self._issuer,
            audience=audience or self._issuer,
            find_key=self._keys.find,
            has_keys=lambda: self._keys.in_force,
            feed=feed,
            accepts_stale=when_stale is unsafe.ACCEPT_STALE,
            clock=self._clock,
        )
        self._feed = feed
        self._upkeep = Upkeep(
            self._issuer,
            self._clock,
            self._keys,
            feed,
            self._source,
            self._judge.forget_tokens,
            tls,
            streams=revocation == "stream",
            staleness=None if when_stale is unsafe.ACCEPT_STALE else millis(max_staleness),
        )
        self._loop = OwnLoop("coatcheck-verifier", self._upkeep.run)
        self._waiting: set[Future[Any]] = set()
        self._started_at = float("-inf")

    def __repr__(self) -> str:
        return f"Verifier({self._issuer})"

    @property
    def is_fresh(self) -> bool:
        """Whether the news are as young as `max_staleness` demands; always where revocation is not followed."""
        return self._feed.is_fresh() if self._feed else self._keys.in_force

    def check(self, token: str) -> Principal:
        """Give the principal that a token speaks for, from memory alone.

        A key or a status list that is lacking is asked for, so that it is there the next time.

        Raises:
            TokenRefused: the token is bad, bound to a key, or revoked, or its key or status list is not known (yet).
            RevocationUnknown: the news are older than `max_staleness`, or there are none yet.
        """
        self.start()
        outcome = self._judge.look(token)
        if isinstance(outcome, Lacking):
            if outcome.what in ("key", "list"):
                self._question(outcome)
            raise outcome.refusal()
        return outcome

    async def authenticate(self, asked: Asked) -> Principal:
        """Give the principal behind a request's token.

        What memory lacks, such as a new key, is fetched; that takes a few seconds at most.

        Raises:
            NotSignedIn: no token is presented.
            TokenRefused: the token is bad or revoked, or bound to a key that was not proven.
            ProofRefused: it came with a proof of its key that does not count.
            RevocationUnknown: the news are older than `max_staleness`, and `when_stale` leaves no other way.
        """
        steps = self._steps(asked)
        while True:
            try:
                question = next(steps)
            except StopIteration as done:
                return cast("Principal", done.value)
            waiting = asyncio.wrap_future(question)
            waiting.add_done_callback(_look_at_error)
            await asyncio.wait([waiting], timeout=_WAIT_S)
            question.cancel()

    def authenticate_sync(self, asked: Asked) -> Principal:
        """Give the principal behind a request's token, to an app that is not async.

        Raises:
            NotSignedIn: no token is presented.
            TokenRefused: the token is bad or revoked, or bound to a key that was not proven.
            ProofRefused: it came with a proof of its key that does not count.
            RevocationUnknown: the news are older than `max_staleness`, and `when_stale` leaves no other way.
        """
        steps = self._steps(asked)
        while True:
            try:
                question = next(steps)
            except StopIteration as done:
                return cast("Principal", done.value)
            wait([question], timeout=_WAIT_S)
            question.cancel()

    def start(self) -> None:
        """Start the upkeep, if it does not run in this process yet."""
        if not self._loop.is_running:
            self._judge.begin()
            self._proofs.begin()
            self._waiting.clear()
            self._started_at = self._clock.monotonic()
            self._loop.start()

    def close(self) -> None:
        """End the upkeep. What is held grows old from now on; the next use starts it again."""
        self._loop.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    def _steps(self, asked: Asked) -> Generator[Future[Any], None, Principal]:
        """Judge a request, yielding each question whose answer is worth waiting for: the one path of async and sync."""
        self.start()
        credential = credential_of(asked)
        if credential.proof is None:
            return self._judged(credential.token, None)
        return self._proven(credential, asked)

    def _proven(self, credential: Credential, asked: Asked) -> Generator[Future[Any], None, Principal]:
        with about_bound_token():
            if not self._origins:
                refuse_without_origin((yield from self._judged(credential.token, ANY_KEY)))
            proven = self._proofs.check(credential, asked, *(at_origin(each, asked.url) for each in self._origins))
            principal = yield from self._judged(credential.token, proven.jkt)
            self._proofs.spend(proven, credential, asked)
            return principal

    def _judged(self, token: str, proven_key: str | None) -> Generator[Future[Any], None, Principal]:
        outcome = self._judge.look(token, proven_key)
        for _ in range(_ROUNDS):
            question = self._question(outcome) if isinstance(outcome, Lacking) else None
            if question is None:
                break
            yield question
            outcome = self._judge.look(token, proven_key)
        if isinstance(outcome, Principal):
            return outcome
        if outcome.what == "news" and outcome.principal is not None and self._introspects:
            yield from self._introspect(token)
            return outcome.principal
        raise outcome.refusal()

    def _question(self, lacking: Lacking) -> Future[Any] | None:
        """Ask for what is lacking, unless it was asked for lately or too many wait already."""
        match lacking.what:
            case "key" if self._keys.may_ask():
                return self._ask(self._upkeep.look_for_key)
            case "list" if self._upkeep.may_want_list(lacking.list_id):
                return self._ask(lambda: self._upkeep.look_for_list(lacking.list_id))
            case "keys" | "news" if self._clock.monotonic() - self._started_at < _WAIT_S:
                return None if self._upkeep.has_begun else self._ask(self._upkeep.wait_until_begun)
            case _:
                return None

    def _ask(self, work: Callable[[], Coroutine[Any, Any, _Result]]) -> Future[_Result] | None:
        if len(self._waiting) >= _MOST_WAITING:
            return None
        question = self._loop.submit(work)
        self._waiting.add(question)
        question.add_done_callback(self._waiting.discard)
        return question

    def _introspect(self, token: str) -> Generator[Future[Any], None, None]:
        authorization = self._source.basic() if self._source else ""
        question = self._ask(lambda: self._upkeep.introspect(token, authorization))
        if question is None:
            raise RevocationUnknown(because="too many wait for introspection already")
        yield question
        if not question.done() or question.cancelled():
            raise RevocationUnknown(because="introspection was not answered in time")
        try:
            refuse_inactive(question.result())
        except CannotFetch as error:
            raise RevocationUnknown(because=str(error)) from None


def _look_at_error(waiting: asyncio.Future[Any]) -> None:
    """Look at an error that nobody may come back for: it would be logged as forgotten."""
    if not waiting.cancelled():
        waiting.exception()
