"""People with authenticator apps: enrolled at once, and brought to where a code is asked for."""

import base64
from dataclasses import dataclass, field

import httpx

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.login.admit import admit
from coatcheck.login.enrol_totp import enrol_totp
from coatcheck.login.prove import Step
from coatcheck.login.sign_in import Admitted, SignIn
from coatcheck.login.transactions import hold
from coatcheck.login.with_totp import TOTP
from coatcheck.mfa.totp import code_at, new_key, step_of
from coatcheck.secret import new_id
from coatcheck.visit import Visit
from tests.site import PASSWORD, PROVEN, VISIT, Site, proven, sign_in


@dataclass(frozen=True)
class Person:
    """Hold a person with an app and backup codes.

    Args:
        account: as it is since the enrolment.
    """

    account: Account
    key: bytes = field(repr=False)
    backup_codes: tuple[str, ...] = field(repr=False)

    def code(self, site: Site, *, later: int = 0) -> str:
        """Give what the app shows now, or so many steps later."""
        return code_at(self.key, step_of(site.clock.now()) + later)


async def with_app(site: Site, email: str = "ann@example.org", **account: str | None) -> Person:
    """Make a person who set up an app a day ago, so that no code of now is used."""
    made, key = await site.person(email, **account), new_key()
    async with site.desk.database.writing() as tx:
        held = await accounts.lock(tx, made.id)
        assert held is not None
        yesterday = step_of(site.clock.now()) - 2880
        codes = await enrol_totp(tx, site.desk, VISIT, held, key, yesterday)
        changed = await accounts.find(tx, made.id)
        assert changed is not None
    return Person(changed, key, codes)


async def at_the_code(site: Site, account: Account, visit: Visit = VISIT, *options: str) -> Step:
    """Bring a person to where a code is asked for, the password being right."""
    held = await hold(site.desk, visit, proven(account), options or ("totp", "backup_code"))
    return Step(held.sign_in, held.continuation.reveal())


async def signed_in(site: Site, person: Person, password: str = PASSWORD) -> httpx.AsyncClient:
    """Open a browser and sign in by password and code."""
    browser = site.browser()
    waiting = (await sign_in(browser, person.account.email or "", password)).json()
    body = {"continuation": waiting["continuation"], "code": person.code(site)}
    answer = await browser.post(f"/api/sign-in/{waiting['sign_in']}/totp", json=body)
    assert answer.status_code == 200, answer.text
    return browser


async def let_in(site: Site, account: Account) -> Admitted:
    """Open a session by the one door, as a right password and code do."""
    both = SignIn(id=new_id("sgn_"), account=account.id, epoch=account.epoch, proofs=(PROVEN, TOTP))
    admitted = await admit(site.desk, VISIT, both, None)
    assert isinstance(admitted, Admitted)
    return admitted


def key_in(secret: str) -> bytes:
    """Read a key that is typed into an app, as the app does."""
    return base64.b32decode(secret + "=" * (-len(secret) % 8))
