"""A content security policy as a browser reads it: what is weak in it, and whether it lets other sites frame a page."""

from typing import Final, TypeAlias

Policy: TypeAlias = dict[str, list[str]]

_WIDE: Final = ("'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:", "data:", "blob:")


def weakness_of(headers: list[str]) -> str | None:
    """Say what is weak in the policies of an answer, or None: each of them holds, so one that is good is enough.

    Args:
        headers: the values of `Content-Security-Policy`.

    See: W3C Content Security Policy Level 3; ASVS 3.4.3.
    """
    policies = policies_of(headers)
    if not policies:
        return "no Content-Security-Policy"
    weak = [_weak_in(policy) for policy in policies]
    return None if None in weak else f"Content-Security-Policy {weak[0]}"


def framing_allowed(headers: list[str], options: str) -> bool:
    """Tell whether another site may show an answer in a frame.

    Args:
        headers: the values of `Content-Security-Policy`, whose `frame-ancestors` goes before
        options: the value of `X-Frame-Options`.

    See: CSP Level 3 section 6.4.2; RFC 7034; ASVS 3.4.6.
    """
    told = [policy["frame-ancestors"] for policy in policies_of(headers) if "frame-ancestors" in policy]
    if told:
        return not any(set(sources) <= {"'none'", "'self'"} for sources in told)
    return options.strip().lower() not in ("deny", "sameorigin")


def policies_of(headers: list[str]) -> list[Policy]:
    """Read policies: a header may hold several, parted by commas; the first of two equal directives counts."""
    texts = [text for header in headers for text in header.split(",") if text.strip()]
    return [_policy(text) for text in texts]


def _policy(text: str) -> Policy:
    policy: Policy = {}
    for directive in text.lower().split(";"):
        name, *sources = directive.split() or [""]
        policy.setdefault(name, sources)
    return policy


def _weak_in(policy: Policy) -> str | None:
    scripts = policy.get("script-src", policy.get("default-src"))
    if scripts is None:
        return "says nothing of scripts"
    wide = [source for source in scripts if source in _WIDE]
    if wide:
        return f"takes scripts from {' '.join(wide)}"
    return None if "base-uri" in policy else "lacks base-uri"
