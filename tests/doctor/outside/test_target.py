"""The address of a deployment, as it is typed."""

import pytest

from coatcheck.doctor.outside.target import end_of, parse_target
from coatcheck.errors import ConfigurationError


@pytest.mark.parametrize(
    ("typed", "url", "authority", "port", "mount"),
    [
        ("https://auth.example.org", "https://auth.example.org", "auth.example.org", 443, ""),
        ("https://auth.example.org/", "https://auth.example.org", "auth.example.org", 443, ""),
        ("  HTTPS://Auth.Example.org:443/auth/ ", "https://auth.example.org/auth", "auth.example.org", 443, "/auth"),
        ("http://localhost:8400/auth", "http://localhost:8400/auth", "localhost:8400", 8400, "/auth"),
        ("https://[::1]:8443", "https://[::1]:8443", "[::1]:8443", 8443, ""),
        ("http://192.0.2.7", "http://192.0.2.7", "192.0.2.7", 80, ""),
    ],
)
def test_what_is_typed(typed: str, url: str, authority: str, port: int, mount: str) -> None:
    target = parse_target(typed)
    assert (target.url, target.authority, target.port, target.mount) == (url, authority, port, mount)


@pytest.mark.parametrize(
    "typed",
    ["", "auth.example.org", "ftp://a.example", "https://", "https://a.example/?x=1", "https://u:p@a.example",
     "https://a.example:0", "https://a.example:99999", "https://a.example/#x", "https://[", "https://bücher.example"],
)  # fmt: skip
def test_what_is_none(typed: str) -> None:
    with pytest.raises(ConfigurationError, match=r"must read like https://example\.org/auth"):
        parse_target(typed)


def test_whose_name_it_is() -> None:
    assert parse_target("http://localhost:8400").is_this_machine
    assert parse_target("http://[::1]").is_this_machine
    assert not parse_target("https://localhost.example.org").is_this_machine


def test_where_a_browser_comes_to() -> None:
    assert end_of("http://a.example/x", "/y") == ("http", "a.example")
    assert end_of("http://a.example/x", "//b.example/y") == ("http", "b.example")
    assert end_of("http://a.example/x", "https://[") == ("", "")
