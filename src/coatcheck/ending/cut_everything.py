"""Cut everything that lets somebody into an account, or would soon, in one transaction: the one list of it.

Whoever keeps something new that lets somebody in adds its line here, and its words to `receipts/receipt.py`.
"""

from msgspec import Struct

from coatcheck.api_keys import end as api_keys
from coatcheck.desk import Desk
from coatcheck.ending import records
from coatcheck.limits import known_devices
from coatcheck.mfa import records as mfa
from coatcheck.sessions.end import end_all
from coatcheck.storage.database import Writing
from coatcheck.tokens import records as tokens
from coatcheck.upstream import records as upstream
from coatcheck.upstream.give_back import queue_givebacks_of


class Cut(Struct, frozen=True):
    """Hold what was cut.

    Args:
        counts: how many of each kind; None where the epoch voids them uncounted.
        givebacks: the providers that have to be told, by the id of what is given back to them.
    """

    counts: dict[str, int | None]
    givebacks: dict[str, str]


async def cut_everything(tx: Writing, desk: Desk, *, account: str) -> Cut:
    """Cut everything of an account; the caller holds its row and has raised its epoch, so that nothing comes after.

    See: ASVS 7.4.2, 7.4.3.
    """
    givebacks = await queue_givebacks_of(tx, desk, account=account)
    counts: dict[str, int | None] = {
        "sign_ins": None,  # tickets under an older epoch: void, wherever they wait
        "mailed_links": await records.drop_links(tx, account),
        "email_changes": await records.drop_email_changes(tx, account),
        "factor_recovery": await records.drop_waits(tx, account),
        "trusted_browsers": await mfa.remove_browsers(tx, account),
        "provider_tokens": await upstream.drop_tokens_of(tx, account),
        "tokens": await tokens.count_families(tx, account),
        "sessions": await end_all(tx, desk, account=account),
        "api_keys": await api_keys.end_all(tx, desk, owner=account),
        "known_devices": await known_devices.forget_all(tx, account),
    }
    return Cut(counts, givebacks)
