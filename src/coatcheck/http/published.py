"""Documents that anybody may read and keep for a while: with a name for what they say, so that it travels once."""

import hashlib
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response


def published(request: Request, body: bytes, *, media_type: str, keep_for: timedelta) -> Response:
    """Answer with a public document, or with 304 when the one that is asked about is still the same.

    Args:
        body: the document.
        media_type: of what kind it is.
        keep_for: how long it may be kept, by caches on the way too; nobody keeps it when that is nothing.

    See: RFC 9110 sections 8.8.3, 13.1.2; RFC 9111 section 5.2.2.
    """
    seconds = int(keep_for.total_seconds())
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": f"public, max-age={seconds}" if seconds else "no-store"}
    if _is_known(tag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _is_known(tag: str, asked: str) -> bool:
    return asked.strip() == "*" or tag in [each.strip().removeprefix("W/") for each in asked.split(",")]
