"""Refresh: a refresh token is used once, and brings its successor and a new access token.

whose → proof → lock the session → judge the token → rotate | give the same again | refuse → access token
                                          └→ it came again: end the session
"""

from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import RefreshSuperseded, SessionEnded, TokenRefused
from coatcheck.keys.ring import SigningKeys
from coatcheck.login.present import Tokens, next_refresh_token
from coatcheck.secret import Secret, unseal_under
from coatcheck.sessions import records as sessions
from coatcheck.sessions.end import end
from coatcheck.sessions.session import last_good_moment
from coatcheck.storage.database import Writing
from coatcheck.tokens import records
from coatcheck.tokens.access_token import sign_access_token
from coatcheck.tokens.audience import check_audience
from coatcheck.tokens.family import judge
from coatcheck.tokens.proof import KeyProof, prove_key, use_proof
from coatcheck.tokens.records import Found
from coatcheck.tokens.refresh_token import RefreshToken, parse_refresh_token
from coatcheck.visit import Visit


class _Replayed(Exception):
    """Leave the transaction: a token that was replaced before came again."""


async def refresh(desk: Desk, visit: Visit, *, refresh_token: str, audience: str | None = None) -> Tokens:
    """Give the next tokens of a session; using its refresh token is use of the session.

    Where no access token can be made, nothing is written: the refresh token is as good as before.

    Args:
        refresh_token: as it was presented.
        audience: the one service that the access token is for, or None for all the sign-in was for.

    Raises:
        SessionEnded: the token is none, or its session is over; also by this, when a token comes again that was
            replaced before.
        RefreshSuperseded: it was replaced a moment ago and its successor is in use; nothing has ended.
        TokenRefused: it is bound to a key that was not proven; nothing has ended.
        ProofRefused: the proof of possession is not good, or came before; nothing has ended.
        ProofNonceNeeded: it has no nonce of ours, or an old one.
        BadInput: no token is made for this audience.
        TokenTooLarge: the roles or permissions of this account do not fit.

    See: RFC 9700 section 4.14.2; RFC 9449 section 5; ASVS 10.4.5.
    """
    presented = parse_refresh_token(refresh_token)
    if presented is None:
        raise SessionEnded("what was presented is no refresh token")
    # Looked up first, as who makes up tokens must not hold up those who write.
    async with desk.database.reading() as db:
        whose = await records.whose(db, presented.family_digest)
    if whose is None:
        raise SessionEnded("no session has this refresh token")
    try:
        return await _use(desk, visit, presented, audience, prove_key(desk, visit))
    except _Replayed:
        await _end_replayed(desk, visit, *whose)
        raise SessionEnded("a refresh token that was replaced before came again") from None


async def _use(
    desk: Desk, visit: Visit, presented: RefreshToken, audience: str | None, proof: KeyProof | None
) -> Tokens:
    key = await desk.keep(SigningKeys).current()
    async with desk.database.writing() as tx:
        if proof is not None:  # first, as what is sent a second time must not be taken for a replay of the token
            await use_proof(tx, proof)
        found = await records.lock_family(tx, presented.family_digest)
        if found is None or desk.now() > last_good_moment(found.expires_at, found.ends_at):
            raise SessionEnded("the session is over")
        successor = await _successor(tx, desk, found, presented, proof)
        narrowed = check_audience(
            desk.settings.tokens,
            visit.base_url,
            audience,
            narrowed=found.family.audience,
            in_cookies=found.presented_as == "token_cookies",
        )
        access = await sign_access_token(
            desk, tx, key, session=found.family.session, issuer=visit.base_url, audience=narrowed
        )
        return Tokens(access, successor)


async def _successor(tx: Writing, desk: Desk, found: Found, presented: RefreshToken, proof: KeyProof | None) -> Secret:
    family, now = found.family, desk.now()
    verdict = judge(family, presented.digest, now, proven_key=proof.jkt if proof else None)
    match verdict:
        case "rotate":
            successor = next_refresh_token(tx, family, presented, now)
        case "repeat":
            sealed = unseal_under(presented.whole.reveal(), family.sealed or b"", place=family.session)
            successor = Secret(sealed.decode())
        case "superseded":
            raise RefreshSuperseded("its successor is in use")
        case "unproven":
            raise TokenRefused("the refresh token is bound to a key that was not proven")
        case "replayed":
            raise _Replayed
    await sessions.touch(tx, [family.session], now)
    return successor


async def _end_replayed(desk: Desk, visit: Visit, account: str, session: str) -> None:
    """End the session in a transaction of its own: the account's row is locked before the session's."""
    async with desk.database.writing() as tx:
        if await end(tx, desk, account=account, session=session):
            await record(tx, desk, visit, "refresh.replayed", account=account, session=session)
