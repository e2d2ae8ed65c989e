"""A person at somebody else's pages, by httpx: follows redirects, fills in forms, presses buttons, until sent back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
from msgspec import Struct

STEPS = 12


class Arrived(Struct, frozen=True):
    """What comes back to us: how, where, and the parameters of the answer, each once."""

    method: str
    address: str
    answer: dict[str, str]


@dataclass
class Form:
    """A form as a page has it: where it goes, what it holds, and each button by its words."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


class Walker:
    """Walk through another's sign-in as a browser does, cookies kept.

    Args:
        back: the address of ours where the way ends; nothing is sent to it.
        browser: whose cookies they are; one of its own by default.
    """

    def __init__(self, back: str, browser: httpx.AsyncClient | None = None) -> None:
        self.back = back
        self.browser = browser or httpx.AsyncClient()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.browser.aclose()

    async def sign_in(self, address: str, name: str, password: str = "secret") -> Arrived:
        """Open an address, sign in by name and password, and go on until back."""
        return await self.press(await self.open(address), "Sign in", {"name": name, "password": password})

    async def cancel(self, address: str) -> Arrived:
        """Open an address and press "Cancel"."""
        return await self.press(await self.open(address), "Cancel")

    async def choose(self, address: str, button: str) -> Arrived:
        """Open an address and press the button with these words."""
        return await self.press(await self.open(address), button)

    async def open(self, address: str) -> httpx.Response:
        """Open an address and give the page that it leads to, which must be the other's."""
        page = await self._go(httpx.Request("GET", address))
        assert isinstance(page, httpx.Response), f"came straight back: {page}"
        return page

    async def back_from(self, address: str) -> Arrived:
        """Open an address that needs nothing more of the person, and tell what came back."""
        arrived = await self._go(httpx.Request("GET", address))
        assert isinstance(arrived, Arrived), f"a page came instead: {arrived.text}"
        return arrived

    async def press(self, page: httpx.Response, button: str, fill: Mapping[str, str] | None = None) -> Arrived:
        """Fill in a page's form, press a button by its words, and go on until back."""
        arrived = await self._go(self._pressed(page, button, fill or {}))
        assert isinstance(arrived, Arrived), f"{arrived.url} answered {arrived.status_code}: {arrived.text}"
        return arrived

    async def press_in_vain(
        self, page: httpx.Response, button: str, fill: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Press a button that does not lead back, and give the page it leads to."""
        shown = await self._go(self._pressed(page, button, fill or {}))
        assert isinstance(shown, httpx.Response), f"came back: {shown}"
        return shown

    def _pressed(self, page: httpx.Response, button: str, fill: Mapping[str, str]) -> httpx.Request:
        form = next((form for form in forms_of(page) if button in form.buttons), None)
        assert form is not None, f"no button {button!r}: {page.text}"
        name, value = form.buttons[button]
        return _sent(form, form.fields | dict(fill) | ({name: value} if name else {}))

    async def _go(self, request: httpx.Request) -> Arrived | httpx.Response:
        for _ in range(STEPS):
            if str(request.url).partition("?")[0] == self.back:
                return _arrived(request)
            answer = await self.browser.request(
                request.method, request.url, content=request.content, headers=_headers(request)
            )
            onward = _onward(answer, self.back)
            if onward is None:
                return answer
            request = onward
        raise AssertionError(f"sent round in circles, at last to {request.url}")


def forms_of(page: httpx.Response) -> list[Form]:
    """Read the forms of a page."""
    reader = _Forms(str(page.url))
    reader.feed(page.text)
    return reader.forms


class _Forms(HTMLParser):
    """Collect forms, their fields and their buttons."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._address = address
        self._button: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what belongs to a form."""
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self._address, has.get("action", ""))
            self.forms.append(Form(action, has.get("method", "get").upper()))
        elif tag == "input" and self.forms and has.get("type") == "submit":
            self.forms[-1].buttons[has.get("value", "")] = (has.get("name", ""), has.get("value", ""))
        elif tag == "input" and self.forms and has.get("name"):
            self.forms[-1].fields[has["name"]] = has.get("value", "")
        elif tag == "button" and self.forms:
            self._button = (has.get("name", ""), has.get("value", ""))

    def handle_data(self, data: str) -> None:
        """Take a button's words."""
        if self._button is not None and data.strip():
            self.forms[-1].buttons[data.strip()] = self._button
            self._button = None


def _onward(answer: httpx.Response, back: str) -> httpx.Request | None:
    if answer.is_redirect:
        return httpx.Request("GET", answer.url.join(answer.headers["location"]))
    # A page that posts itself to us by script (form_post, SAML).
    form = next((form for form in forms_of(answer) if form.action == back), None)
    return _sent(form, form.fields) if form else None


def _sent(form: Form, fields: Mapping[str, str]) -> httpx.Request:
    if form.method == "POST":
        return httpx.Request("POST", form.action, data=dict(fields))
    return httpx.Request("GET", form.action, params=dict(fields))


def _headers(request: httpx.Request) -> dict[str, str]:
    return {"content-type": request.headers["content-type"]} if "content-type" in request.headers else {}


def _arrived(request: httpx.Request) -> Arrived:
    query = request.content.decode() if request.method == "POST" else urlsplit(str(request.url)).query
    pairs = parse_qsl(query, keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs), f"a parameter came twice: {pairs}"
    return Arrived(request.method, str(request.url), dict(pairs))
