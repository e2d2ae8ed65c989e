"""Tell an owner by mail what changed about how they sign in: one letter for every such change."""

from coatcheck.accounts.account import Account
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.http.pages import mail_text
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit


async def notice(tx: Writing, desk: Desk, visit: Visit, account: Account, what: str, more: str = "") -> None:
    """Write to an account's owner, in the transaction of the change; without an address nobody is told.

    Args:
        what: the change in a few words, which the name of the site goes on: `A passkey was added`.
        more: what else there is to know of it, in sentences.

    See: ASVS 6.3.7.
    """
    if not account.email:
        return
    message = mail_text(
        desk.settings,
        "login/changed.txt",
        to=account.email,
        base_url=visit.base_url,
        what=what,
        more=more,
        has_passwords=desk.settings.passwords.enabled,
    )
    await post(tx, desk, message, asked_by_stranger=False)
