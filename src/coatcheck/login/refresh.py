"""Refresh: a refresh token is used once, and brings its successor and a new access token.

lock the session → judge the token → rotate | give the same again | refuse | end the session → access token
"""

from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import RefreshSuperseded, SessionEnded
from coatcheck.login.present import Tokens, next_refresh_token, tokens_of
from coatcheck.secret import Secret, unseal_under
from coatcheck.sessions import records as sessions
from coatcheck.sessions.end import end
from coatcheck.sessions.session import last_good_moment
from coatcheck.storage.database import Writing
from coatcheck.tokens import records
from coatcheck.tokens.audience import check_audience
from coatcheck.tokens.family import judge
from coatcheck.tokens.records import Locked
from coatcheck.tokens.refresh_token import RefreshToken, parse_refresh_token
from coatcheck.visit import Visit


async def refresh(desk: Desk, visit: Visit, *, refresh_token: str, audience: str | None = None) -> Tokens:
    """Give the next tokens of a session; using its refresh token is use of the session.

    Args:
        refresh_token: as it was presented.
        audience: the one service that the access token is for, or None for all the sign-in was for.

    Raises:
        SessionEnded: the token is none, or its session is over; also by this, when a token comes again that was
            replaced before.
        RefreshSuperseded: it was replaced a moment ago and its successor is in use; nothing has ended.
        BadInput: no token is made for this audience.

    See: RFC 9700 section 4.14.2; ASVS 10.4.5.
    """
    presented = parse_refresh_token(refresh_token)
    if presented is None:
        raise SessionEnded("what was presented is no refresh token")
    async with desk.database.writing() as tx:
        outcome = await _use(tx, desk, visit, presented, audience)
    if isinstance(outcome, str):
        raise SessionEnded(outcome)
    found, successor, narrowed = outcome
    return await tokens_of(desk, visit, session=found.family.session, refresh_token=successor, audience=narrowed)


async def _use(
    tx: Writing, desk: Desk, visit: Visit, presented: RefreshToken, audience: str | None
) -> tuple[Locked, Secret, str | None] | str:
    """Give the successor; or, where the session is over or ends by this, why: what was written has to be committed."""
    found = await records.lock_family(tx, presented.family_digest)
    now = desk.now()
    if found is None or now > last_good_moment(found.expires_at, found.ends_at):
        return "no session has this refresh token"
    narrowed = check_audience(desk.settings.tokens, visit.base_url, audience, narrowed=found.family.audience)
    match judge(found.family, presented.digest, now):
        case "rotate":
            successor = next_refresh_token(tx, found.family, presented, now)
            await sessions.touch(tx, [found.family.session], now)
            return found, successor, narrowed
        case "repeat":
            sealed = unseal_under(presented.whole.reveal(), found.family.sealed or b"", place=found.family.session)
            return found, Secret(sealed.decode()), narrowed
        case "superseded":
            raise RefreshSuperseded("its successor is in use")
        case "replayed":
            await end(tx, desk, account=found.account, session=found.family.session)
            await record(tx, desk, visit, "refresh.replayed", account=found.account, session=found.family.session)
            return "a refresh token that was replaced before came again"
