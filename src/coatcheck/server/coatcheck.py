"""`Coatcheck`: the whole of it, to be served alone or mounted into an app."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from coatcheck.audit.note import note as write_note
from coatcheck.clock import Clock, SystemClock
from coatcheck.desk import Desk
from coatcheck.desk.ephemeral.opening import open_ephemeral
from coatcheck.desk.outbox import Postman
from coatcheck.errors import ConfigurationError
from coatcheck.gate.authenticate import authenticate
from coatcheck.gate.socket_ticket import check_session, redeem_ticket
from coatcheck.keys.ring import SigningKeys
from coatcheck.login.factors import check_ways_in
from coatcheck.login.routes.kinds import KINDS
from coatcheck.login.standing import ways_of
from coatcheck.mail import Mailer
from coatcheck.passkeys.roots import AttestationRoots, read_roots
from coatcheck.passkeys.rp import check_relying_party
from coatcheck.revocation.reader import LogReader
from coatcheck.server.app import make_app
from coatcheck.server.background import Background
from coatcheck.server.entrance import Entrance
from coatcheck.server.page_guard import guard_pages
from coatcheck.server.request_log import RequestLog
from coatcheck.server.well_known import serve_well_known
from coatcheck.sessions.connections import Connections
from coatcheck.settings import Settings
from coatcheck.settings.master_key import load_key_ring
from coatcheck.settings.read import read_settings
from coatcheck.storage.database import Database
from coatcheck.storage.migrate import prepare
from coatcheck.upstream.act_for import upstream_token
from coatcheck.upstream.configured import Providers, read_providers
from coatcheck.verifier import Asked, Principal
from coatcheck.visit import Visit


class Coatcheck:
    """Authenticate people, in a server of its own or inside a FastAPI or Starlette app.

    Args:
        database: `sqlite:///app.db` or `postgresql://user@host/name`.
        sections: settings by section, such as `sessions={"cookie_idle": "2h"}`; `docs/settings.md` lists them.

    Raises:
        ConfigurationError: a setting is wrong; the message names it and the fix.

    Example:
        auth = Coatcheck("sqlite:///app.db")
        app = FastAPI(lifespan=auth.lifespan)
        auth.mount(app, "/auth")
    """

    def __init__(self, database: str | None = None, **sections: Mapping[str, object]) -> None:
        overrides = dict(sections)
        if database is not None:
            overrides["database"] = {"url": database, **overrides.get("database", {})}
        self._use(read_settings(None, overrides=overrides), Path.cwd())

    @classmethod
    def from_config(cls, path: str | Path) -> "Coatcheck":
        """Read `coatcheck.toml`; the environment goes before it.

        Raises:
            ConfigurationError: the file cannot be read, or a setting is wrong.
        """
        return cls.from_settings(read_settings(Path(path)), base=Path(path).resolve().parent)

    @classmethod
    def from_settings(
        cls, settings: Settings, *, base: Path | None = None, clock: Clock | None = None, mailer: Mailer | None = None
    ) -> "Coatcheck":
        """Use settings made in code.

        Args:
            base: the folder that relative key files are in; the current one when left out.
            clock: the time; tests pass one they can set.
            mailer: who sends mail, in place of `mail.smtp_url`.
        """
        made = cls.__new__(cls)
        made._use(settings, base or Path.cwd(), clock, mailer)
        return made

    def _use(self, settings: Settings, base: Path, clock: Clock | None = None, mailer: Mailer | None = None) -> None:
        self.settings = settings
        self.app = _Mounted(self)
        self._base = base
        self._clock = clock or SystemClock()
        self._mailer = mailer
        self._log: RequestLog | None = None
        self._desk: Desk | None = None
        self._entrance: Entrance | None = None

    @property
    def desk(self) -> Desk:
        """What flows work with.

        Raises:
            ConfigurationError: Coatcheck is not started.
        """
        if self._desk is None:
            raise ConfigurationError(
                "Coatcheck is not started: pass lifespan=auth.lifespan to the app, or use `async with auth.lifespan():`"
            )
        return self._desk

    async def open(self) -> Desk:
        """Open the database and make the desk, without serving: for command lines and tests. `close` ends it.

        Raises:
            ConfigurationError: the database is older or newer than this release, or there is no master key; or no
                browser would use a passkey at `server.public_url`, a way in does not say what it proves, or a provider
                is not fully set up.
        """
        settings = self.settings
        check_ways_in((*KINDS, *ways_of(settings)))
        check_relying_party(settings)
        roots = read_roots(settings.sign_in.passkey_attestation_roots, self._base)
        providers = read_providers(settings, self._base)
        key_ring = load_key_ring(settings, self._base)
        database = Database(settings.database.url, pool=settings.database.pool)
        try:
            await prepare(database)
        except BaseException:
            await database.close()
            raise
        ephemeral = open_ephemeral(settings, database, self._clock)
        self._desk = Desk(
            settings=settings, database=database, ephemeral=ephemeral, key_ring=key_ring, clock=self._clock
        )
        self._desk.keep(Postman).use(self._mailer)
        self._desk.keep(LogReader).on_reload(self._desk.keep(SigningKeys).forget)
        self._desk.keep(AttestationRoots).pems = roots
        self._desk.keep(Providers).use(providers)
        self._entrance = make_app(self._desk, self._log)
        return self._desk

    async def close(self) -> None:
        """Give back connections and threads."""
        desk, self._desk, self._entrance = self._desk, None, None
        if desk is not None:
            await desk.close()

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncIterator[None]:
        """Start with the app and stop with it.

        Raises:
            ConfigurationError: see `open`.
        """
        desk = await self.open()
        background = Background(desk, self._log)
        try:
            await background.start()
            yield
        finally:
            await background.stop()
            await self.close()

    def mount(self, app: Starlette, path: str = "/auth") -> None:
        """Mount the pages and calls under a path of an app, and let its own pages ask for a sign-in.

        Args:
            app: a FastAPI or Starlette app that runs `auth.lifespan`.
            path: where; `server.public_url` must end with it.

        Raises:
            ConfigurationError: the path is none, or contradicts `server.public_url`.
        """
        if not path.startswith("/") or path.endswith("/"):
            raise ConfigurationError(f"mount path {path!r} must start with / and not end with it, such as /auth")
        public_url = self.settings.server.public_url
        if public_url is not None and not public_url.rstrip("/").endswith(path):
            raise ConfigurationError(f"server.public_url must end with {path}, where Coatcheck is mounted")
        app.mount(path, self.app)
        serve_well_known(app, self.app, path)
        guard_pages(app, self, path)

    def log_requests(self) -> None:
        """Write one line a request to standard error, as `coatcheck serve` does."""
        self._log = RequestLog(self._clock)

    async def authenticate(self, asked: Asked) -> Principal:
        """Give the principal behind a request's credential.

        Raises:
            NotSignedIn: nothing is presented, or a credential that is not understood.
            SessionEnded: the session is over.
            CrossSiteRefused: a cookie on an unsafe request that another site caused.
        """
        return await authenticate(self.desk, asked)

    async def redeem_ticket(self, ticket: str) -> Principal:
        """Give the principal whose socket ticket this is; it works once.

        Raises:
            NotSignedIn: there is no such ticket, or it was used.
        """
        return await redeem_ticket(self.desk, ticket)

    async def recheck(self, principal: Principal) -> Principal:
        """Give a principal as its session is now, for a connection that stays open.

        Raises:
            SessionEnded: the session is over.
        """
        return await check_session(self.desk, principal.session or "")

    def on_revocation(self, tell: Callable[[object], None]) -> Callable[[], None]:
        """Be told when something was revoked or moved, so that open connections are looked at; give what stops it."""
        return self.desk.keep(LogReader).listen(tell)

    def hold_connection(self, principal: Principal) -> Callable[..., None]:
        """Be told that a connection of a principal is open; give what is to be told once it is closed."""
        return self.desk.keep(Connections).open(principal).closed

    async def upstream_token(self, account: str, provider: str) -> str:
        """Give an access token by which to act for a person at a provider, renewed when it has run out.

        Args:
            account: `acc_…`.
            provider: its name in the settings, where `keeps_tokens` is on.

        Raises:
            NotFound: there is no such provider, or none of its tokens are kept for this account.
            UpstreamFailed: the provider is away; or the grant is over (`trouble` is `code_refused`), and the person has
                to come by the provider again.
            Busy: another worker takes too long to renew it.
        """
        return (await upstream_token(self.desk, account=account, provider=provider)).reveal()

    async def note(self, event: str, *, account: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        """Write an event of the app's own into the audit trail.

        Args:
            event: a name such as `note.deleted`; not one of Coatcheck's own.
            account: whom it is about.
            details: plain values, never secrets.

        Raises:
            ValueError: the name is ours or does not read `thing.done`, or a detail is not a plain value.
        """
        await write_note(self.desk, Visit(), event, account=account, details=details)

    async def serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request on ASGI."""
        if self._entrance is None:
            self.desk  # noqa: B018 (raises, and says how to start)
        else:
            await self._entrance(scope, receive, send)


class _Mounted:
    """Stand for the app before it is started: frameworks mount it while they are put together."""

    def __init__(self, auth: Coatcheck) -> None:
        self._auth = auth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _serve_lifespan(self._auth, receive, send)
        else:
            await self._auth.serve_request(scope, receive, send)


async def _serve_lifespan(auth: Coatcheck, receive: Receive, send: Send) -> None:
    """Start and stop by the server's own messages, where Coatcheck is served alone."""
    await receive()
    try:
        async with auth.lifespan():
            await send({"type": "lifespan.startup.complete"})
            await receive()
    except ConfigurationError as wrong:
        await send({"type": "lifespan.startup.failed", "message": str(wrong)})
        return
    await send({"type": "lifespan.shutdown.complete"})
