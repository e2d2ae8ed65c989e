"""Sign out by a refresh token: a client that has tokens has it until the end, and its access token may have run out."""

from coatcheck.desk import Desk
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.ending.sign_out import sign_out
from coatcheck.errors import SessionEnded
from coatcheck.sessions.session import last_good_moment
from coatcheck.tokens import records
from coatcheck.tokens.family import judge
from coatcheck.tokens.proof import prove_key, use_proof
from coatcheck.tokens.records import Found
from coatcheck.tokens.refresh_token import parse_refresh_token
from coatcheck.verifier import Principal
from coatcheck.visit import Visit


async def sign_out_by_refresh_token(desk: Desk, visit: Visit, *, refresh_token: str, everywhere: bool = False) -> None:
    """End the session behind a refresh token; one that presents no session is no error.

    Having it is enough to end that session, also an older one of it, as whoever finds a leaked one should. To end the
    account's other sessions takes one that could be refreshed: an old copy must not sign somebody out everywhere, nor
    may one that is bound to a key, from whoever cannot prove it.

    Args:
        refresh_token: as it was presented.
        everywhere: all sessions of the account.

    Raises:
        SessionEnded: everywhere was asked for and the token could not be refreshed; its own session is over.
        ProofRefused: everywhere was asked for, of a session that there is, with a proof that is not good, or came
            before; nothing is over.
        ProofNonceNeeded: the same, and the proof has no nonce of ours, or an old one.

    See: RFC 7009 section 2.2; ASVS 7.4.1, 7.4.3.
    """
    presented = parse_refresh_token(refresh_token)
    found = await _find(desk, presented.family_digest) if presented is not None else None
    # Only where there is a session: who makes up tokens must not have anything written.
    proven = await _proven_key(desk, visit) if everywhere and found is not None else None
    if everywhere and (presented is None or found is None or not _is_good(desk, found, presented.digest, proven)):
        await _end(desk, visit, found)
        raise SessionEnded("all sessions were to end by a token that could not be refreshed")
    if everywhere and found is not None:
        await end_sessions(desk, visit, account=found.account, actor=found.account)
    else:
        await _end(desk, visit, found)


async def _find(desk: Desk, family_digest: bytes) -> Found | None:
    async with desk.database.reading() as db:
        return await records.find_family(db, family_digest)


async def _end(desk: Desk, visit: Visit, found: Found | None) -> None:
    if found is not None:
        await sign_out(desk, visit, Principal(subject=found.account, session=found.family.session))


async def _proven_key(desk: Desk, visit: Visit) -> str | None:
    proof = prove_key(desk, visit)
    if proof is None:
        return None
    async with desk.database.writing() as tx:
        await use_proof(tx, proof)
    return proof.jkt


def _is_good(desk: Desk, found: Found, digest: bytes, proven: str | None) -> bool:
    now = desk.now()
    lives = now <= last_good_moment(found.expires_at, found.ends_at)
    return lives and judge(found.family, digest, now, proven_key=proven) in ("rotate", "repeat", "superseded")
