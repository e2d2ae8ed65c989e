"""Replace a session's secret at once: the old one is dead when this commits."""

from coatcheck.desk import Desk
from coatcheck.revocation import log
from coatcheck.revocation.event import Event
from coatcheck.secret import Secret, new_secret
from coatcheck.sessions import records
from coatcheck.sessions.session import Session
from coatcheck.storage.database import Writing


async def renew_secret(tx: Writing, desk: Desk, session: Session) -> Secret:
    """Give a session a new secret, as after a password change; its level stays."""
    secret = new_secret()
    await records.replace_secret(tx, session, secret.hashed(), former_until=None)
    log.announce(tx, desk, Event("moved", session.account, session.id))
    return secret
