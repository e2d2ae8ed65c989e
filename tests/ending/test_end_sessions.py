"""Ending sessions: one, the others or all, and never another person's."""

from tests.site import Site, submit


async def test_end_the_others(site: Site) -> None:
    await site.person()
    here, elsewhere = await site.signed_in(), await site.signed_in()
    assert (await here.delete("/api/sessions")).status_code == 204
    assert (await here.get("/api/session")).status_code == 200
    assert (await elsewhere.get("/api/session")).status_code == 401


async def test_nobody_ends_anothers_session(site: Site) -> None:
    await site.person()
    await site.person("ben@example.org")
    ann, ben = await site.signed_in(), await site.signed_in("ben@example.org")
    target = (await ben.get("/api/session")).json()["session"]["id"]
    assert (await ann.delete(f"/api/sessions/{target}")).status_code == 404
    page = await submit(ann, "/account", f"/account/sessions/{target}/end")
    assert page.status_code == 404
    assert (await ben.get("/api/session")).status_code == 200
