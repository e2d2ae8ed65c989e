"""Signing out: here or everywhere, over JSON and over the page."""

from tests.site import Site, submit


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
