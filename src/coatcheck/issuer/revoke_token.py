"""Take back the tokens of a service at its own word."""

from collections.abc import Mapping

from coatcheck.audit.record import record
from coatcheck.clients import records
from coatcheck.desk import Desk
from coatcheck.errors import NotSignedIn, OAuthRefused
from coatcheck.gate.bearer import check_token
from coatcheck.issuer.introspect import caller_of, token_of
from coatcheck.revocation import indices
from coatcheck.verifier.claims import ANY_KEY
from coatcheck.visit import Visit


async def revoke_token(desk: Desk, visit: Visit, form: Mapping[str, str], *, endpoint: str) -> None:
    """Take back a token of the service that asks, and with it all that were issued for the same credential until now.

    One that is not alive is no error. The credential itself works on, and gets tokens with another index.

    Args:
        form: the parameters of the request.
        endpoint: the address that was asked.

    Raises:
        OAuthRefused: the service did not prove itself; no token is named; or the token is alive and was issued to
            another client, and nothing has ended.
        TokenRefused: it came by a token that does not count.
        DatabaseAway: it could not be written, so the token lives.

    See: RFC 7009 section 2.
    """
    caller = await caller_of(desk, visit, form, endpoint=endpoint)
    token = token_of(form)
    try:
        checked = await check_token(desk, token, issuer=visit.base_url, audience=None, proven_key=ANY_KEY)
    except NotSignedIn:
        return
    if checked.principal.subject != caller.id or checked.principal.session is not None or checked.place is None:
        raise OAuthRefused("invalid_grant", "the token was issued to another client")
    list_id, index = checked.place.list_id, checked.place.index
    async with desk.database.writing() as tx:
        await records.lock(tx, caller.id)
        if await indices.replace(tx, desk, account=caller.id, list_id=list_id, index=index):
            await record(tx, desk, visit, "service.tokens_revoked", account=caller.id)
