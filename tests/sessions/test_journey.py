"""The journey of a person over JSON, on every backing: sign up, confirm, sign in twice, end one session, recover."""

from datetime import timedelta

import pytest

from tests.site import PASSWORD, Site, sign_in

NEW_PASSWORD = "other words entirely now"


async def test_journey(every_site: Site) -> None:
    first, second = every_site.browser(), every_site.browser(address="198.51.100.9")
    asked = await first.post("/api/sign-up", json={"email": "Ann@Example.org", "password": PASSWORD})
    assert (asked.status_code, asked.json()) == (202, {"status": "accepted"})
    assert (await sign_in(first, "ann@example.org", PASSWORD)).json()["code"] == "invalid_credentials"

    token = await every_site.token("ann@example.org")
    body = {"token": token, "password": "not the one chosen then"}
    assert (await first.post("/api/sign-up/confirm", json=body)).json()["code"] == "invalid_credentials"
    body = {"token": token, "password": PASSWORD}
    assert (await first.post("/api/sign-up/confirm", json=body)).status_code == 204
    assert (await first.post("/api/sign-up/confirm", json=body)).status_code == 410
    assert (await first.get("/api/session")).status_code == 401, "confirming opens no session"

    for browser in (first, second):
        answer = await sign_in(browser, "ann@example.org", PASSWORD)
        assert answer.json()["status"] == "admitted", answer.text
    listed = (await first.get("/api/sessions")).json()["sessions"]
    assert len(listed) == 2
    other = next(session["id"] for session in listed if not session["current"])
    assert (await second.get("/api/session")).status_code == 200
    assert (await first.delete(f"/api/sessions/{other}")).status_code == 204
    ended = await second.get("/api/session")
    assert (ended.status_code, ended.json()["code"]) == (401, "session_ended")

    every_site.clock.advance(timedelta(minutes=1))
    await first.post("/api/recover", json={"email": "ann@example.org"})
    body = {"token": await every_site.token("ann@example.org"), "new_password": NEW_PASSWORD}
    assert (await second.post("/api/recover/new-password", json=body)).status_code == 204
    assert (await second.post("/api/recover/new-password", json=body)).status_code == 410
    assert (await first.get("/api/session")).json()["code"] == "session_ended"
    assert (await sign_in(first, "ann@example.org", PASSWORD)).status_code == 401
    assert (await sign_in(first, "ann@example.org", NEW_PASSWORD)).status_code == 200


@pytest.mark.parametrize("path", ["/account", "/account/sessions", "/admin"])
async def test_pages_lead_to_sign_in(site: Site, path: str) -> None:
    answer = await site.browser().get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?return_to={path.replace('/', '%2F')}")
