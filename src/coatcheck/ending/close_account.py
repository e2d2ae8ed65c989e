"""Close an account: its sessions and API keys end, and what names the person is erased."""

from coatcheck.access import records as access
from coatcheck.accounts import records as accounts
from coatcheck.api_keys import end as api_keys
from coatcheck.audit.erase import erase
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.ending.receipts import records as receipts
from coatcheck.ending.remove_factors import remove_factors
from coatcheck.errors import NotFound
from coatcheck.http.pages import mail_text
from coatcheck.limits import known_devices
from coatcheck.passwords import records as passwords
from coatcheck.sessions.end import end_all
from coatcheck.tokens import records as tokens
from coatcheck.upstream import records as upstream
from coatcheck.upstream.give_back import queue_givebacks_of
from coatcheck.visit import Visit


async def close_account(desk: Desk, visit: Visit, *, account: str, actor: str) -> None:
    """Close an account for good; whoever calls this has made sure that its owner means it.

    Raises:
        NotFound: there is no such account, or it is closed already.

    See: ASVS 7.4.2 (sessions end when an account does).
    """
    async with desk.database.writing() as tx:
        closing = await accounts.lock(tx, account)
        if closing is None or closing.status == "closed":
            raise NotFound("no such account")
        await accounts.raise_epoch(tx, account)
        ended = await end_all(tx, desk, account=account)
        revoked = await api_keys.end_all(tx, desk, owner=account)
        await passwords.remove(tx, account)
        await remove_factors(tx, account)
        await queue_givebacks_of(tx, desk, account=account)
        await upstream.remove_all(tx, account)
        await tokens.remove_share_key(tx, account)
        await access.unassign_all(tx, account)
        await known_devices.forget_all(tx, account)
        await receipts.forget_all(tx, account)
        await accounts.set_status(tx, account, "closed")
        details = {"sessions": ended, "api_keys": revoked}
        await record(tx, desk, visit, "account.closed", account=account, actor=actor, details=details)
        await erase(tx, account)
        if closing.email:
            message = mail_text(desk.settings, "my_account/closed.txt", to=closing.email, base_url=visit.base_url)
            await post(tx, desk, message, asked_by_stranger=False)
