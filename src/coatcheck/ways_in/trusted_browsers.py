"""The browsers that one's account trusts: list them, and end the trust of one or of all.

It only takes away, so no fresh proof is asked for: whoever is signed in may make the account safer.
"""

from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import NotFound, SessionEnded
from coatcheck.mfa import records
from coatcheck.mfa.records import TrustedBrowser
from coatcheck.mfa.trusted import list_trusted
from coatcheck.verifier import Principal
from coatcheck.visit import Visit


async def own_trusted_browsers(desk: Desk, principal: Principal) -> list[TrustedBrowser]:
    """List the browsers that the signed-in account trusts, the newest first.

    Raises:
        SessionEnded: the account is gone.
    """
    async with desk.database.reading() as db:
        account = await accounts.find(db, principal.subject)
        if account is None:
            raise SessionEnded("the account is gone")
        return await list_trusted(db, desk, account)


async def end_trust(desk: Desk, visit: Visit, principal: Principal, *, browser: str) -> None:
    """End the trust of one browser: when this returns, its next sign-in takes what every other takes.

    The door holds the account's row while it looks whether a browser is trusted, and so does this.

    Raises:
        NotFound: the account trusts no such browser.
    """
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, principal.subject)
        if held is None or not await records.remove_browser(tx, held.id, browser):
            raise NotFound("no such trusted browser")
        await record(tx, desk, visit, "trust.ended", account=held.id, session=principal.session)


async def end_all_trust(desk: Desk, visit: Visit, principal: Principal) -> None:
    """End the trust of every browser.

    Raises:
        SessionEnded: the account is gone.
    """
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, principal.subject)
        if held is None:
            raise SessionEnded("the account is gone")
        count = await records.remove_browsers(tx, held.id)
        details = {"browsers": count}
        await record(tx, desk, visit, "trust.ended_all", account=held.id, session=principal.session, details=details)
