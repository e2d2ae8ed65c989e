"""Attack 113: CVE-2026-27946 and CVE-2026-54693, Zitadel: users mark their own address verified.

Whoever may say of an address that it is theirs can take any. Here an account's address is only ever one whose mailed
link was followed: there is no field that says so, unknown fields are refused, and a new address counts from its link
on.
"""

from sqlalchemy import select

from coatcheck.storage.tables.accounts import accounts
from tests.site import PASSWORD, Site, sign_in, submit

CLAIMS = (
    "verified",
    "email_verified",
    "is_verified",
    "confirmed",
    "status",
    "is_active",
    "epoch",
    "roles",
    "id",
    "account",
)
BODIES = {
    "/api/sign-up": {"email": "victim@example.org", "password": PASSWORD},
    "/api/account/email": {"new_email": "victim@example.org", "password": PASSWORD},
    "/api/account/password": {"password": PASSWORD, "new_password": "other words entirely now"},
}


async def addresses(site: Site) -> list[str]:
    async with site.desk.database.reading() as db:
        return [row[0] for row in await db.execute(select(accounts.c.email).order_by(accounts.c.email))]


async def test_a_claim_is_refused(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    for path, body in BODIES.items():
        for claim in CLAIMS:
            answer = await browser.post(path, json={**body, claim: True})
            assert (answer.status_code, list(answer.json()["fields"])) == (422, [claim]), path
    assert await addresses(site) == ["ann@example.org"]
    assert await site.mails() == []


async def test_a_claim_in_a_form_says_nothing(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    claims = dict.fromkeys(CLAIMS, "true")
    await submit(browser, "/account", "/account/email", password=PASSWORD, new_email="victim@example.org", **claims)
    await submit(site.browser(), "/sign-up", "/sign-up", email="other@example.org", password=PASSWORD, **claims)
    assert await addresses(site) == ["ann@example.org"]


async def test_a_new_address_counts_from_its_link_on(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    body = {"new_email": "victim@example.org", "password": PASSWORD}
    assert (await browser.post("/api/account/email", json=body)).status_code == 202
    assert (await browser.get("/api/session")).json()["account"]["email"] == "ann@example.org"
    assert (await sign_in(site.browser(), "victim@example.org", PASSWORD)).status_code == 401
    for method in ("PUT", "PATCH", "POST"):
        answer = await browser.request(method, "/api/session", json={"email_verified": True})
        assert answer.status_code in (404, 405)
    token = await site.token("victim@example.org")
    assert (await browser.post("/api/account/email/confirm", json={"token": token})).status_code == 204
    assert await addresses(site) == ["victim@example.org"]


async def test_signing_up_makes_no_account_before_its_link(site: Site) -> None:
    await site.browser().post("/api/sign-up", json=BODIES["/api/sign-up"])
    assert await addresses(site) == []
    assert (await sign_in(site.browser(), "victim@example.org", PASSWORD)).status_code == 401
