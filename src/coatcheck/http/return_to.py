"""Where a person goes on after signing in: a path of our own origin and nothing else."""

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
