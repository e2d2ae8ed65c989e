"""One's own passkeys, and what a browser tells its devices of them."""

from typing import Any

from msgspec import Struct

from coatcheck.accounts import records as accounts
from coatcheck.desk import Desk
from coatcheck.errors import SessionEnded
from coatcheck.passkeys import records
from coatcheck.passkeys.options import b64url, user_handle
from coatcheck.passkeys.passkey import Passkey
from coatcheck.passkeys.rp import has_passkeys, relying_party
from coatcheck.verifier import Principal
from coatcheck.visit import Visit


class OwnPasskeys(Struct, frozen=True):
    """Hold an account's passkeys, oldest first.

    Args:
        signals: what `PublicKeyCredential.signal…` takes, so that devices drop keys that were removed and show the
            name that the account has now; None where this machine is visited by an address.
    """

    passkeys: list[Passkey]
    signals: dict[str, Any] | None


async def own_passkeys(desk: Desk, visit: Visit, principal: Principal) -> OwnPasskeys:
    """List the passkeys of the signed-in account.

    Raises:
        SessionEnded: the account is gone.

    See: WebAuthn section 5.1.10 (signals).
    """
    async with desk.database.reading() as db:
        account, own = await accounts.find(db, principal.subject), await records.list_of(db, principal.subject)
    if account is None:
        raise SessionEnded("the account is gone")
    if not has_passkeys(desk.settings, visit.base_url):
        return OwnPasskeys(own, None)
    name = account.email or account.username or account.id
    signals = {
        "rpId": relying_party(desk.settings, visit.base_url).id,
        "userId": b64url(user_handle(account.id)),
        "allAcceptedCredentialIds": [b64url(each.credential_id) for each in own],
        "name": name,
        "displayName": account.username or name,
    }
    return OwnPasskeys(own, signals)
