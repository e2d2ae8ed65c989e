"""An authenticator for tests of apps: it knows the tokens and cookies that it was given, and can end them."""

from collections.abc import Callable, Mapping

from coatcheck.clock import Clock, SystemClock
from coatcheck.errors import BadInput, CoatcheckError, NotSignedIn, SessionEnded, TokenRefused
from coatcheck.http.cookies import cookie_kind, read_cookie
from coatcheck.http.cross_site import refuse_cross_site
from coatcheck.settings import ServerSettings, WebSettings
from coatcheck.verifier import Asked, Principal


class FixedAuthenticator:
    """Stand where an app would have a `Verifier` or a `Coatcheck`, in an event loop or without one.

    A cookie passes the same cross-site check as a real one.

    Args:
        tokens: principals by their bearer token.
        cookies: principals by the value of their session cookie.
        tickets: principals by the ticket of a WebSocket; each works once.
        public_url: where the app is.
        clock: the time by which a principal's `ends_at` is judged, unless it is 0.

    Example:
        use(app, FixedAuthenticator({"ann": Principal(subject="acc_ann", permissions=frozenset({"notes:delete"}))}))
    """

    def __init__(
        self,
        tokens: Mapping[str, Principal] | None = None,
        *,
        cookies: Mapping[str, Principal] | None = None,
        tickets: Mapping[str, Principal] | None = None,
        public_url: str = "https://app.example.org",
        clock: Clock | None = None,
    ) -> None:
        self._tokens = dict(tokens or {})
        self._cookies = dict(cookies or {})
        self._tickets = dict(tickets or {})
        self._server = ServerSettings(public_url=public_url)
        self._clock = clock or SystemClock()
        self._refused: dict[str, CoatcheckError] = {}
        self._listeners: list[Callable[[], None]] = []

    async def authenticate(self, asked: Asked) -> Principal:
        """Give the principal behind a request's token or cookie.

        Raises:
            NotSignedIn: nothing is presented, or nothing that is known.
            SessionEnded: `end` was called for it.
            CrossSiteRefused: a cookie on an unsafe request that another site caused.
        """
        return self.authenticate_sync(asked)

    def authenticate_sync(self, asked: Asked) -> Principal:
        """Give the principal behind a request's token or cookie, without an event loop.

        Raises:
            NotSignedIn: nothing is presented, or nothing that is known.
            SessionEnded: `end` was called for it.
            CrossSiteRefused: a cookie on an unsafe request that another site caused.
        """
        if asked.authorization is not None:
            return self._check(asked.authorization)
        try:
            value = read_cookie(asked.cookies, cookie_kind(self._server).name("session"))
        except BadInput as twice:
            raise NotSignedIn(twice.because) from None
        if value is None:
            raise NotSignedIn("no credential was presented")
        refuse_cross_site(asked, self._server, WebSettings())
        if value not in self._cookies:
            raise SessionEnded("no session has this secret")
        return self._still(self._cookies[value])

    async def recheck(self, principal: Principal) -> Principal:
        """Give a principal again while its session lives.

        Raises:
            SessionEnded: `end` was called for it.
        """
        return self._still(principal)

    async def redeem_ticket(self, ticket: str) -> Principal:
        """Give the principal of a ticket, once.

        Raises:
            NotSignedIn: there is no such ticket, or it was used.
        """
        principal = self._tickets.pop(ticket, None)
        if principal is None:
            raise NotSignedIn("no such ticket")
        return self._still(principal)

    def grant(self, token: str, principal: Principal) -> None:
        """Take a token from now on, as after a refresh."""
        self._tokens[token] = principal

    def end(self, principal: Principal) -> None:
        """End a principal's session: all that presents it is refused from now on."""
        self._refuse(principal, SessionEnded("ended by the test"))

    def move(self, token: str) -> None:
        """Let a token count no more while its session goes on, as when a role was taken away or it ran out."""
        self._refused[token] = TokenRefused("moved by the test", renew=True)
        self._tell()

    def on_revocation(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a listener at every `end` and `move`; what is given back takes it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def listeners(self) -> int:
        """How many are listening."""
        return len(self._listeners)

    def _check(self, authorization: str) -> Principal:
        scheme, _, token = authorization.partition(" ")
        principal = self._tokens.get(token)
        if scheme.lower() != "bearer" or principal is None:
            raise TokenRefused("no such token")
        self._still(principal)
        if token in self._refused:
            raise self._refused[token]
        if 0 < principal.ends_at <= self._clock.now():
            raise TokenRefused("the token has run out")
        return principal

    def _still(self, principal: Principal) -> Principal:
        ended = self._refused.get(principal.session or principal.subject)
        if ended is not None:
            raise ended
        return principal

    def _refuse(self, principal: Principal, error: CoatcheckError) -> None:
        self._refused[principal.session or principal.subject] = error
        self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
