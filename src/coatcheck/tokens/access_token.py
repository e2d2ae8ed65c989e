"""Access tokens: what a session says of itself, signed, for a quarter of an hour at most."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import msgspec

from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk
from coatcheck.errors import SessionEnded, TokenTooLarge
from coatcheck.keys.ring import SigningKeys
from coatcheck.keys.sign import sign_jws
from coatcheck.keys.signing_key import SigningKey
from coatcheck.secret import new_id
from coatcheck.storage.database import Reading
from coatcheck.tokens import records
from coatcheck.tokens.audience import audience_of
from coatcheck.verifier.claims import AccessClaims, Status, StatusReference
from coatcheck.verifier.status_token import uri_of

FIRST_PARTY: Final = "first-party"
"""The `client_id` of tokens that come from our own sign-in; no client is ever registered by this name."""

TYP: Final = "at+jwt"
LONGEST: Final = 4096 - len("__Host-coatcheck-access")
"""How many characters a token may have: 4 KB, of which browsers count a cookie's name too, and drop what is longer."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class AccessToken:
    """Hold an access token, for how many seconds it counts, and what was true of its session when it was made."""

    text: str = field(repr=False)
    expires_in: int
    facts: records.Facts


async def make_access_token(
    desk: Desk, *, session: str, issuer: str, audience: str | None, lives: timedelta | None = None
) -> AccessToken:
    """Make an access token for a session, from what is true of it now.

    Args:
        session: whose; it must be alive.
        issuer: where we are reached, with the mount and no slash at its end.
        audience: the one service that it is for, or None for all that are configured.
        lives: how long it counts, or None for as long as is configured.

    Raises:
        SessionEnded: the session is over.
        TokenTooLarge: the roles or permissions of this account do not fit.

    See: RFC 9068 section 2.
    """
    key = await desk.keep(SigningKeys).current()
    async with desk.database.reading() as db:
        return await sign_access_token(desk, db, key, session=session, issuer=issuer, audience=audience, lives=lives)


async def sign_access_token(
    desk: Desk,
    db: Reading,
    key: SigningKey,
    *,
    session: str,
    issuer: str,
    audience: str | None,
    lives: timedelta | None = None,
) -> AccessToken:
    """Make an access token as `make_access_token` does, by a key that is there already, within a transaction or not.

    Raises:
        SessionEnded: the session is over.
        TokenTooLarge: the roles or permissions of this account do not fit.
    """
    facts = await records.facts(db, session)
    if facts is None:
        raise SessionEnded("the session ended before its token was made")
    now = desk.now()
    counts_for = millis(lives or desk.settings.tokens.access_lifetime)
    claims = _claims(desk, facts, issuer, audience, now, counts_for)
    token = sign_jws(key, TYP, _encode(claims))
    if len(token) > LONGEST:
        raise _too_large(claims)
    return AccessToken(token, claims.exp - now // 1000, facts)


def _claims(
    desk: Desk, facts: records.Facts, issuer: str, audience: str | None, now: Instant, counts_for: int
) -> AccessClaims:
    settings = desk.settings.tokens
    ends = min(now + counts_for, facts.expires_at, facts.ends_at)
    return AccessClaims(
        iss=issuer,
        sub=facts.account,
        aud=audience_of(settings, issuer, audience, in_cookies=facts.presented_as == "token_cookies"),
        client_id=FIRST_PARTY,
        exp=ends // 1000,
        iat=now // 1000,
        jti=new_id("tok_"),
        scope=" ".join(facts.permissions),
        roles=tuple(facts.roles),
        sid=facts.id,
        acr=facts.acr,
        amr=facts.amr,
        auth_time=facts.auth_time // 1000,
        email=facts.email if "email" in settings.claims else None,
        username=facts.username if "username" in settings.claims else None,
        status=Status(StatusReference(facts.index, uri_of(issuer, facts.list_id))),
    )


def _too_large(claims: AccessClaims) -> TokenTooLarge:
    sizes = {name: len(_encode(getattr(claims, name))) for name in claims.__struct_fields__}
    name = max(sizes, key=sizes.__getitem__)
    return TokenTooLarge(f"the access token is above {LONGEST} bytes: {name} alone takes {sizes[name]}")
