"""Settings of the web side: which other origins belong to the owner."""

from urllib.parse import urlsplit

from msgspec import Struct


class WebSettings(Struct, frozen=True, kw_only=True):
    """Say who else may call from a browser."""

    origins: tuple[str, ...] = ()
    """Origins of the owner's other apps, exactly, such as `https://app.example.org`. They pass the cross-site check and
    are the only ones that CORS answers. Never a pattern, never `null`."""

    return_to: tuple[str, ...] = ()
    """Where apps of yours are come back to from a provider, to the letter, such as `com.example.app:/signed-in`,
    `https://app.example.org/signed-in`, or `http://127.0.0.1/signed-in` for an app that takes any free port there. They
    are told the sign-in's id and nothing else."""

    def __post_init__(self) -> None:
        for address in self.return_to:
            parts = urlsplit(address)
            is_local = parts.hostname in ("127.0.0.1", "::1")
            is_private = "." in parts.scheme  # an app's own, named after a domain (RFC 8252 section 7.1)
            if not (parts.scheme == "https" or is_private or (parts.scheme == "http" and is_local)) or parts.fragment:
                raise ValueError(
                    f"web.return_to: {address!r:.100} must be https, http://127.0.0.1/..., or an app's own scheme with "
                    "a domain in it, such as com.example.app:/signed-in"
                )
        for origin in self.origins:
            parts = urlsplit(origin)
            exact = parts.scheme in ("http", "https") and parts.netloc and origin == f"{parts.scheme}://{parts.netloc}"
            if not exact or "*" in origin or "@" in origin or origin != origin.lower():
                raise ValueError(f"web.origins: {origin!r} must be an exact origin such as https://app.example.org")
