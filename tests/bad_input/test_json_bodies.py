"""Bad JSON, of every kind and at every call: a problem document with a stable `type`, and nothing changed."""

import json
from typing import Any

import pytest

from tests.attacks.census import row_counts
from tests.bad_input.raw import ask
from tests.site import PASSWORD, Site

JSON = (b"content-type", b"application/json")
CALLS: dict[str, dict[str, Any]] = {
    "/api/sign-in": {"identifier": "ann@example.org", "password": PASSWORD},
    "/api/sign-in/sgn_x/password": {"continuation": "x", "password": PASSWORD},
    "/api/sign-up": {"email": "ben@example.org", "password": PASSWORD},
    "/api/sign-up/confirm": {"token": "x"},
    "/api/recover": {"email": "ann@example.org"},
    "/api/recover/new-password": {"token": "x", "new_password": PASSWORD},
    "/api/account/password": {"password": PASSWORD, "new_password": "another one of them"},
    "/api/account/email": {"password": PASSWORD, "new_email": "new@example.org"},
    "/api/account/email/confirm": {"token": "x"},
    "/api/account/close": {"password": PASSWORD},
    "/api/sign-out": {"everywhere": True},
}
MALFORMED = {
    "empty text": b" ",
    "no json": b"hello",
    "cut off": b'{"identifier": "ann',
    "a trailing comma": b'{"a": 1,}',
    "two documents": b"{}{}",
    "not a number": b'{"identifier": NaN}',
    "endless": b'{"identifier": 1e}',
    "single quotes": b"{'identifier': 'ann'}",
    "a comment": b"{/* hello */}",
    "a byte order mark": b'\xef\xbb\xbf{"identifier": "ann"}',
    "utf-16": '{"identifier": "ann"}'.encode("utf-16"),
    "latin-1": '{"identifier": "jürgen"}'.encode("latin-1"),
    "overlong utf-8": b'{"identifier": "\xc0\xaf"}',
    "a surrogate in utf-8": b'{"identifier": "\xed\xa0\x80"}',
    "half a surrogate pair": b'{"identifier": "\\ud800"}',
    "the wrong half": b'{"identifier": "\\udc00x"}',
    "halves swapped": b'{"identifier": "\\udc00\\ud800"}',
    "raw control characters": b'{"identifier": "a\x01b"}',
    "a raw NUL": b'{"identifier": "a\x00b"}',
    "thousands of lists": b"[" * 5000,
    "thousands of lists, closed": b"[" * 5000 + b"]" * 5000,
    "thousands of objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "brackets side by side": b"[" + b"[]," * 5000 + b"[]]",
    "a number of 6000 digits": b'{"identifier": ' + b"9" * 6000 + b"}",
}


@pytest.fixture
async def cookie(site: Site) -> tuple[bytes, bytes]:
    """Sign Ann in, and give the header that shows it."""
    await site.person()
    browser = await site.signed_in()
    return (b"cookie", "; ".join(f"{name}={value}" for name, value in browser.cookies.items()).encode())


@pytest.mark.parametrize("call", CALLS)
async def test_malformed_json(site: Site, cookie: tuple[bytes, bytes], call: str) -> None:
    before = await row_counts(site)
    for what, body in MALFORMED.items():
        answer = await ask(site.auth.app, "POST", call, headers=[JSON, cookie], body=body)
        assert (answer.status, answer.code) in {(400, "malformed_body"), (422, "invalid_input")}, (what, answer)
    assert await row_counts(site) == before


@pytest.mark.parametrize("call", CALLS)
async def test_wrong_shapes(site: Site, cookie: tuple[bytes, bytes], call: str) -> None:
    good, before = CALLS[call], await row_counts(site)
    bodies: list[Any] = [
        [],
        [good],
        "text",
        7,
        True,
        {**good, "admin": True},
        {**good, "": ""},
        {**good, "__proto__": {}},
    ]
    for name in good:
        nothing = [] if (call, name) == ("/api/sign-in", "password") else [None]  # without it a sign-in only begins
        wrong: list[Any] = [*nothing, 0, 1.5, [], {}, [good[name]], "\0", "a\0b", "x" * 5000]
        wrong += [] if good[name] is True else [True]
        bodies += [{**good, name: value} for value in wrong]
    if call == "/api/sign-out":
        bodies += [{"everywhere": "true"}, {"everywhere": 1}]
    else:
        bodies += [None] if call == "/api/sign-in" else [None, {}]  # a sign-in may begin with nothing
    for body in bodies:
        answer = await ask(site.auth.app, "POST", call, headers=[JSON, cookie], body=json.dumps(body).encode())
        assert answer.status in (400, 422), (body, answer)
        assert answer.code in ("malformed_body", "invalid_input")
        assert b"x" * 100 not in answer.body, "what was sent is not repeated"
    assert await row_counts(site) == before


WRONG_KINDS = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/json-patch+json",
    "text/json",
    "",
    "application/json, text/html",
)


async def test_wrong_content_type(site: Site, cookie: tuple[bytes, bytes]) -> None:
    before = await row_counts(site)
    for call, good in CALLS.items():
        for kind in WRONG_KINDS:
            headers = [cookie, *([(b"content-type", kind.encode())] if kind else [])]
            answer = await ask(site.auth.app, "POST", call, headers=headers, body=json.dumps(good).encode())
            assert (answer.status, answer.code) == (415, "wrong_content_type"), (call, kind)
    assert await row_counts(site) == before


async def test_broken_unicode_in_every_text(site: Site, cookie: tuple[bytes, bytes]) -> None:
    before = await row_counts(site)
    for call, good in CALLS.items():
        for name in good:
            body = json.dumps({**good, name: "PLACE"}).encode()
            for broken in (b"\\ud800", b"\\u0000", b"\xff", b"\xed\xbf\xbf", b"\\ud83d\\ud83d"):
                sent = body.replace(b"PLACE", b"a" + broken)
                answer = await ask(site.auth.app, "POST", call, headers=[JSON, cookie], body=sent)
                assert answer.code in ("malformed_body", "invalid_input"), (call, name, broken)
    assert await row_counts(site) == before


async def test_a_body_where_none_belongs(site: Site, cookie: tuple[bytes, bytes]) -> None:
    answer = await ask(site.auth.app, "DELETE", "/api/sessions", headers=[JSON, cookie], body=b"[" * 9000)
    assert answer.code == "malformed_body"
