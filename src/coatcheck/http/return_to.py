"""Where a person goes on after signing in: a path of our own origin and nothing else."""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote, urlsplit

MAX_LENGTH = 2000
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


def place_asked_for(scope: MutableMapping[str, Any]) -> str | None:
    """Give the path and query of a request as it was written, to come back to; None where it could lead elsewhere.

    The decoded path would not do: `/%5Cevil.example` and `//evil.example` are paths here and other hosts to a browser.

    Args:
        scope: the ASGI scope.
    """
    raw = scope.get("raw_path") or quote(scope["path"], safe=_SAFE).encode()
    query = scope["query_string"]
    return parse_return_to((raw.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1"))
