"""Give a session the level of a new proof. Only `login.admit` may call this: a house test sees to it."""

from msgspec.structs import replace

from coatcheck.desk import Desk
from coatcheck.revocation import indices, log
from coatcheck.revocation.event import Event
from coatcheck.secret import Secret, new_secret
from coatcheck.sessions import records
from coatcheck.sessions.session import Session
from coatcheck.storage.database import Writing

FORMER_WORKS_MS = 10_000


async def raise_level(
    tx: Writing, desk: Desk, session: Session, *, acr: str, amr: tuple[str, ...]
) -> tuple[Session, Secret]:
    """Give a session its new level and a new secret; the old one works ten seconds more, at its old level.

    It is what was proven now, and nothing of before: else an old passkey and a fresh password would pass together for a
    fresh passkey.

    The ten seconds let requests that are under way end well; nothing they carry gains by the new proof. Tokens of
    before are refused and refreshed: the next ones say what is true.

    See: ASVS 7.2.4 (a new session token on authentication).
    """
    raised = replace(session, acr=acr, amr=amr, auth_time=desk.now())
    secret = new_secret()
    await records.replace_secret(tx, raised, secret.hashed(), desk.now() + FORMER_WORKS_MS)
    if session.presented_as == "cookie":
        log.announce(tx, desk, Event("moved", session.account, session.id))
    else:
        await indices.move_owner(tx, desk, owner=session.id, account=session.account, live_until=session.ends_at)
    return raised, secret
