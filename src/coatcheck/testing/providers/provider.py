"""What every fake has in common: it listens, knows people and one client, shows its page, and redeems codes once."""

from abc import ABC, abstractmethod
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape
from types import TracebackType
from typing import ClassVar, Self, TypeAlias
from urllib.parse import unquote, urlencode

from coatcheck.clock import Clock, SystemClock
from coatcheck.secret import Secret, same
from coatcheck.testing.listening import LOOPBACK
from coatcheck.testing.providers.grants import Grant, Grants
from coatcheck.testing.providers.people import PEOPLE, Someone
from coatcheck.testing.providers.switches import Switches
from coatcheck.testing.providers.wire import Answer, Listener, Received, as_json, as_page, as_redirect

Handler: TypeAlias = Callable[[Received], Answer]

_POSTED = """<form method="post" action="{action}">{fields}<noscript><button>Continue</button></noscript></form>
<script>document.forms[0].submit()</script>"""
_FIELD = '<input type="hidden" name="{}" value="{}">'
_BUTTON = '<p><button name="person" value="{}">{}</button></p>'


class FakeProvider(Switches, ABC):
    """Be a provider on 127.0.0.1; use it as an async context manager.

    Args:
        people: who can sign in there.
        client_id, client_secret: what the provider calls the site, and what the site proves itself by.
        redirect_uris: where answers may be sent to; any address, if there are none.
        clock: whose time its tokens tell.
        host: `localhost` or `127.0.0.1`: the site of its pages, as browsers see it.
    """

    title: ClassVar[str]
    cancelled: ClassVar[str] = "access_denied"
    code_prefix: ClassVar[str] = ""

    def __init__(
        self,
        people: Sequence[Someone] = PEOPLE,
        *,
        client_id: str = "client-1",
        client_secret: str = "secret-1",  # noqa: S107 (a fake's own)
        redirect_uris: Sequence[str] = (),
        clock: Clock | None = None,
        host: str = LOOPBACK,
    ) -> None:
        super().__init__()
        self.people = {person.handle: person for person in people}
        self.client_id = client_id
        self.client_secret = client_secret
        self.redirect_uris = tuple(redirect_uris)
        self.requests: list[Received] = []
        """What it was asked, in order."""
        self.grants = Grants(self.code_prefix)
        self._clock = clock or SystemClock()
        self._listener = Listener(self._answer, host)
        self._pressed: dict[tuple[str, str], str] = {}

    @property
    def url(self) -> str:
        """Where it is; only known while it serves."""
        return self._listener.url

    @property
    def entry_overrides(self) -> Mapping[str, object]:
        """What a `Provider` must say to be this one: `msgspec.structs.replace(provider, **fake.entry_overrides)`."""
        return {"client_id": self.client_id, **self.proof, **self.addresses}

    @property
    def proof(self) -> Mapping[str, object]:
        """What the site proves itself by, as a `Provider` has it."""
        return {"client_secret": Secret(self.client_secret)}

    @property
    @abstractmethod
    def addresses(self) -> Mapping[str, object]:
        """Where it is and what it is called, as a `Provider` has it."""

    @property
    def second_redeems(self) -> int:
        """How many times a code was redeemed that had been redeemed before; no good client ever does it."""
        return self.grants.second_redeems

    def requests_at(self, at: str) -> list[Received]:
        """Give what was asked of one of its addresses, such as `token`."""
        return [each for each in self.requests if each.at == at]

    def know(self, *people: Someone) -> None:
        """Know these people from now on, in place of those with the same handle."""
        self.people |= {person.handle: person for person in people}

    async def __aenter__(self) -> Self:
        await self._listener.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._listener.__aexit__(kind, error, trace)

    @abstractmethod
    def routes(self) -> Mapping[str, tuple[str, Handler]]:
        """Give what answers, and the name of what it is for, by method and path."""

    @abstractmethod
    def redeem(self, asked: Received) -> Answer:
        """Answer at the token endpoint: a code, or a refresh token."""

    @abstractmethod
    def token_error(self, error: str) -> Answer:
        """Answer at the token endpoint that something is wrong, in this provider's own way."""

    @abstractmethod
    def answer_of(self, grant: Grant, code: str) -> dict[str, str]:
        """Give the parameters that come back in the browser beside `state`."""

    def error_of(self, error: str) -> dict[str, str]:
        """Give the parameters that come back in the browser where something is wrong."""
        return {"error": error}

    def authorize(self, asked: Received) -> Answer:
        """Show the page with a button for each person, or send back what the pressed button means."""
        if (refused := self.refused_request(asked)) is not None:
            return refused
        if (error := self.error_at("authorize")) is not None:
            return self.send_back(asked.query, self.error_of(error))
        if asked.method == "POST" and asked.form.get("person", "") in self.people:
            return self._let(self.people[asked.form["person"]], asked)
        if asked.method == "POST":
            return self.send_back(asked.query, self.error_of(self.cancelled))
        return self._page(asked)

    def refused_request(self, asked: Received) -> Answer | None:
        """Refuse a request that names no client of ours, or an address that is not registered."""
        query = asked.query
        if query.get("client_id") != self.client_id or query.get("response_type", "code") != "code":
            return as_page("The request is not valid", "<p>No such client, or no such response type.</p>", 400)
        if not query.get("redirect_uri") or not self.is_registered(query["redirect_uri"]):
            return self.other_address(asked)
        return None

    def is_registered(self, address: str) -> bool:
        """Tell whether answers may go to an address."""
        return not self.redirect_uris or address in self.redirect_uris

    def other_address(self, asked: Received) -> Answer:
        """Answer a request whose redirect URI is not registered: here, in a page."""
        del asked
        return as_page("redirect_uri_mismatch", "<p>The redirect URI is not registered.</p>", 400)

    def granted(self, person: Someone, asked: Mapping[str, str]) -> tuple[str, ...]:
        """Give the scopes that a person grants of those that are asked for."""
        return tuple(scope for scope in asked.get("scope", "").split() if scope not in person.withholds)

    def send_back(self, asked: Mapping[str, str], answer: Mapping[str, str]) -> Answer:
        """Send the browser back to the site, by a redirect or by a form that posts itself."""
        state = {"state": asked["state"]} if "state" in asked else {}
        return _returned(asked, {**state, **answer})

    def is_our_client(self, asked: Received) -> bool:
        """Tell whether a request proves that the client makes it, by Basic or in its body."""
        name, secret = _basic(asked) or (asked.form.get("client_id", ""), asked.form.get("client_secret", ""))
        return name == self.client_id and same(secret, self.client_secret)

    def now(self) -> int:
        """Give the provider's time, in seconds since 1970."""
        return self._clock.now() // 1000 + self.offset

    def bearer(self, asked: Received) -> Grant | None:
        """Find the grant of the access token that a request presents."""
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        return self.grants.by_access(token) if scheme.lower() in ("bearer", "token") else None

    def not_found(self, asked: Received) -> Answer:
        """Answer what is asked of an address that is none."""
        del asked
        return as_json({"message": "Not Found"}, 404)

    def token(self, asked: Received) -> Answer:
        """Redeem a code or refresh a token, or refuse as a test wants it."""
        error = self.error_at("token")
        return self.token_error(error) if error else self.redeem(asked)

    async def _answer(self, received: Received) -> Answer:
        at, handler = self.routes().get(f"{received.method} {received.path}", ("", self.not_found))
        asked = replace(received, at=at)
        self.requests.append(asked)
        await self.wait(asked)
        return self.spoilt(asked, lambda: handler(asked))

    def _let(self, person: Someone, asked: Received) -> Answer:
        """Send a person back with a code."""
        pressed = (person.handle, urlencode(asked.query))
        grant = Grant(person, asked.query, self.now(), self.granted(person, asked.query))
        if not (self.is_answered_twice and pressed in self._pressed):
            self._pressed[pressed] = self.grants.new_code(grant)
        return self.send_back(asked.query, self.answer_of(grant, self._pressed[pressed]))

    def _page(self, asked: Received) -> Answer:
        buttons = "\n".join(_BUTTON.format(escape(key), escape(each.label)) for key, each in self.people.items())
        action = escape(f"{asked.path}?{urlencode(asked.query)}")
        cancel = _BUTTON.format("", "Cancel")
        form = f'<form method="post" action="{action}">\n{buttons}\n{cancel}\n</form>'
        return as_page(f"Sign in with {self.title}", form)


def _returned(asked: Mapping[str, str], answer: Mapping[str, str]) -> Answer:
    address = asked["redirect_uri"]
    if asked.get("response_mode") != "form_post":
        return as_redirect(f"{address}{'&' if '?' in address else '?'}{urlencode(answer)}")
    fields = "".join(_FIELD.format(escape(name), escape(value)) for name, value in answer.items())
    return as_page("Working…", _POSTED.format(action=escape(address), fields=fields))


def _basic(asked: Received) -> tuple[str, str] | None:
    scheme, _, value = asked.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = b64decode(value).decode("utf-8", "replace").partition(":")
    except ValueError:
        return "", ""
    return unquote(name), unquote(secret)
