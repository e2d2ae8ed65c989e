"""Explain a token check by check, in the order in which a verifier makes them; the token itself is never shown."""

from collections.abc import AsyncIterator, Mapping
from enum import Enum

import msgspec

from coatcheck.clock import Clock, rfc3339
from coatcheck.errors import TokenRefused
from coatcheck.verifier.algorithms import VerifyingKey, check_signature
from coatcheck.verifier.claims import IAT_SKEW_S, AccessClaims, StatusPlace, read_access, status_of
from coatcheck.verifier.fetching import Fetcher, parsed
from coatcheck.verifier.jwk import LONGEST_KEY_SET, keys_of
from coatcheck.verifier.jws import Jws, parse_jws
from coatcheck.verifier.metadata import fetch_metadata
from coatcheck.verifier.news import LONGEST_NEWS, NewsRefused
from coatcheck.verifier.status import StatusLists, UnknownIndex
from coatcheck.verifier.status_token import read_status_token, uri_of


class Mark(Enum):
    """Say how a check went."""

    HOLDS = "✓"
    FAILS = "✗"
    LEFT_OUT = "-"


class Finding(msgspec.Struct, frozen=True):
    """Hold one check: its name, how it went, and what that means."""

    name: str
    mark: Mark
    says: str


_AFTER_THE_FORM = ("header", "key", "signature", "issuer", "audience", "times", "binding", "status")


async def explain(token: str, *, issuer: str, audience: str, clock: Clock, fetcher: Fetcher) -> AsyncIterator[Finding]:
    """Give the findings about a token, one after the other.

    Args:
        token: as it was presented.
        issuer: who must have issued it.
        audience: whom it must be meant for.
        clock: tells the time.
        fetcher: asks the issuer.

    Raises:
        CannotFetch: the issuer does not answer, so that nothing can be told.
    """
    try:
        jws = parse_jws(token)
    except TokenRefused as refused:
        yield Finding("form", Mark.FAILS, f"{refused.because}: no signed token, nothing of it can be trusted")
        for name in _AFTER_THE_FORM:
            yield Finding(name, Mark.LEFT_OUT, "cannot be looked at")
        return
    yield Finding("form", Mark.HOLDS, "three parts of canonical base64url, with a header that reads in one way only")
    yield _header(jws)
    metadata = await fetch_metadata(fetcher, issuer)
    keys = parsed(await fetcher.get(metadata.jwks_uri, most=LONGEST_KEY_SET), keys_of, "keys")
    signed = _signature(jws, keys)
    for finding in signed:
        yield finding
    try:
        claims = read_access(jws.payload)
    except TokenRefused as refused:
        yield Finding("claims", Mark.FAILS, refused.because)
        return
    for finding in _claims(claims, issuer, audience, clock):
        yield finding
    if signed[-1].mark is not Mark.HOLDS or claims.iss != issuer:
        yield Finding("status", Mark.LEFT_OUT, "is not looked up for what this issuer did not write")
    else:
        yield await _status(claims, keys, clock, fetcher)


def _header(jws: Jws) -> Finding:
    if jws.typ not in ("at+jwt", "application/at+jwt"):
        return Finding("header", Mark.FAILS, f"typ is {jws.typ!r}: no access token, but made for something else")
    return Finding("header", Mark.HOLDS, f"an access token, signed by {jws.algorithm}")


def _signature(jws: Jws, keys: Mapping[str, VerifyingKey]) -> list[Finding]:
    key = keys.get(jws.kid or "")
    if key is None:
        return [
            Finding("key", Mark.FAILS, f"the issuer publishes {len(keys)} keys, and none is named {jws.kid!r}"),
            Finding("signature", Mark.LEFT_OUT, "without a key nothing proves who wrote this"),
        ]
    found = Finding("key", Mark.HOLDS, f"{jws.kid!r} is published by the issuer, for {key.algorithm}")
    try:
        check_signature(jws, key)
    except TokenRefused as refused:
        says = f"{refused.because}: changed on the way, or not written by this issuer"
        return [found, Finding("signature", Mark.FAILS, says)]
    return [found, Finding("signature", Mark.HOLDS, "written by the issuer, and not changed since")]


def _claims(claims: AccessClaims, issuer: str, audience: str, clock: Clock) -> list[Finding]:
    audiences = [claims.aud] if isinstance(claims.aud, str) else list(claims.aud)
    return [
        _finding("issuer", claims.iss == issuer, f"issued by {claims.iss!r}", "that is somebody else"),
        _finding("audience", audience in audiences, f"meant for {audiences!r}", f"not for {audience!r}"),
        _times(claims, clock),
        _binding(claims),
    ]


def _binding(claims: AccessClaims) -> Finding:
    if claims.cnf is None:
        return Finding("binding", Mark.HOLDS, "a bearer token, bound to no key")
    says = f"bound to the key {claims.cnf.jkt!r}: it counts with a proof of that key alone, sent as `DPoP`"
    return Finding("binding", Mark.LEFT_OUT, says)


def _times(claims: AccessClaims, clock: Clock) -> Finding:
    now = clock.now() // 1000
    said = f"issued {rfc3339(claims.iat * 1000)}, runs out {rfc3339(claims.exp * 1000)}, now {rfc3339(now * 1000)}"
    begins = max(claims.iat, claims.nbf or 0)
    return _finding("times", begins - IAT_SKEW_S <= now < claims.exp, said, "it has run out, or does not count yet")


async def _status(claims: AccessClaims, keys: Mapping[str, VerifyingKey], clock: Clock, fetcher: Fetcher) -> Finding:
    try:
        place = status_of(claims)
        if place is None:
            return Finding("status", Mark.FAILS, "names no status list, so nobody could take it back")
        return await _look_up(place, claims.iss, keys, clock, fetcher)
    except (TokenRefused, NewsRefused, UnknownIndex) as refused:
        return Finding("status", Mark.FAILS, f"{refused}")


async def _look_up(
    place: StatusPlace, issuer: str, keys: Mapping[str, VerifyingKey], clock: Clock, fetcher: Fetcher
) -> Finding:
    list_id = place.list_id
    answer = await fetcher.get(uri_of(issuer, list_id), most=LONGEST_NEWS)
    if answer.status == 404:
        return Finding("status", Mark.FAILS, f"the issuer has no status list {list_id}: every token of it has run out")
    text = parsed(answer, lambda body: body.decode("ascii").strip(), f"status list {list_id}")
    snapshot = read_status_token(text, issuer=issuer, list_id=list_id, find_key=keys.get, now=clock.now())
    lists = StatusLists()
    lists.load(list_id, snapshot.bits)
    said = f"index {place.index} of status list {list_id}, as of event {snapshot.at.number}"
    return _finding(
        "status", not lists.is_set(list_id, place.index), said, "it was revoked, or its session has moved on"
    )


def _finding(name: str, holds: bool, said: str, otherwise: str) -> Finding:
    return Finding(name, Mark.HOLDS, said) if holds else Finding(name, Mark.FAILS, f"{said}: {otherwise}")
