"""Headers that every answer carries."""

_BASE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        b"frame-ancestors 'none'",
    ),
)
WITH_SCRIPT = "; ".join((dict(_BASE)[b"content-security-policy"].decode(), "script-src 'self'", "connect-src 'self'"))
"""The content security policy of the pages that work with passkeys: a script of ours, which asks us and nobody else."""
_HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
_NO_STORE = (b"cache-control", b"no-store")

_ON_HTTP = [*_BASE, _NO_STORE]
_ON_HTTPS = [*_ON_HTTP, _HSTS]
_NAMES = frozenset(name for name, _ in _ON_HTTPS)

RawHeaders = list[tuple[bytes, bytes]]

BLOCKS: tuple[RawHeaders, ...] = (_ON_HTTP, _ON_HTTPS)
"""What answers end with that set none of these themselves."""


def secured(headers: RawHeaders, *, is_https: bool) -> RawHeaders:
    """Give an answer's headers with ours added; what a route set itself stays.

    See: ASVS 3.4.
    """
    ours = _ON_HTTPS if is_https else _ON_HTTP
    given = [name.lower() for name, _ in headers]
    if _NAMES.isdisjoint(given):
        return headers + ours
    return headers + [pair for pair in ours if pair[0] not in given]
