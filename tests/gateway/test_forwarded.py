"""What a proxy says: in headers or by the request itself, never by both."""

from collections.abc import Mapping

import pytest

from coatcheck.gateway.forwarded import Forwarded, forwarded_of
from tests.gateway.asking import said


def read(query: str = "", method: str = "GET", peer: str | None = "10.0.0.1", **headers: str) -> Forwarded:
    named: Mapping[str, str] = {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {"query_string": query.encode(), "method": method, "client": (peer, 1) if peer else None}
    return forwarded_of(named, scope)


def parts(forwarded: Forwarded) -> tuple[str, str, str]:
    return forwarded.method, forwarded.host, forwarded.uri


def test_in_headers() -> None:
    forwarded = forwarded_of(said("POST", "A.example", "/x?y"), {"query_string": b"", "method": "GET", "client": None})
    assert (*parts(forwarded), forwarded.scheme, forwarded.peer) == ("POST", "a.example", "/x?y", "https", "")
    assert forwarded.url == "https://a.example/x?y"


def test_by_the_request_itself() -> None:
    forwarded = read("uri=/x?uri=/y&pages=redirect", "PUT", host="A.example", x_forwarded_proto="https")
    assert parts(forwarded) == ("PUT", "a.example", "/x?uri=/y&pages=redirect")
    assert not forwarded.redirects, "what is behind uri= is the client's"


def test_the_two_ways_are_not_mixed() -> None:
    """A client's own headers come along with Envoy, and a proxy's own host and method with the others."""
    forged = {"x_forwarded_method": "GET", "x_forwarded_host": "b.example", "x_forwarded_uri": "/public"}
    assert parts(read("uri=/secret", "POST", host="a.example", **forged)) == ("POST", "a.example", "/secret")
    assert parts(read("", "POST", host="a.example")) == ("", "", "")
    assert parts(read("", host="a.example", x_forwarded_uri="/x")) == ("", "", "/x")


@pytest.mark.parametrize(
    ("query", "redirects", "uri"),
    [
        ("pages=redirect", True, ""),
        ("pages=redirect&uri=/x", True, "/x"),
        ("uri=", False, ""),
        ("uri=/x&pages=redirect", False, "/x&pages=redirect"),
        ("pages=other", False, ""),
        ("pages=redirect&x=1", False, ""),
        ("pages=redirecturi=/x", False, ""),
        ("x=1&uri=/x", False, ""),
        ("&uri=/x", False, "/x"),
    ],
)
def test_the_query_is_the_proxys_own(query: str, redirects: bool, uri: str) -> None:
    forwarded = read(query)
    assert (forwarded.redirects, forwarded.uri) == (redirects, uri)


def test_a_query_that_says_nothing_known_says_nothing_at_all() -> None:
    assert read("x=1", x_forwarded_uri="/x").uri == ""


@pytest.mark.parametrize(
    ("headers", "is_socket"),
    [
        ({}, False),
        ({"upgrade": "websocket"}, False),
        ({"sec_websocket_key": "x"}, True),
        ({"sec_websocket_version": "13"}, True),
        ({"x_forwarded_proto": "wss"}, True),
    ],
)
def test_a_socket(headers: dict[str, str], is_socket: bool) -> None:
    forwarded = read(**headers)
    assert forwarded.is_socket == is_socket
    assert forwarded.scheme == ("https" if "x_forwarded_proto" in headers else "")
