"""A sign-in begun by a name alone: the same for every name, and continued once."""

from datetime import timedelta

from tests.site import PASSWORD, Site


async def test_a_begun_sign_in_is_the_same_for_everybody(site: Site) -> None:
    await site.person()
    answers = []
    for name in ("ann@example.org", "nobody@example.org"):
        begun = (await site.browser().post("/api/sign-in", json={"identifier": name})).json()
        answers.append({key: value for key, value in begun.items() if key not in ("sign_in", "continuation")})
    assert answers[0] == answers[1]
    assert answers[0]["options"] == ["password"]


async def test_a_continuation_works_once_and_runs_out(site: Site) -> None:
    await site.person()
    browser = site.browser()
    begun = (await browser.post("/api/sign-in", json={"identifier": "ann@example.org"})).json()
    path, body = f"/api/sign-in/{begun['sign_in']}/password", {"continuation": begun["continuation"]}
    assert (await browser.post(f"{path}x", json={**body, "password": PASSWORD})).status_code in (404, 410, 422)
    begun = (await browser.post("/api/sign-in", json={"identifier": "ann@example.org"})).json()
    path, body = f"/api/sign-in/{begun['sign_in']}/password", {"continuation": begun["continuation"]}
    assert (await browser.post(path, json={**body, "password": PASSWORD})).json()["status"] == "admitted"
    assert (await browser.post(path, json={**body, "password": PASSWORD})).json()["code"] == "sign_in_gone"
    begun = (await browser.post("/api/sign-in", json={"identifier": "ann@example.org"})).json()
    site.clock.advance(timedelta(minutes=10, seconds=1))
    path = f"/api/sign-in/{begun['sign_in']}/password"
    late = await browser.post(path, json={"continuation": begun["continuation"], "password": PASSWORD})
    assert late.json()["code"] == "sign_in_gone"
