"""A request as it was sent: its address, not decoded, however a framework hands that on; and what it has proven."""

import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, unquote, unquote_to_bytes

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_BEFORE_PATH: Final = re.compile(r"[A-Za-z]+://[^/?#]*")
_LITERAL: Final = "/:@!$&'()*+,;=-._~"
_PROVEN: Final = "coatcheck.proven"


def address_of(scheme: str, host: str, path: str, query: str = "") -> str:
    """Write the address of a request so that its path is read back as it was sent.

    Args:
        scheme: such as `https`.
        host: the header `Host`. A stranger writes it: one that is none is left out, as it could reach into the path.
        path: as it was sent, not decoded.
        query: likewise, without the question mark.
    """
    own = host if _is_host(host) else ""
    if path[:1] != "/" or "#" in path:
        path = _as_path(path)
    return f"{scheme}://{own}{path}?{query}" if query else f"{scheme}://{own}{path}"


def path_in_scope(scope: Mapping[str, Any]) -> str:
    """Give the path of a request on ASGI as the client sent it.

    Where a proxy takes a prefix away and the app was told of it (`root_path`), the prefix is put before it again.
    """
    # A server need not tell (ASGI, `raw_path`). What it decoded is encoded again then, in which a `%2F` has become a
    # slash, and `%40` an `@`: a proof for such a path is refused, which is safe.
    raw, root = scope.get("raw_path"), scope.get("root_path")
    sent: str = quote(scope["path"], safe=_LITERAL) if raw is None else raw.decode("latin-1")
    return sent if not root or scope["path"].startswith(root) else quote(root, safe=_LITERAL) + sent


def path_in_environ(environ: Mapping[str, Any]) -> str:
    """Give the path of a request on WSGI as the client sent it.

    WSGI has no name for it. Gunicorn and Werkzeug say `RAW_URI`; uWSGI, Waitress, mod_wsgi and Werkzeug `REQUEST_URI`;
    no header can, as those begin with `HTTP_`. It counts where it says the same as what the app goes by: a server or a
    middleware may have rewritten one of them. Elsewhere what was decoded is encoded again, in which a `%2F` has become
    a slash, and `%40` an `@`: a proof for such a path is refused, which is safe.
    """
    script, path = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
    sent = _without_authority(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "").partition("?")[0]
    if sent and _says(sent, script + path):
        return sent
    before = _encoded(script)
    return before + (sent if sent and _says(sent, path) else _encoded(path))


def proven_in(holder: MutableMapping[str, Any], dpop: str | None) -> dict[Any, Any] | None:
    """Give what a request has proven, kept with it for as long as it is served; None where it brings no proof.

    Args:
        holder: its scope or environment. No header has a name that falls onto this one.
        dpop: its `DPoP` header.
    """
    if dpop is None:
        return None
    proven: dict[Any, Any] = holder.setdefault(_PROVEN, {})
    return proven


def _as_path(sent: str) -> str:
    path = sent if sent.startswith("/") else f"/{sent}"  # `*`, or a whole address
    return path.replace("#", "%23")  # no fragment is ever sent, so it is a part of the path


@lru_cache(maxsize=1024)
def _is_host(host: str) -> bool:
    return _HOST.fullmatch(host) is not None


def _without_authority(target: str) -> str:
    found = None if target.startswith("/") else _BEFORE_PATH.match(target)
    return target[found.end() :] if found else target


def _says(sent: str, decoded: str) -> bool:
    # WSGI hands bytes on as latin-1 (PEP 3333); Django writes them anew, as UTF-8 decoded.
    return decoded in (unquote_to_bytes(sent).decode("latin-1"), unquote(sent))


def _encoded(decoded: str) -> str:
    try:
        return quote(decoded.encode("latin-1"), safe=_LITERAL)
    except UnicodeEncodeError:  # it was decoded as UTF-8
        return quote(decoded, safe=_LITERAL)
