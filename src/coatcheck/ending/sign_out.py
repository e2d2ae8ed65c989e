"""Sign out: end the session one is using."""

from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.sessions.end import end
from coatcheck.verifier import Principal
from coatcheck.visit import Visit


async def sign_out(desk: Desk, visit: Visit, principal: Principal) -> None:
    """End the principal's session; doing so twice is no error.

    See: ASVS 7.4.1.
    """
    session = principal.session or ""
    async with desk.database.writing() as tx:
        if await end(tx, desk, account=principal.subject, session=session):
            await record(tx, desk, visit, "sign_out.done", account=principal.subject, session=session)
