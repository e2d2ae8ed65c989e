"""Trusted browsers: each was trusted at a complete sign-in, so that one factor will do there for a while.

A trust rests on what a sign-in rests on: under another epoch of its account it is gone. It spares a sign-in its second
factor and nothing else; the policy says where.
"""

from coatcheck.accounts.account import Account
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.mfa import records
from coatcheck.mfa.records import TrustedBrowser
from coatcheck.secret import Secret, hash_secret, new_id, new_secret
from coatcheck.storage.database import Reading, Writing
from coatcheck.visit import Visit


async def trust(tx: Writing, desk: Desk, visit: Visit, account: Account) -> Secret:
    """Trust the visiting browser for an account, whose row the caller holds; give the value of its cookie.

    Whatever trust the browser had for the account makes room.
    """
    now, token = desk.now(), new_secret()
    if visit.trusted:
        await records.remove_token(tx, hash_secret(visit.trusted), account.id)
    browser = TrustedBrowser(
        id=new_id("trb_"),
        created_at=now,
        expires_at=now + millis(desk.settings.sign_in.trust_devices_for),
        address=visit.address,
        user_agent=visit.user_agent,
    )
    await records.add_browser(tx, browser, token.hashed(), account.id, account.epoch)
    return token


async def is_trusted_in(db: Reading, desk: Desk, visit: Visit, account: Account) -> bool:
    """Tell whether the visiting browser is trusted for an account as it is now, as a transaction sees it."""
    if not visit.trusted:
        return False
    since = _since(desk)
    return await records.is_live(db, hash_secret(visit.trusted), account.id, account.epoch, now=desk.now(), since=since)


async def list_trusted(db: Reading, desk: Desk, account: Account) -> list[TrustedBrowser]:
    """List the browsers that an account trusts, the newest first."""
    return await records.list_browsers(db, account.id, account.epoch, now=desk.now(), since=_since(desk))


def _since(desk: Desk) -> int:
    """Give since when a trust must be to count: what is given for longer than the setting allows by now, does not."""
    return desk.now() - millis(desk.settings.sign_in.trust_devices_for)
