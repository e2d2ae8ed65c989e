"""Where a person goes on after signing in: a path of our own origin and nothing else."""

import re
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote, urlsplit

from coatcheck.settings import WebSettings

MAX_LENGTH = 2000
_LOOPBACK = re.compile(r"(http://127\.0\.0\.1|http://\[::1\]):[0-9]{1,5}(/[!-~]*)?")
_SAFE = "/:@!$&'()*+,;=-._~%"


def parse_return_to(raw: str | None) -> str | None:
    """Give a safe path with query, or None for anything that could lead elsewhere.

    Parsed and written anew: one leading `/`, no backslash, no control character, no scheme, no host.

    See: ASVS 3.7.2; CWE-601.
    """
    if not raw or len(raw) > MAX_LENGTH or not raw.startswith("/") or raw.startswith(("//", "/\\")):
        return None
    if "\\" in raw or any(ord(character) < 0x21 or ord(character) == 0x7F for character in raw):
        return None
    try:
        parts = urlsplit(raw)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or parts.path.startswith("//"):
        return None
    path = quote(parts.path, safe=_SAFE)
    return f"{path}?{quote(parts.query, safe=_SAFE + '?/')}" if parts.query else path


def parse_registered(web: WebSettings, raw: str | None) -> str | None:
    """Give where an app is come back to: a path of our own, or an address that is registered, to the letter.

    A loopback address counts with any port, as an app of a desktop takes one that is free.

    See: RFC 8252 sections 7.1 and 7.3; ASVS 10.4.1.
    """
    if raw in web.return_to:
        return raw
    found = _LOOPBACK.fullmatch(raw or "")
    if found and f"{found[1]}{found[2]}" in web.return_to:
        return raw
    return parse_return_to(raw)


def place_asked_for(scope: MutableMapping[str, Any]) -> str | None:
    """Give the path and query of a request as it was written, to come back to; None where it could lead elsewhere.

    The decoded path would not do: `/%5Cevil.example` and `//evil.example` are paths here and other hosts to a browser.

    Args:
        scope: the ASGI scope.
    """
    raw = scope.get("raw_path") or quote(scope["path"], safe=_SAFE).encode()
    query = scope["query_string"]
    return parse_return_to((raw.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1"))
