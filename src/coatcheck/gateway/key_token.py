"""The token that a proxy passes on in the place of an API key, which the service behind it never sees."""

import msgspec

from coatcheck.api_keys import records
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.errors import ApiKeyRefused
from coatcheck.gate.api_key import why_refused
from coatcheck.keys.ring import SigningKeys
from coatcheck.keys.sign import sign_jws
from coatcheck.secret import new_id
from coatcheck.tokens.access_token import GATEWAY, GATEWAY_LIVES, TYP
from coatcheck.verifier import Principal
from coatcheck.verifier.claims import AccessClaims, Status, StatusPlace, StatusReference
from coatcheck.verifier.status_token import uri_of

_encode = msgspec.json.Encoder().encode


class GatewayToken(msgspec.Struct, frozen=True):
    """Hold a token that a proxy passes on, for how many seconds it counts, and the bit that takes it back."""

    text: str
    expires_in: int
    place: StatusPlace

    def __repr__(self) -> str:
        return f"GatewayToken({self.place})"


async def make_key_token(desk: Desk, presented: Principal, *, issuer: str, audience: str) -> GatewayToken:
    """Make the token for the one service behind a proxy, from what is true of a key that was just checked.

    It names the key's owner and no session, says what the owner may of the key's scopes, and no role.

    Raises:
        ApiKeyRefused: the key was revoked meanwhile, or its owner may not act any more.

    See: RFC 9068 section 2.
    """
    signing = await desk.keep(SigningKeys).current()
    async with desk.database.reading() as db:
        found = await records.find_by_id(db, presented.api_key or "", desk.now())
    if found is None or found.place is None or why_refused(desk, found) is not None:
        raise ApiKeyRefused("the API key ended before its token was made")
    now, told = desk.now(), desk.settings.tokens.claims
    ends = min(now + millis(GATEWAY_LIVES), found.key.expires_at)
    if found.roles_end is not None:  # a token outlives no role that it owes a permission to
        ends = min(ends, found.roles_end)
    claims = AccessClaims(
        iss=issuer,
        sub=found.key.owner,
        aud=audience,
        client_id=GATEWAY,
        exp=ends // 1000,
        iat=now // 1000,
        jti=new_id("tok_"),
        scope=" ".join(sorted(found.may.intersection(found.key.scopes))),
        email=found.email if "email" in told else None,
        username=found.username if "username" in told else None,
        status=Status(StatusReference(found.place.index, uri_of(issuer, found.place.list_id))),
    )
    return GatewayToken(sign_jws(signing, TYP, _encode(claims)), claims.exp - claims.iat, found.place)
