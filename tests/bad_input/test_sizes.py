"""Bodies that are too large, or not as long as they say, and requests that are cut off."""

import json

import pytest
from starlette.types import Message

from coatcheck.http.bodies import MAX_BYTES
from tests.attacks.census import row_counts
from tests.bad_input.raw import GONE, ask
from tests.site import FORM_TOKEN, PASSWORD, Site

JSON = (b"content-type", b"application/json")
FORM = (b"content-type", b"application/x-www-form-urlencoded")
SIGN_UP = json.dumps({"email": "ben@example.org", "password": PASSWORD}).encode()


def in_pieces(body: bytes, size: int = 4096) -> list[Message]:
    """Cut a body as a chunked transfer comes."""
    cut = [body[at : at + size] for at in range(0, len(body), size)]
    pieces: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in cut]
    return [*pieces, {"type": "http.request", "body": b"", "more_body": False}]


@pytest.mark.parametrize("path", ["/api/sign-up", "/api/sign-in", "/api/sessions", "/sign-in", "/recover", "/nowhere"])
async def test_too_large(site: Site, path: str) -> None:
    before = await row_counts(site)
    for length in (b"", b"5", b"0", b"99999999999999999999", b"-1", b"abc"):
        await refused_as_too_large(site, path, length)
    assert await row_counts(site) == before


async def refused_as_too_large(site: Site, path: str, length: bytes) -> None:
    """Send more than is taken, at once and in pieces, whatever length is claimed."""
    body = b'{"email": "' + b"a" * MAX_BYTES + b'"}'
    kind = JSON if path.startswith("/api") else FORM
    headers = [kind, *([(b"content-length", length)] if length else [])]
    for pieces in (in_pieces(body, len(body)), in_pieces(body)):
        answer = await ask(site.auth.app, "POST", path, headers=headers, pieces=pieces)
        assert answer.status == 413
        if path.startswith("/api"):
            assert answer.code == "body_too_large"


async def test_reading_stops_at_the_limit(site: Site) -> None:
    read = 0

    class Endless(list[Message]):
        """Stand for a body that never ends, and count what is taken of it."""

        def pop(self, _at: object = 0) -> Message:
            nonlocal read
            read += 1
            return {"type": "http.request", "body": b" " * 16_384, "more_body": True}

        def __iter__(self):  # type: ignore[no-untyped-def]
            return iter(())

    pieces = Endless([GONE])
    sent: list[Message] = []

    async def receive() -> Message:
        return pieces.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/sign-in",
        "raw_path": b"/api/sign-in",
        "query_string": b"",
        "root_path": "",
        "scheme": "https",
        "headers": [(b"host", b"auth.example.org"), JSON],
        "client": ("203.0.113.7", 1),
    }
    await site.auth.app(scope, receive, send)
    assert sent[0]["status"] == 413
    assert read <= MAX_BYTES // 16_384 + 1


async def test_a_body_in_pieces_is_one_body(site: Site) -> None:
    answer = await ask(site.auth.app, "POST", "/api/sign-up", headers=[JSON], pieces=in_pieces(SIGN_UP, 7))
    assert answer.status == 202


@pytest.mark.parametrize("kept", [0, 1, 20, len(SIGN_UP)])
async def test_a_request_cut_off_does_nothing(site: Site, kept: int) -> None:
    """A client that promised more and went away did not send a request: also where what came would do as one."""
    before = await row_counts(site)
    pieces: list[Message] = [{"type": "http.request", "body": SIGN_UP[:kept], "more_body": True}, GONE]
    answer = await ask(site.auth.app, "POST", "/api/sign-up", headers=[JSON], pieces=pieces)
    assert answer.code == "malformed_body"
    assert await row_counts(site) == before


async def test_a_form_cut_off_does_nothing(site: Site) -> None:
    """`everywhere=true` did not arrive: signing out of one session alone would not be what was asked."""
    await site.person()
    browser = await site.signed_in()
    shown = await browser.get("/sign-out")
    token = FORM_TOKEN.search(shown.text)
    assert token is not None
    cookie = (b"cookie", "; ".join(f"{name}={value}" for name, value in browser.cookies.items()).encode())
    before = await row_counts(site)
    pieces: list[Message] = [
        {"type": "http.request", "body": f"form_token={token[1]}".encode(), "more_body": True},
        GONE,
    ]
    answer = await ask(site.auth.app, "POST", "/sign-out", headers=[FORM, cookie], pieces=pieces)
    assert answer.status == 400
    assert (await browser.get("/api/session")).status_code == 200
    assert await row_counts(site) == before
