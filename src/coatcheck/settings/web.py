"""Settings of the web side: which other origins belong to the owner."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """Say who else may call from a browser."""

    origins: tuple[str, ...] = ()
    """Origins of the owner's other apps, exactly, such as `https://app.example.org`. They pass the cross-site check and
    are the only ones that CORS answers. Never a pattern, never `null`."""

    def __post_init__(self) -> None:
        for origin in self.origins:
            parts = urlsplit(origin)
            exact = parts.scheme in ("http", "https") and parts.netloc and origin == f"{parts.scheme}://{parts.netloc}"
            if not exact or "*" in origin or "@" in origin or origin != origin.lower():
                raise ValueError(f"web.origins: {origin!r} must be an exact origin such as https://app.example.org")
