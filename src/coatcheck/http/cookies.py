"""Cookies: their names, how they are read strictly, and how they are set."""

from typing import Literal, TypeAlias

from msgspec import Struct

from coatcheck.errors import BadInput
from coatcheck.settings import ServerSettings

CookieName: TypeAlias = Literal["session", "browser", "known", "trusted", "access", "refresh"]
BROWSER_FOR_S = 400 * 86_400  # the longest that browsers keep a cookie
_BLANKS = " \t"  # and no other: a browser does not guard a name behind a stranger blank as `__Host-`


class CookieKind(Struct, frozen=True):
    """Name and set cookies for one kind of site.

    On https they are `__Host-` cookies: no other host, subdomain or plain-HTTP page can set or overwrite them. On this
    machine's plain HTTP they have other names, which https never reads.

    See: draft-ietf-httpbis-rfc6265bis (cookie name prefixes); ASVS 3.3.
    """

    secure: bool

    def name(self, cookie: CookieName) -> str:
        """Give a cookie's full name."""
        plain = "coatcheck" if cookie == "session" else f"coatcheck-{cookie}"
        if not self.secure:
            return "coatcheck-session" if cookie == "session" else plain
        return f"__Secure-{plain}" if cookie == "refresh" else f"__Host-{plain}"

    def set(self, cookie: CookieName, value: str, *, max_age: int | None = None, path: str = "/") -> str:
        """Give the `Set-Cookie` line; without `max_age` (seconds) the cookie ends with the browser."""
        life = "" if max_age is None else f"; Max-Age={max_age}"
        secure = "; Secure" if self.secure else ""
        return f"{self.name(cookie)}={value}{life}; Path={path}; HttpOnly; SameSite=Strict{secure}"

    def clear(self, cookie: CookieName, *, path: str = "/") -> str:
        """Give the `Set-Cookie` line that removes a cookie."""
        return self.set(cookie, "", max_age=0, path=path)


_ON_HTTPS = CookieKind(secure=True)
_ON_THIS_MACHINE = CookieKind(secure=False)


def cookie_kind(server: ServerSettings) -> CookieKind:
    """Choose the kind by `server.public_url`, never by a header."""
    return _ON_HTTPS if server.public_url is not None and server.public_url.startswith("https://") else _ON_THIS_MACHINE


def has_cookie(cookies: str, name: str) -> bool:
    """Tell whether a `Cookie` header has a cookie of this name, once or more often."""
    return any(part.partition("=")[0].strip(_BLANKS) == name for part in cookies.split(";"))


def may_renew(cookies: str, kind: CookieKind) -> bool:
    """Tell whether a session is presented by an access token in a cookie: one that ran out may be renewed."""
    return has_cookie(cookies, kind.name("access")) and not has_cookie(cookies, kind.name("session"))


def read_cookie(cookies: str, name: str) -> str | None:
    """Give one cookie's value from a `Cookie` header.

    Raises:
        BadInput: two cookies of that name: one of them was planted.
    """
    found: str | None = None
    if name not in cookies:
        return None
    for part in cookies.split(";"):
        key, equals, value = part.partition("=")
        if equals and key.strip(_BLANKS) == name:
            if found is not None:
                raise BadInput(because=f"two cookies named {name}")
            found = value.strip(_BLANKS).strip('"')
    return found
