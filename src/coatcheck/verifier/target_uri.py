"""Whether two texts name one target of a request: what a proof was made for, and what was asked."""

import re
from typing import Final

_TARGET: Final = re.compile(
    r"(https?|wss?)://([a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::([0-9]{0,5}))?(/[!-\[\]-~]*)?", re.ASCII | re.IGNORECASE
)
"""A path with a backslash is none: a browser takes it for a slash, and others do not."""

_AUTHORITY: Final = re.compile(r"[A-Za-z]+://[^/?#]*")
_PERCENT: Final = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_AS_HTTP: Final = {"ws": "http", "wss": "https"}  # the handshake is a GET at the same place: RFC 6455 section 4.1
_PORTS: Final = {"http": 80, "https": 443}


def at_origin(origin: str, url: str) -> str:
    """Give the address of a request as it reads at one of our own names, whatever its `Host` said.

    Args:
        origin: scheme and host, as its owner wrote them.
        url: of `address_of`; from any other text nothing follows.
    """
    found = _AUTHORITY.match(url)
    return f"{origin}{url[found.end() :]}" if found else ""


def origin_of(address: str) -> str | None:
    """Give scheme and host of an address, in small letters; None where it is none of `http` or `https`."""
    found = _TARGET.fullmatch(address.partition("#")[0].partition("?")[0])
    if found is None or found[1].lower() in _AS_HTTP:
        return None
    return address[: found.end(3) if found[3] is not None else found.end(2)].lower()


def is_same_target(said: str, asked: str) -> bool:
    """Tell whether two addresses name one target; query and fragment are left out, and letters of a host are alike.

    A path is compared as it is written, but for percent-encoding that says the same: `..` is not resolved, as whoever
    serves it may not either, and `%2F` is no slash.

    Args:
        said: by a stranger.
        asked: as the request was addressed; its path not decoded.

    See: RFC 9449 section 4.3; RFC 3986 sections 6.2.2 and 6.2.3.
    """
    target = _target_of(said)
    return target is not None and target == _target_of(asked)


def _target_of(address: str) -> tuple[str, str, int, str] | None:
    """Give scheme, host, port and path; None where two readers could read something else."""
    found = _TARGET.fullmatch(address.partition("#")[0].partition("?")[0])
    if found is None:
        return None
    scheme = found[1].lower()
    scheme = _AS_HTTP.get(scheme, scheme)
    try:
        path = _PERCENT.sub(_one_way, found[4] or "/")
    except ValueError:
        return None
    return scheme, found[2].lower(), int(found[3] or _PORTS[scheme]), path


def _one_way(encoded: re.Match[str]) -> str:
    if encoded[1] is None:
        raise ValueError("a percent sign that encodes nothing")
    character = chr(int(encoded[1], 16))
    return character if character in _UNRESERVED else encoded[0].upper()
