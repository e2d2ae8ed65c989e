"""Attack 83: CVE-2020-5224, django-user-sessions: the session key is used as an id in the page.

Whoever can read the HTML, by a script or over a shoulder, holds every session of the person. Here the list shows
handles (`ses_…`), which sign nobody in; the secret is in its cookie alone and in no page and no answer.
"""

from tests.site import Site

SESSION = "__Host-coatcheck"
READ = ("/account", "/account/sessions", "/sign-out", "/api/session", "/api/sessions", "/api/openapi.json")


async def test_handles_sign_nobody_in(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    await site.signed_in()
    listed = [session["id"] for session in (await browser.get("/api/sessions")).json()["sessions"]]
    assert len(listed) == 2
    for handle in listed:
        thief = site.browser()
        thief.cookies.set(SESSION, handle)
        assert (await thief.get("/api/session")).status_code == 401


async def test_no_page_and_no_answer_holds_a_secret(site: Site) -> None:
    await site.person()
    browser, other = await site.signed_in(), await site.signed_in()
    secrets = [client.cookies[name] for client in (browser, other) for name in (SESSION, "__Host-coatcheck-known")]
    await browser.get("/sign-in")
    secrets += [browser.cookies["__Host-coatcheck-browser"]] if "__Host-coatcheck-browser" in browser.cookies else []
    for path in READ:
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        assert not [secret for secret in secrets if secret in answer.text], path


async def test_cookies_are_kept_from_scripts_and_other_hosts(site: Site) -> None:
    await site.person()
    browser = site.browser()
    answer = await browser.post(
        "/api/sign-in", json={"identifier": "ann@example.org", "password": "seven quiet lanterns drift"}
    )
    shown = await site.browser().get("/sign-in")
    lines = [line for one in (answer, shown) for line in one.headers.get_list("set-cookie")]
    assert len(lines) == 3
    for line in lines:
        assert line.startswith("__Host-")
        for attribute in ("; Path=/", "; HttpOnly", "; SameSite=Strict", "; Secure"):
            assert attribute in line
        assert "domain" not in line.lower()
