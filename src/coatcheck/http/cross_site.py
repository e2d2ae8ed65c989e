"""The cross-site check: an unsafe request that another site caused is refused."""

from urllib.parse import urlsplit

from coatcheck.errors import CrossSiteRefused
from coatcheck.settings import ServerSettings, WebSettings
from coatcheck.visit import Asked

_PAGE_OF_SOCKET = {"ws": "http", "wss": "https"}


def own_origin(server: ServerSettings, asked: Asked) -> str:
    """Give our origin: of `server.public_url`, or, where everybody is on this machine, of the URL asked for.

    A page's origin is `http` where it opens a socket by `ws`.
    """
    parts = urlsplit(server.public_url or asked.url)
    scheme = _PAGE_OF_SOCKET.get(parts.scheme, parts.scheme)
    return f"{scheme}://{parts.netloc}".lower()


def refuse_cross_site(asked: Asked, server: ServerSettings, web: WebSettings) -> None:
    """Refuse an unsafe request unless our own pages, the owner's other apps or no browser at all made it.

    `Sec-Fetch-Site` must be `same-origin` or `none`; without it `Origin` must be ours; a caller that sends neither is
    no browser. `same-site` is a stranger: another subdomain may belong to somebody else.

    Raises:
        CrossSiteRefused: another site caused it.

    See: W3C Fetch Metadata; ASVS 3.5.1.
    """
    if not asked.is_unsafe or asked.origin in web.origins:
        return
    if asked.sec_fetch_site is not None and not asked.websocket:
        if asked.sec_fetch_site not in ("same-origin", "none"):
            raise CrossSiteRefused(f"Sec-Fetch-Site: {asked.sec_fetch_site[:40]!r}")
        return
    if asked.origin is not None and asked.origin.lower() != own_origin(server, asked):
        raise CrossSiteRefused(f"Origin {asked.origin[:100]!r} is not {own_origin(server, asked)}")
