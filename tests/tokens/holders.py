"""People who hold tokens, let in by the one door without the time that hashing takes, and what they do with them."""

from dataclasses import dataclass
from typing import Any

import msgspec

from coatcheck.accounts.account import Account
from coatcheck.audit.show import show
from coatcheck.errors import NotSignedIn
from coatcheck.gate.bearer import check_bearer
from coatcheck.login.present import Tokens
from coatcheck.login.refresh import refresh
from coatcheck.login.sign_in import AskedFor
from coatcheck.secret import Secret
from coatcheck.sessions import records as sessions
from coatcheck.sessions.session import Presented
from coatcheck.tokens.access_token import make_access_token
from coatcheck.verifier import Principal
from tests.keys.checking import parts_of
from tests.site import ORIGIN, VISIT, Site


@dataclass(frozen=True)
class Held:
    """Hold the tokens of one sign-in.

    Args:
        session: whose they are.
        access: as it is presented.
        refresh: as it is presented.
    """

    session: str
    access: str
    refresh: str


async def let_in(
    site: Site,
    account: Account,
    *,
    present: Presented = "tokens",
    audience: str | None = None,
    remember_me: bool = False,
) -> Held:
    """Let somebody in who asked for tokens."""
    asked_for = AskedFor(present=present, audience=audience, remember_me=remember_me)
    admitted = await site.let_in(account, asked_for=asked_for)
    assert admitted.refresh_token is not None
    access = await make_access_token(site.desk, session=admitted.session.id, issuer=ORIGIN, audience=audience)
    return Held(admitted.session.id, access.text, admitted.refresh_token.reveal())


async def refreshed(site: Site, token: str | Secret, audience: str | None = None) -> Held:
    """Refresh by a token; give what came of it."""
    shown = token.reveal() if isinstance(token, Secret) else token
    given: Tokens = await refresh(site.desk, VISIT, refresh_token=shown, audience=audience)
    return Held(given.access.facts.id, given.access.text, given.refresh_token.reveal())


async def is_good(site: Site, access: str) -> bool:
    """Tell whether our gate lets an access token in."""
    return await principal(site, access) is not None


async def principal(site: Site, access: str) -> Principal | None:
    """Give whom an access token speaks for; None where it is refused."""
    try:
        return await check_bearer(site.desk, access)
    except NotSignedIn:
        return None


async def is_alive(site: Site, session: str) -> bool:
    """Tell whether there is such a session."""
    async with site.desk.database.reading() as db:
        return await sessions.get(db, session) is not None


async def events(site: Site, account: Account) -> list[str]:
    """List what the audit trail has of somebody, newest first."""
    return [entry.event for entry in await show(site.desk, account=account.id)]


def claims_of(access: str) -> dict[str, Any]:
    """Read what a token says, without a check."""
    claims: dict[str, Any] = msgspec.json.decode(parts_of(access)[1])
    return claims
