"""Give back a token: the session that it presents ends, and with it every other token of that session."""

from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import NotSignedIn
from coatcheck.gate.bearer import check_token
from coatcheck.sessions.end import end
from coatcheck.tokens import records
from coatcheck.tokens.refresh_token import parse_refresh_token
from coatcheck.verifier.claims import ANY_KEY
from coatcheck.visit import Visit


async def revoke(desk: Desk, visit: Visit, *, token: str) -> None:
    """End the session behind a refresh or access token; one that presents no session is no error.

    Having it is enough, also where it is bound to a key: whoever finds one that leaked may give it back.

    See: RFC 7009 section 2.2.
    """
    whose = await _session_of(desk, visit, token)
    if whose is None:
        return
    account, session = whose
    async with desk.database.writing() as tx:
        if await end(tx, desk, account=account, session=session):
            await record(tx, desk, visit, "sign_out.done", account=account, session=session)


async def _session_of(desk: Desk, visit: Visit, token: str) -> tuple[str, str] | None:
    presented = parse_refresh_token(token)
    if presented is not None:
        async with desk.database.reading() as db:
            return await records.whose(db, presented.family_digest)
    try:
        checked = await check_token(desk, token, issuer=visit.base_url, audience=None, proven_key=ANY_KEY)
    except NotSignedIn:
        return None
    principal = checked.principal
    return (principal.subject, principal.session) if principal.session else None
