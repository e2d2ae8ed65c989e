"""Socket tickets: a page that cannot put a token into a WebSocket's headers gets one, presents it once, and stays."""

from hashlib import sha256

from coatcheck.desk import Desk
from coatcheck.errors import NotSignedIn, SessionEnded
from coatcheck.gate.cookie import check_found
from coatcheck.secret import Secret, hash_secret, new_secret
from coatcheck.sessions import records
from coatcheck.verifier import Principal

LIVES_S = 30
_KIND = "socket_ticket"


async def issue_ticket(desk: Desk, principal: Principal) -> Secret:
    """Give a ticket that lets one socket in, within half a minute.

    Raises:
        SessionEnded: the principal has no session.
    """
    if principal.session is None:
        raise SessionEnded("a ticket is for a session")
    ticket = new_secret()
    await desk.ephemeral.put(_KIND, ticket.hashed().hex(), principal.session.encode(), ttl_ms=LIVES_S * 1000)
    return ticket


async def redeem_ticket(desk: Desk, ticket: str) -> Principal:
    """Give the principal whose ticket this is; it works once.

    Raises:
        NotSignedIn: there is no such ticket, or it was used.
        SessionEnded: its session has ended meanwhile.
    """
    session = await desk.ephemeral.take(_KIND, hash_secret(ticket).hex())
    if session is None:
        raise NotSignedIn("no socket ticket, or it was used already")
    return await check_session(desk, session.decode())


async def check_session(desk: Desk, session: str) -> Principal:
    """Give the principal of a session as it is now, from memory after the first time; looking is no use of it.

    Raises:
        SessionEnded: it has ended.
    """
    # Beside the hashes of secrets, and no secret has this one: what is hashed here is not a secret's text.
    digest = sha256(b"\0session " + session.encode()).digest()
    return await check_found(desk, digest, lambda db, now: records.find_by_id(db, session, now), is_use=False)
