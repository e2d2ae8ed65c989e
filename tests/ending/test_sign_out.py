"""Signing out: here or everywhere, over JSON and over the page."""

from coatcheck.audit.show import show
from coatcheck.ending.sign_out import sign_out
from coatcheck.gate.cookie import check_cookie
from coatcheck.verifier import Principal
from tests.attacks.census import row_counts
from tests.site import VISIT, Site, submit


async def test_sign_out(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    cookie = browser.cookies["__Host-coatcheck"]
    answer = await browser.post("/api/sign-out")
    assert answer.status_code == 204
    assert "__Host-coatcheck=; Max-Age=0" in answer.headers["set-cookie"]
    thief = site.browser(headers={"cookie": f"__Host-coatcheck={cookie}"})
    assert (await thief.get("/api/session")).json()["code"] == "session_ended"
    assert (await browser.post("/api/sign-out")).status_code == 204, "twice is no error"


async def test_sign_out_everywhere(site: Site) -> None:
    await site.person()
    here, elsewhere = await site.signed_in(), await site.signed_in()
    assert (await here.post("/api/sign-out", json={"everywhere": True})).status_code == 204
    assert (await elsewhere.get("/api/session")).json()["code"] == "session_ended"


async def test_sign_out_over_the_page(site: Site) -> None:
    await site.person()
    here, elsewhere = await site.signed_in(), await site.signed_in()
    answer = await submit(here, "/sign-out", "/sign-out", everywhere="true")
    assert answer.status_code == 200
    assert (await elsewhere.get("/api/session")).status_code == 401


async def test_ends_this_session_alone_and_is_written_once(site: Site) -> None:
    ann = await site.person(password=None)
    here, elsewhere = await site.let_in(ann), await site.let_in(ann)
    principal = await check_cookie(site.desk, here.secret.reveal())
    for _ in range(2):
        await sign_out(site.desk, VISIT, principal)
    assert (await check_cookie(site.desk, elsewhere.secret.reveal())).session == elsewhere.session.id
    entries = await show(site.desk, event="sign_out.done")
    assert [(entry.account, entry.session) for entry in entries] == [(ann.id, here.session.id)]


async def test_another_accounts_session_is_not_ended(site: Site) -> None:
    ann, ben = await site.person(password=None), await site.person("ben@example.org", None)
    admitted = await site.let_in(ben)
    before = await row_counts(site)
    await sign_out(site.desk, VISIT, Principal(subject=ann.id, session=admitted.session.id))
    await sign_out(site.desk, VISIT, Principal(subject=ben.id))
    assert await row_counts(site) == before
