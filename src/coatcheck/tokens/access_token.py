"""Access tokens: what a session says of itself, signed, for a quarter of an hour at most."""

from datetime import timedelta
from typing import ClassVar, Final

import msgspec
from msgspec import structs
from msgspec.structs import replace

from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.errors import SessionEnded, TokenTooLarge
from coatcheck.keys.ring import SigningKeys
from coatcheck.keys.sign import sign_jws
from coatcheck.keys.signing_key import SigningKey
from coatcheck.secret import Veiled, new_id
from coatcheck.storage.database import Reading
from coatcheck.tokens import records
from coatcheck.tokens.audience import audience_of
from coatcheck.verifier import Principal
from coatcheck.verifier.claims import AccessClaims, Confirmation, Status, StatusReference
from coatcheck.verifier.status_token import uri_of

FIRST_PARTY: Final = "first-party"
"""The `client_id` of tokens that come from our own sign-in; no client is ever registered by this name."""

GATEWAY: Final = "gateway"
"""The `client_id` of tokens that a proxy passes on to the service behind it."""

GATEWAY_LIVES: Final = timedelta(minutes=1)
"""How long such a token counts: it travels from the proxy to the service, and no further."""

SHORTEST: Final = timedelta(seconds=5)
"""A role that ends sooner is not named any more: the token would run out on its way."""

TYP: Final = "at+jwt"
LONGEST: Final = 4096 - len("__Host-coatcheck-access")
"""How many characters a token may have: 4 KB, of which browsers count a cookie's name too, and drop what is longer."""

_encode = msgspec.json.Encoder().encode


class AccessToken(Veiled, frozen=True):
    """Hold an access token, for how many seconds it counts, and what was true of its session when it was made."""

    veils: ClassVar = frozenset({"text"})

    text: str
    expires_in: int
    facts: records.Facts


async def make_access_token(desk: Desk, *, session: str, issuer: str, audience: str | None) -> AccessToken:
    """Make an access token for a session, from what is true of it now.

    Args:
        session: whose; it must be alive.
        issuer: where we are reached, with the mount and no slash at its end.
        audience: the one service that it is for, or None for all that are configured.

    Raises:
        SessionEnded: the session is over.
        TokenTooLarge: the roles or permissions of this account do not fit.

    See: RFC 9068 section 2.
    """
    key = await desk.keep(SigningKeys).current()
    async with desk.database.reading() as db:
        return await sign_access_token(desk, db, key, session=session, issuer=issuer, audience=audience)


async def sign_access_token(
    desk: Desk, db: Reading, key: SigningKey, *, session: str, issuer: str, audience: str | None
) -> AccessToken:
    """Make an access token as `make_access_token` does, by a key that is there already, within a transaction or not.

    Raises:
        SessionEnded: the session is over.
        TokenTooLarge: the roles or permissions of this account do not fit.
    """
    facts = await _facts(desk, db, session)
    claims = _claims(desk, facts, issuer, audience, FIRST_PARTY, desk.settings.tokens.access_lifetime)
    return _signed(key, _bound(claims, facts), facts)


async def make_gateway_token(desk: Desk, presented: Principal, *, issuer: str, audience: str) -> AccessToken:
    """Make the token that a proxy passes on to the one service behind it, for a session that was just checked.

    It says how well the credential that was presented is proven, which may be less than its session is by now.

    Args:
        presented: what checking that credential gave.

    Raises:
        SessionEnded: the session is over.
        TokenTooLarge: the roles or permissions of this account do not fit.
    """
    key = await desk.keep(SigningKeys).current()
    async with desk.database.reading() as db:
        facts = await _facts(desk, db, presented.session or "")
    facts = replace(
        facts,
        acr=presented.acr,
        amr=presented.amr,
        auth_time=facts.auth_time if presented.auth_time is None else presented.auth_time,
        # This request may be a use of the session that is not written yet.
        expires_at=max(facts.expires_at, presented.expires_at),
    )
    return _signed(key, _claims(desk, facts, issuer, audience, GATEWAY, GATEWAY_LIVES), facts)


async def _facts(desk: Desk, db: Reading, session: str) -> records.Facts:
    facts = await records.facts(db, session, desk.now() + millis(SHORTEST))
    if facts is None:
        raise SessionEnded("the session ended before its token was made")
    return facts


def _signed(key: SigningKey, claims: AccessClaims, facts: records.Facts) -> AccessToken:
    token = sign_jws(key, TYP, _encode(claims))
    if len(token) > LONGEST:
        raise _too_large(claims)
    return AccessToken(token, claims.exp - claims.iat, facts)


def _claims(
    desk: Desk, facts: records.Facts, issuer: str, audience: str | None, client: str, lives: timedelta
) -> AccessClaims:
    settings = desk.settings.tokens
    now = desk.now()
    ends = min(now + millis(lives), facts.expires_at, facts.ends_at)
    if facts.roles_end is not None:  # a token outlives no role that it names
        ends = min(ends, facts.roles_end)
    return AccessClaims(
        iss=issuer,
        sub=facts.account,
        aud=audience_of(settings, issuer, audience, in_cookies=facts.presented_as == "token_cookies"),
        client_id=client,
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


def _bound(claims: AccessClaims, facts: records.Facts) -> AccessClaims:
    """Bind claims to the key of their session; not those of a gateway: what a proxy passes on, no client can prove."""
    return claims if facts.cnf_jkt is None else structs.replace(claims, cnf=Confirmation(facts.cnf_jkt))


def _too_large(claims: AccessClaims) -> TokenTooLarge:
    sizes = {name: len(_encode(getattr(claims, name))) for name in claims.__struct_fields__}
    name = max(sizes, key=sizes.__getitem__)
    return TokenTooLarge(f"the access token is above {LONGEST} bytes: {name} alone takes {sizes[name]}")
