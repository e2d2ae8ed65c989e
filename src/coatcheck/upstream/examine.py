"""Look at a configured provider as a sign-in would meet it, and say in words what is wrong, step by step.

settings → redirect URI → discovery, its issuer and endpoints → clock → keys → client, by an invented code → scopes

It sends nothing that belongs to a person. A step that fails ends those that rest on it, and no others.
"""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import UpstreamFailed
from coatcheck.secret import new_secret, new_short_secret
from coatcheck.upstream.addresses import LOOPBACK, is_loopback
from coatcheck.upstream.calls import Calls, Reply
from coatcheck.upstream.examine_client import judge_answer
from coatcheck.upstream.finding import Finding, fine, note, wrong
from coatcheck.upstream.oauth.api import send
from coatcheck.upstream.oauth.client_auth import prove
from coatcheck.upstream.oauth.discovery import Known
from coatcheck.upstream.provider import Provider

_CLOCK_OFF_S: Final = 30
_KINDS: Final[Mapping[str, str]] = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


class _Seen(Struct):
    """Hold what the steps before found."""

    redeem_at: str
    published_at: str
    scopes: tuple[str, ...] | None = None
    date: str = ""


async def examine(desk: Desk, provider: Provider, *, base_url: str) -> AsyncIterator[Finding]:
    """Look at a provider live.

    Args:
        base_url: where people reach this site.
    """
    calls = desk.keep(Calls)
    yield fine("settings", f"complete: {provider.title} by {provider.client_auth}, client {provider.client_id}")
    yield _redirect_uri(provider, base_url)
    seen = _Seen(provider.endpoints.token, provider.endpoints.jwks)
    async for each in _discovery(calls, provider, seen):
        yield each
    async for each in _keys(calls, provider, seen):
        yield each
    yield await _client(desk, provider, seen, base_url)
    if seen.date:
        yield _clock(seen.date, desk.now())
    yield _scopes(provider, seen)


def redirect_uri(provider: Provider, base_url: str) -> str:
    """Give where a provider sends the browser back."""
    return f"{base_url}/login/{provider.name}/callback"


def _redirect_uri(provider: Provider, base_url: str) -> Finding:
    uri = redirect_uri(provider, base_url)
    parts = urlsplit(uri)
    if provider.posts_answer and (parts.scheme != "https" or parts.hostname in LOOPBACK):
        return wrong("redirect URI", f"{provider.title} takes https on a real domain alone: set server.public_url")
    return note("redirect URI", f"register this one at {provider.title}, to the letter: {uri}")


async def _discovery(calls: Calls, provider: Provider, seen: _Seen) -> AsyncIterator[Finding]:
    where = provider.endpoints.discovery
    if not where:
        yield fine("discovery", "none is needed: the entry names every address")
        return
    try:
        reply = await calls.get(provider, where)
    except UpstreamFailed as failed:
        yield wrong("discovery", f"{where}: {failed.because}")
        return
    seen.date = reply.date
    document = _object(reply)
    if document is None:
        yield wrong("discovery", f"{where} answers {reply.status} and no JSON: look at the issuer in the settings")
        return
    yield _issuer(provider, document)
    yield _addresses(document, seen)
    if provider.sends_pkce and "S256" not in (document.get("code_challenge_methods_supported") or ["S256"]):
        yield note("PKCE", "it does not list S256; what it does not know it should ignore")


def _issuer(provider: Provider, document: Mapping[str, Any]) -> Finding:
    said = document.get("issuer")
    pattern = re.escape(provider.issuer).replace(re.escape("{tenantid}"), r"(\{tenantid\}|[0-9a-f-]{36})")
    if isinstance(said, str) and re.fullmatch(pattern, said):
        return fine("issuer", said)
    slash = "; one of the two ends in a slash" if str(said).rstrip("/") == provider.issuer.rstrip("/") else ""
    return wrong("issuer", f"it calls itself {said!r:.120}, the settings say {provider.issuer!r}{slash}")


