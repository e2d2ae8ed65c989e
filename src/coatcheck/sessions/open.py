"""Open a session. Only `login.admit` may call this: a house test fails on a second caller."""

from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.revocation import indices
from coatcheck.secret import Secret, new_id, new_secret
from coatcheck.sessions import records
from coatcheck.sessions.session import Presented, Session, lifetime
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit


async def open_session(
    tx: Writing,
    desk: Desk,
    visit: Visit,
    *,
    account: str,
    acr: str,
    amr: tuple[str, ...],
    presented_as: Presented,
    remember_me: bool,
) -> tuple[Session, Secret]:
    """Open a session in a transaction that holds the account's row; give it with its secret, which is stored hashed.

    See: NIST SP 800-63B-4 section 5.1; ASVS 7.2.
    """
    now = desk.now()
    idle, in_all = lifetime(desk.settings.sessions, presented_as, remember_me=remember_me)
    session = Session(
        id=new_id("ses_"),
        account=account,
        presented_as=presented_as,
        remember_me=remember_me,
        created_at=now,
        last_seen=now,
        idle_for=millis(idle),
        expires_at=now + millis(idle),
        ends_at=now + millis(in_all),
        auth_time=now,
        acr=acr,
        amr=amr,
        address=visit.address,
        user_agent=visit.user_agent,
    )
    secret = new_secret()
    records.insert_session(tx, session, secret.hashed())
    await indices.allocate(tx, owner=session.id, account=account, live_until=session.ends_at)
    return session, secret
