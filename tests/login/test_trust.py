"""Trust a browser at a complete sign-in: one factor will do there, for sign-ins, and nowhere else."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from msgspec import structs
from msgspec.structs import replace

from coatcheck.access.names import ADMIN
from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.audit.show import show
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.login import transactions
from coatcheck.login.admit import admit
from coatcheck.login.factors import Proof
from coatcheck.login.policy import Wanted
from coatcheck.login.sign_in import Admitted, AskedFor, MoreNeeded, SignIn
from coatcheck.login.trust import may_trust
from coatcheck.secret import new_id
from coatcheck.visit import Visit
from tests.site import FORM_TOKEN, PASSWORD, VISIT, Site, open_site, sign_in, submit

COOKIE = "__Host-coatcheck-trusted"
BY_PASSWORD, BY_APP = Proof(factor="password"), Proof(factor="totp")
TRUSTING = AskedFor(trust_device=True)


@pytest.fixture
async def trusting(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site where browsers may be trusted, and where administrators need two factors."""
    settings = {"trust_devices_for": "30d", "role_levels": ("admin = aal2",)}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in=settings) as site:
        yield site


async def with_app(site: Site, email: str = "ann@example.org") -> Account:
    """Make somebody who has an authenticator app."""
    made = await site.person(email)
    async with site.desk.database.writing() as tx:
        await accounts.set_factors(tx, made.id, {"totp"})
        found = await accounts.find(tx, made.id)
    assert found is not None
    return found


def proven(account: Account, *proofs: Proof, asked_for: AskedFor = TRUSTING, session: str = "") -> SignIn:
    given = proofs or (BY_PASSWORD, BY_APP)
    named = {"id": new_id("sgn_"), "account": account.id, "epoch": account.epoch, "session": session}
    return SignIn(**named, proofs=given, asked_for=asked_for)  # type: ignore[arg-type]


async def trusted(site: Site, account: Account) -> Visit:
    """Sign in with two factors and trust the browser; visit with its cookie."""
    admitted = await admit(site.desk, VISIT, proven(account), None)
    assert isinstance(admitted, Admitted)
    assert admitted.trusted_device is not None
    return structs.replace(VISIT, trusted=admitted.trusted_device.reveal())


async def by_password(site: Site, visit: Visit, account: Account, **more: AskedFor | str) -> Admitted | MoreNeeded:
    return await admit(site.desk, visit, proven(account, BY_PASSWORD, **more), None)  # type: ignore[arg-type]


async def test_one_factor_will_do(trusting: Site) -> None:
    ann = await with_app(trusting)
    visit = await trusted(trusting, ann)
    assert isinstance(await by_password(trusting, VISIT, ann), MoreNeeded), "elsewhere nothing has changed"
    admitted = await by_password(trusting, visit, ann)
    assert isinstance(admitted, Admitted)
    assert (admitted.session.acr, admitted.session.amr) == ("aal1", ("pwd",))
    because = (await show(trusting.desk, account=ann.id, event="sign_in.done"))[0].details["because"]
    assert "this browser is trusted" in str(because)


async def test_one_factor_gives_no_trust_that_goes_on_and_on(trusting: Site) -> None:
    ann = await with_app(trusting)
    visit = await trusted(trusting, ann)
    admitted = await by_password(trusting, visit, ann)
    assert isinstance(admitted, Admitted)
    assert admitted.trusted_device is None


async def test_not_for_a_step_up(trusting: Site) -> None:
    ann = await with_app(trusting)
    visit = await trusted(trusting, ann)
    opened = await by_password(trusting, visit, ann)
    assert isinstance(opened, Admitted)
    raised = await by_password(trusting, visit, ann, session=opened.session.id)
    assert isinstance(raised, MoreNeeded)
    assert "totp" in raised.options


async def test_not_where_two_factors_are_asked_for(trusting: Site) -> None:
    ann = await with_app(trusting)
    visit = await trusted(trusting, ann)
    asked = AskedFor(wanted=Wanted(acr="aal2"))
    assert isinstance(await by_password(trusting, visit, ann, asked_for=asked), MoreNeeded)
    await create_role(trusting.desk, Visit(), role=ADMIN, permissions=[], actor="operator")
    await grant_role(trusting.desk, Visit(), account=ann.id, role=ADMIN, actor="operator")
    async with trusting.desk.database.reading() as db:
        changed = await accounts.find(db, ann.id)
    assert changed is not None
    visit = await trusted(trusting, changed)  # what was trusted before the role is not any more
    assert isinstance(await by_password(trusting, visit, changed), MoreNeeded), "the role asks for aal2"


async def test_a_trust_that_was_not_asked_for_is_not_given(trusting: Site) -> None:
    ann = await with_app(trusting)
    admitted = await admit(trusting.desk, VISIT, proven(ann, asked_for=AskedFor()), None)
    assert isinstance(admitted, Admitted)
    assert admitted.trusted_device is None


