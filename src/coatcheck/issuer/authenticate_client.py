"""Which service asks? Whether it is unknown or presents the wrong thing: the answer is the same, and the work."""

import re
from collections.abc import Mapping
from typing import Final

from coatcheck.audit.refused import refused
from coatcheck.clients import records
from coatcheck.clients.client import Client, client_of
from coatcheck.clients.client_key import read_client_key
from coatcheck.clients.registration import PREFIX, Registration, ServiceCredential
from coatcheck.clients.verified import HEADER, VerifiedClients
from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk
from coatcheck.errors import OAuthRefused
from coatcheck.issuer.presented import OF_FORM, AssertionClaims, PresentedAssertion, PresentedSecret, presented_of
from coatcheck.keys.life import LEEWAY
from coatcheck.limits.address import address_key
from coatcheck.limits.tries import client_failed
from coatcheck.secret import hash_secret, same
from coatcheck.verifier.claims import IAT_SKEW_S
from coatcheck.visit import Visit

MOST_AHEAD_S: Final = 300
"""How many seconds from now an assertion may run out at the latest."""

_ID = re.compile(PREFIX + "[a-z2-7]{26}")
_NOBODY: Final = bytes(32)


async def authenticate_client(desk: Desk, visit: Visit, form: Mapping[str, str], *, endpoint: str) -> Client:
    """Give the service behind what a request presents.

    Args:
        form: the parameters of the request.
        endpoint: the address that was asked, which an assertion may be meant for in place of the issuer.

    Raises:
        OAuthRefused: nothing is presented, or the wrong thing, or by nobody that we know, or more than one thing.
        TooManyAttempts: it was the wrong thing, and that too often.
        DatabaseAway: it is not in memory and the database cannot be reached.

    See: RFC 6749 sections 2.3, 3.2.1; RFC 7523 section 3; ASVS 10.4.10.
    """
    authorization = visit.asked.authorization
    known = by_known_header(desk, authorization, form)
    if known is not None:
        return known
    try:
        presented = presented_of(authorization, form)
    except OAuthRefused:
        await note_refusal(desk, visit)
        raise
    if isinstance(presented, PresentedSecret):
        client = await _by_secret(desk, presented, authorization)
    else:
        client = await _by_assertion(desk, visit, presented, endpoint)
    if client is None:
        await note_refusal(desk, visit)
        await client_failed(desk, visit, client=presented.client)
        raise OAuthRefused("invalid_client", f"no service has proven itself as {presented.client!r:.60}")
    return client


def by_known_header(desk: Desk, authorization: str | None, form: Mapping[str, str]) -> Client | None:
    """Give whose header this is as a whole, so that it is not taken apart again; None where the form says more."""
    if authorization is None or not form.keys().isdisjoint(OF_FORM):
        return None
    client = desk.keep(VerifiedClients).get((HEADER, hash_secret(authorization)), desk.now())
    return client if client is not None and form.get("client_id", client.id) == client.id else None


async def note_refusal(desk: Desk, visit: Visit) -> None:
    """Count in the audit trail that a service was refused."""
    tally = desk.key_ring.mac("audit tally", "token.refused", address_key(visit.address))
    await refused(desk, visit, "token.refused", tally=tally)


async def _by_secret(desk: Desk, presented: PresentedSecret, authorization: str | None) -> Client | None:
    verified, digest = desk.keep(VerifiedClients), hash_secret(presented.secret)
    known = verified.get((presented.client, digest), desk.now())
    if known is not None:
        if authorization is not None:  # nothing was awaited since it was found to count
            verified.fill(verified.begin(), (HEADER, hash_secret(authorization)), known)
        return known
    began = verified.begin()
    registration = await _find(desk, presented.client)
    client = _match(registration, digest, desk.now())
    if client is not None:
        verified.fill(began, (presented.client, digest), client)
    return client


async def _find(desk: Desk, client: str) -> Registration | None:
    if not _ID.fullmatch(client):
        return None
    async with desk.database.reading() as db:
        return await records.find(db, client)


def _match(registration: Registration | None, digest: bytes, now: Instant) -> Client | None:
    """Compare with each secret that works; with one that nobody has, where there is none."""
    working = _working(registration, "secret", now)
    hashes = [credential.secret_hash or _NOBODY for credential in working] or [_NOBODY]
    right = [same(digest, its_hash) for its_hash in hashes]
    if registration is None or not any(right) or not working:
        return None
    credential = working[right.index(True)]
    return client_of(registration, credential, until=credential.expires_at)


def _working(registration: Registration | None, kind: str, now: Instant) -> list[ServiceCredential]:
    """List the credentials of one kind that let in: not run out, and with the bit that takes their tokens back."""
    if registration is None or not registration.is_active:
        return []
    return [each for each in registration.working(now) if each.kind == kind and each.place is not None]


async def _by_assertion(desk: Desk, visit: Visit, presented: PresentedAssertion, endpoint: str) -> Client | None:
    registration, now = await _find(desk, presented.client), desk.now()
    working = _working(registration, "key", now)
    credential = next((each for each in working if _has_signed(each, presented)), None)
    if registration is None or credential is None or not _counts(presented.claims, visit.base_url, endpoint, now):
        return None
    if not await _is_first_use(desk, presented.claims):
        return None
    return client_of(registration, credential, until=credential.expires_at)


def _has_signed(credential: ServiceCredential, presented: PresentedAssertion) -> bool:
    key, jws = read_client_key(credential.jwk or ""), presented.jws
    if jws.algorithm != key.algorithm or jws.kid not in (None, key.kid):
        return False
    return key.verify(jws.signature, jws.signed)


def _counts(claims: AssertionClaims, issuer: str, endpoint: str, now: Instant) -> bool:
    """Tell whether an assertion is meant for us alone, and for now."""
    audience = claims.aud if isinstance(claims.aud, str) else claims.aud[0] if len(claims.aud) == 1 else ""
    seconds = now // 1000
    begins = max(claims.iat or 0, claims.nbf or 0)
    is_now = seconds < claims.exp <= seconds + MOST_AHEAD_S and begins <= seconds + IAT_SKEW_S
    return audience in (issuer, endpoint) and is_now


async def _is_first_use(desk: Desk, claims: AssertionClaims) -> bool:
    """Mark an assertion as used; it is remembered for longer than any of our clocks may take it for good."""
    digest = hash_secret(f"{claims.sub} {claims.jti}")
    async with desk.database.writing() as tx:
        return await records.use_assertion(tx, digest, claims.exp * 1000 + millis(LEEWAY))
