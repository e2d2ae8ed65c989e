"""Ann has second factors and loses them: how far a recovery of them has come."""

import re
from datetime import timedelta

import httpx
from sqlalchemy import Table, func, insert, select

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.desk import Desk
from coatcheck.login.admit import admit
from coatcheck.login.factors import Proof
from coatcheck.login.prove import Step
from coatcheck.login.sign_in import Admitted, SignIn
from coatcheck.recovery.begin_wait import begin_wait
from coatcheck.recovery.lost_factors import ask_for_factor_recovery
from coatcheck.recovery.notices import FactorNotices
from coatcheck.secret import new_id, random_bytes
from coatcheck.storage.tables.mfa import backup_codes, factor_recoveries, totp_secrets, trusted_devices
from coatcheck.storage.tables.passkeys import passkeys
from tests.site import PASSWORD, VISIT, Site, sign_in

ANN = "ann@example.org"
WAIT = timedelta(days=3)
HALF = WAIT / 2
A_SECOND = timedelta(seconds=1)
FACTORS = ("backup_code", "passkey", "totp")
APP = ("backup_code", "totp")
UNTOUCHED = [1, 1, 1, 1]
KEPT: tuple[Table, ...] = (totp_secrets, backup_codes, passkeys, trusted_devices)


async def enrolled(
    site: Site, email: str = ANN, *, password: str | None = PASSWORD, factors: tuple[str, ...] = FACTORS
) -> Account:
    """Make an account that has every second factor, and trusts a browser."""
    person = await site.person(email, password)
    await enrol(site.desk, person, factors)
    return await as_now(site, person)


async def as_now(site: Site, account: Account) -> Account:
    """Give an account as it is now."""
    async with site.desk.database.reading() as db:
        found = await accounts.find(db, account.id)
    assert found is not None
    return found


async def enrol(desk: Desk, person: Account, factors: tuple[str, ...] = FACTORS) -> None:
    """Give an account every second factor, and a browser that it trusts."""
    now = desk.now()
    of_hers = {"account": person.id, "created_at": now}
    key = {
        "id": new_id("key_"), "credential_id": random_bytes(16), "public_key": random_bytes(64), "name": "Key",
        "sign_count": 0, "backup_eligible": False, "backed_up": False, "verifies": True,
        "aaguid": "", "transports": "usb", **of_hers,
    }  # fmt: skip
    device = {
        "id": new_id("dev_"), "token_hash": random_bytes(32), "epoch": 1, "expires_at": now + 10**10,
        "address": "203.0.113.7", "user_agent": "Firefox", **of_hers,
    }  # fmt: skip
    async with desk.database.writing() as tx:
        await accounts.lock(tx, person.id)
        await tx.execute(insert(totp_secrets).values(sealed=random_bytes(60), last_step=0, **of_hers))
        await tx.execute(insert(backup_codes).values(code_mac=random_bytes(32), **of_hers))
        await tx.execute(insert(passkeys).values(**key))
        await tx.execute(insert(trusted_devices).values(**device))
        await accounts.set_factors(tx, person.id, factors)


async def rows_kept(site: Site) -> list[int]:
    """Count what is kept of second factors, table by table."""
    async with site.desk.database.reading() as db:
        counts = [await db.execute(select(func.count()).select_from(table)) for table in KEPT]
        return [int(count.scalar_one()) for count in counts]


async def is_waiting(site: Site) -> bool:
    """Tell whether a recovery waits, or is kept from beginning."""
    async with site.desk.database.reading() as db:
        return (await db.execute(select(factor_recoveries.c.account))).first() is not None


async def stopped(site: Site, browser: httpx.AsyncClient | None = None, password: str = PASSWORD) -> Step:
    """Sign in by the password, up to where a second factor is asked for."""
    answer = (await sign_in(browser or site.browser(), ANN, password)).json()
    assert answer["status"] == "more_needed", answer
    return Step(answer["sign_in"], answer["continuation"])


async def fully_in(site: Site, account: Account) -> Admitted:
    """Open a session by a password and a code."""
    proofs = (Proof(factor="password"), Proof(factor="totp"))
    whole = SignIn(id=new_id("sgn_"), account=account.id, epoch=account.epoch, proofs=proofs)
    admitted = await admit(site.desk, VISIT, whole, None)
    assert isinstance(admitted, Admitted)
    return admitted


async def asked(site: Site) -> str:
    """Report that every second factor is lost; give the token of the link that begins the wait."""
    site.clock.advance(A_SECOND)  # so that this mail is newer than those before
    await ask_for_factor_recovery(site.desk, VISIT, await stopped(site))
    site.clock.advance(A_SECOND)
    return await mailed(site, "begin")


async def begun(site: Site) -> str:
    """Begin the wait; give the token of the link that calls it off."""
    await begin_wait(site.desk, VISIT, token=await asked(site))
    return await mailed(site, "call-off")


async def due(site: Site) -> str:
    """Wait until the recovery is due; give the token of the link that finishes it."""
    await begun(site)
    for _ in range(2):
        site.clock.advance(HALF)
        await tell(site)
    return await mailed(site, "finish")


async def tell(site: Site) -> int:
    """Look once for owners to be told, as the process does each minute."""
    return await FactorNotices(site.desk).turn()


async def mailed(site: Site, leads_to: str) -> str:
    """Give the token of the newest mail that has a link of a kind."""
    for mail in await site.mails(ANN):
        found = re.search(rf"/recover/factors/{leads_to}\?token=([\w-]+)", mail.text)
        if found:
            return found[1]
    raise AssertionError(f"no mail leads to {leads_to}")