async def test_off_by_default(site: Site) -> None:
    ann = await with_app(site)
    admitted = await admit(site.desk, VISIT, proven(ann), None)
    assert isinstance(admitted, Admitted)
    assert admitted.trusted_device is None


async def end_all(site: Site, account: Account) -> None:
    await end_sessions(site.desk, VISIT, account=account.id, actor=account.id)


async def remove_factor(site: Site, account: Account) -> None:
    async with site.desk.database.writing() as tx:
        await accounts.set_factors(tx, account.id, {"totp", "backup_code"})


async def lock_and_unlock(site: Site, account: Account) -> None:
    await lock_account(site.desk, VISIT, account=account.id, actor="operator")
    await unlock_account(site.desk, VISIT, account=account.id, actor="operator")


@pytest.mark.parametrize("change", [end_all, remove_factor, lock_and_unlock])
async def test_void_when_what_it_rests_on_changes(
    trusting: Site, change: Callable[[Site, Account], Awaitable[None]]
) -> None:
    ann = await with_app(trusting)
    visit = await trusted(trusting, ann)
    await change(trusting, ann)
    async with trusting.desk.database.reading() as db:
        now = await accounts.find(db, ann.id)
    assert now is not None
    assert isinstance(await by_password(trusting, visit, now), MoreNeeded)


async def test_is_written_down_and_mailed(trusting: Site) -> None:
    ann = await with_app(trusting)
    await trusted(trusting, ann)
    events = [entry.event for entry in await show(trusting.desk, account=ann.id)]
    assert events[:2] == ["trust.given", "sign_in.done"] or set(events[:2]) == {"trust.given", "sign_in.done"}
    [mail] = await trusting.mails("ann@example.org")
    assert "trusted by your account" in mail.subject


async def test_offered_only_where_it_would_spare_a_step(trusting: Site) -> None:
    ann = await with_app(trusting)
    half = proven(ann, BY_PASSWORD)
    assert await may_trust(trusting.desk, VISIT, half)
    assert not await may_trust(trusting.desk, VISIT, replace(half, session="ses_any"))
    assert not await may_trust(trusting.desk, VISIT, replace(half, proofs=()))
    wanting = replace(half, asked_for=AskedFor(wanted=Wanted(acr="aal2")))
    assert not await may_trust(trusting.desk, VISIT, wanting)
    await create_role(trusting.desk, Visit(), role=ADMIN, permissions=[], actor="operator")
    await grant_role(trusting.desk, Visit(), account=ann.id, role=ADMIN, actor="operator")
    assert not await may_trust(trusting.desk, VISIT, half), "it would be asked for again all the same"


async def test_the_page_offers_it(trusting: Site) -> None:
    await with_app(trusting)
    browser = trusting.browser()
    step = await submit(browser, "/sign-in", "/sign-in", identifier="ann@example.org", password=PASSWORD)
    shown = await browser.get(step.headers["location"])
    assert "Trust this browser for 30 days" in shown.text


async def test_the_page_takes_it(trusting: Site) -> None:
    """The app's code was proven first here, so that the password, which every site has, is the last step."""
    ann = await with_app(trusting)
    browser = trusting.browser()
    form = FORM_TOKEN.search((await browser.get("/sign-in")).text)
    assert form is not None
    visit = Visit(browser=browser.cookies["__Host-coatcheck-browser"])
    half = replace(proven(ann, BY_APP, asked_for=AskedFor()), in_pages=True)
    step = await transactions.hold(trusting.desk, visit, half, ("password",))
    fields = {"sign_in": step.sign_in, "factor": "password", "password": PASSWORD, "form_token": form[1]}
    done = await browser.post("/sign-in/code", data={**fields, "trust_device": "true"})
    assert done.status_code == 303
    [line] = [line for line in done.headers.get_list("set-cookie") if line.startswith(f"{COOKIE}=")]
    assert "Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict; Secure" in line
    await browser.get("/account")
    assert (await signed_in_again(browser)).json()["status"] == "admitted"
    del browser.cookies[COOKIE]
    assert (await signed_in_again(browser)).json()["status"] == "more_needed"


async def signed_in_again(browser: httpx.AsyncClient) -> httpx.Response:
    return await sign_in(browser, "ann@example.org", PASSWORD)


async def test_a_call_may_ask_for_it_at_the_start(trusting: Site) -> None:
    ann = await with_app(trusting)
    begun = (await sign_in(trusting.browser(), "ann@example.org", PASSWORD, trust_device=True)).json()
    held = await transactions.look(trusting.desk, begun["sign_in"], begun["continuation"])
    done = await admit(trusting.desk, VISIT, replace(held, proofs=(*held.proofs, BY_APP)), None)
    assert isinstance(done, Admitted)
    assert done.trusted_device is not None
    assert done.session.account == ann.id