def _addresses(document: Mapping[str, Any], seen: _Seen) -> Finding:
    named = {name: str(document.get(f"{name}_endpoint") or "") for name in ("authorization", "token")}
    named["jwks"] = str(document.get("jwks_uri") or "")
    plain = {name for name, url in named.items() if urlsplit(url).scheme != "https" and not is_loopback(url) and url}
    seen.redeem_at = seen.redeem_at or ("" if "token" in plain else named["token"])
    seen.published_at = seen.published_at or ("" if "jwks" in plain else named["jwks"])
    scopes = document.get("scopes_supported")
    seen.scopes = tuple(str(each) for each in scopes) if isinstance(scopes, list) else None
    missing = [name for name, url in named.items() if not url]
    if missing:
        return wrong("addresses", f"discovery lacks {', '.join(missing)}")
    if plain:
        return wrong("addresses", f"{named[min(plain)]} is no https")
    return fine("addresses", f"codes are redeemed at {named['token']}")


async def _keys(calls: Calls, provider: Provider, seen: _Seen) -> AsyncIterator[Finding]:
    if provider.kind != "oidc" or not seen.published_at:
        return
    try:
        reply = await calls.get(provider, seen.published_at)
    except UpstreamFailed as failed:
        yield wrong("keys", f"{seen.published_at}: {failed.because}")
        return
    listed = (_object(reply) or {}).get("keys")
    usable = [key for key in listed if _is_usable(key, provider)] if isinstance(listed, list) else []
    if usable:
        yield fine("keys", f"{len(usable)} for {', '.join(provider.algorithms)}")
    else:
        yield wrong(
            "keys", f"{seen.published_at} has no key for {', '.join(provider.algorithms)}; HS256 is never taken"
        )


def _is_usable(key: object, provider: Provider) -> bool:
    if not isinstance(key, dict) or key.get("use", "sig") != "sig":
        return False
    fitting = [each for each in provider.algorithms if _KINDS[each[:2]] == key.get("kty")]
    return bool(fitting) and key.get("alg", fitting[0]) in provider.algorithms


async def _client(desk: Desk, provider: Provider, seen: _Seen, base_url: str) -> Finding:
    if not seen.redeem_at:
        return note("client", "not tried, as no address to redeem codes at was found")
    form = {
        "grant_type": "authorization_code",
        "code": f"coatcheck-test-{new_short_secret().reveal()}",
        "redirect_uri": redirect_uri(provider, base_url),
    }
    if provider.sends_pkce:
        form["code_verifier"] = new_secret().reveal() + new_secret().reveal()
    known = Known(issuer=provider.issuer, endpoints=replace(provider.endpoints, token=seen.redeem_at))
    try:
        reply = await send(desk, provider, seen.redeem_at, form, prove(desk, provider, known))
    except UpstreamFailed as failed:
        return wrong("client", f"{seen.redeem_at}: {failed.because}")
    seen.date = seen.date or reply.date
    return judge_answer(provider, reply.status, reply.body)


def _clock(date: str, now: Instant) -> Finding:
    try:
        there = parsedate_to_datetime(date)
    except ValueError:
        return note("clock", "its answers name no time that could be read")
    theirs = there.replace(tzinfo=there.tzinfo or UTC).timestamp()
    off = round(now / 1000 - theirs)
    if abs(off) > _CLOCK_OFF_S:
        ahead = "ahead of" if off > 0 else "behind"
        return wrong("clock", f"this machine is {abs(off)} s {ahead} {date}: let it follow NTP, or tokens are refused")
    return fine("clock", f"{abs(off)} s apart")


def _scopes(provider: Provider, seen: _Seen) -> Finding:
    asked = (*provider.scopes, *(provider.scopes_offline if provider.keeps_tokens else ()))
    missing = [each for each in asked if seen.scopes is not None and each not in seen.scopes]
    if missing:
        return note("scopes", f"discovery does not list {', '.join(missing)}, which is asked for")
    return fine("scopes", " ".join(asked) or "none are asked for")


def _object(reply: Reply) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if isinstance(found, dict) and reply.status == 200 else None
