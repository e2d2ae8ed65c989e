"""The address of a request as its client wrote it, out of what each kind of server hands on."""

from typing import Any

import pytest

from coatcheck.verifier.as_sent import address_of, path_in_environ, path_in_scope, proven_in
from coatcheck.verifier.target_uri import at_origin, is_same_target, origin_of

OURS = "https://notes.example.org"


@pytest.mark.parametrize(
    ("host", "path", "query", "address"),
    [
        ("notes.example.org", "/a%2Fb", "", f"{OURS}/a%2Fb"),
        ("notes.example.org", "/a", "x=1#2", f"{OURS}/a?x=1#2"),
        ("[::1]:8400", "/", "", "https://[::1]:8400/"),
        ("notes.example.org", "*", "", f"{OURS}/*"),
        ("notes.example.org", "", "", f"{OURS}/"),
        ("notes.example.org", "http://evil.example/a", "", f"{OURS}/http://evil.example/a"),
        ("notes.example.org", "/a#b", "", f"{OURS}/a%23b"),
        ("notes.example.org/api/notes?", "/a", "", "https:///a"),
        ("evil.example#", "/a", "", "https:///a"),
        ("notes.example.org, evil.example", "/a", "", "https:///a"),
        ("", "/a", "", "https:///a"),
    ],
)
def test_the_address(host: str, path: str, query: str, address: str) -> None:
    assert address_of("https", host, path, query) == address


@pytest.mark.parametrize(
    "host", ["x/api/notes?", "x/api/notes#", "x/api/notes/..", "user@x/api/notes?", "//x/api/notes?"]
)
def test_a_made_up_host_does_not_reach_into_the_path(host: str) -> None:
    """Attack: a stolen proof for `/api/notes`, and a `Host` that ends as that path does, to ask for another one."""
    asked = address_of("https", host, "/api/secrets")
    assert not is_same_target(f"{OURS}/api/notes", at_origin(OURS, asked))
    assert is_same_target(f"{OURS}/api/secrets", at_origin(OURS, asked))


@pytest.mark.parametrize("url", ["", "/api/notes", "//evil.example/a", "notes.example.org/a"])
def test_what_is_no_address_is_at_no_origin(url: str) -> None:
    assert at_origin(OURS, url) == ""


def test_the_path_stands_whatever_the_host_was() -> None:
    assert at_origin(OURS, "http://10.0.0.7:8400/a%2Fb?c=/d") == f"{OURS}/a%2Fb?c=/d"
    assert at_origin(OURS, "http://10.0.0.7:8400") == OURS
    assert at_origin(OURS, "https:////evil.example/a") == f"{OURS}//evil.example/a"


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        (OURS, OURS),
        ("HTTPS://Notes.example.org:8443/api?x#y", "https://notes.example.org:8443"),
        ("http://[::1]:8400/x", "http://[::1]:8400"),
        ("urn:notes", None),
        ("notes", None),
        ("wss://notes.example.org", None),
        ("https://user@notes.example.org", None),
        ("", None),
    ],
)
def test_the_origin(address: str, origin: str | None) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ({"path": "/a/b", "raw_path": b"/a%2Fb"}, "/a%2Fb"),
        ({"path": "/caf\xe9", "raw_path": b"/caf%C3%A9"}, "/caf%C3%A9"),
        ({"path": "/caf\xe9 %", "raw_path": None}, "/caf%C3%A9%20%25"),
        ({"path": "/a?b"}, "/a%3Fb"),
        ({"path": "/auth/a", "raw_path": b"/auth/a", "root_path": "/auth"}, "/auth/a"),
        ({"path": "/a", "raw_path": b"/a", "root_path": "/auth"}, "/auth/a"),
        ({"path": "/a", "root_path": "/caf\xe9"}, "/caf%C3%A9/a"),
        ({"path": "/\xff", "raw_path": b"/\xff"}, "/\xff"),
    ],
)
def test_the_path_on_asgi(scope: dict[str, Any], path: str) -> None:
    assert path_in_scope(scope) == path


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"PATH_INFO": "/a/b", "RAW_URI": "/a%2Fb?x=1"}, "/a%2Fb"),
        ({"PATH_INFO": "/a/b", "REQUEST_URI": "/a%2Fb"}, "/a%2Fb"),
        ({"PATH_INFO": "/a/b", "REQUEST_URI": "https://notes.example.org/a%2Fb?x"}, "/a%2Fb"),
        ({"PATH_INFO": "/caf\xc3\xa9", "RAW_URI": "/caf%c3%a9"}, "/caf%c3%a9"),
        ({"PATH_INFO": "/caf\xe9", "RAW_URI": "/caf%C3%A9"}, "/caf%C3%A9"),
        ({"SCRIPT_NAME": "/app", "PATH_INFO": "/a", "RAW_URI": "/%61pp/a"}, "/%61pp/a"),
        ({"SCRIPT_NAME": "/app", "PATH_INFO": "/a", "RAW_URI": "/%61"}, "/app/%61"),
        ({"SCRIPT_NAME": "/app", "PATH_INFO": "/a"}, "/app/a"),
        ({"PATH_INFO": "/caf\xc3\xa9 %"}, "/caf%C3%A9%20%25"),
        ({"PATH_INFO": "/caf\u20ac"}, "/caf%E2%82%AC"),
        ({"PATH_INFO": "/a", "RAW_URI": "/b"}, "/a"),
        ({"PATH_INFO": "/a", "RAW_URI": ""}, "/a"),
        ({"PATH_INFO": "/a", "HTTP_RAW_URI": "/b", "HTTP_REQUEST_URI": "/b"}, "/a"),
    ],
)
def test_the_path_on_wsgi(environ: dict[str, str], path: str) -> None:
    assert path_in_environ(environ) == path


def test_what_a_request_has_proven_is_kept_with_it() -> None:
    scope: dict[str, Any] = {}
    assert proven_in(scope, None) is None
    assert scope == {}, "most requests bring no proof"
    proven = proven_in(scope, "p.r.f")
    assert proven == {}
    assert proven_in({**scope}, "p.r.f") is proven, "also where a middleware has copied its scope"
