"""The administrators' console is for them alone: its pages, its actions, and the trail page by page."""

import re
from collections.abc import Mapping
from datetime import timedelta
from html import unescape

import pytest

from coatcheck.access import records as access
from coatcheck.admin.roles import create_role
from tests.authenticators import with_app
from tests.site import PASSWORD, VISIT, Site, sign_in, submit

PAGES = (
    "/admin",
    "/admin/audit",
    "/admin/accounts/{id}",
    "/admin/accounts/{id}/explain",
    "/admin/accounts/{id}/access",
)


@pytest.mark.parametrize("path", PAGES)
async def test_only_for_administrators(site: Site, path: str) -> None:
    person = await site.person()
    path = path.format(id=person.id)
    assert (await site.browser().get(path)).status_code == 303
    assert (await (await site.signed_in()).get(path)).status_code == 403
    assert (await (await site.administrator()).get(path)).status_code == 200


ACTIONS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("lock", {}),
    ("unlock", {}),
    ("end-sessions", {}),
    ("roles", {"role": "admin", "action": "grant"}),
)


@pytest.mark.parametrize(("action", "fields"), ACTIONS)
async def test_only_administrators_act(site: Site, action: str, fields: Mapping[str, str]) -> None:
    person = await site.person()
    browser = await site.signed_in()
    answer = await submit(browser, "/account", f"/admin/accounts/{person.id}/{action}", **fields)
    assert answer.status_code == 403
    async with site.desk.database.reading() as db:
        assert await access.roles_of(db, person.id, site.desk.now()) == []


async def test_the_trail_pages(site: Site) -> None:
    admin, person = await site.administrator(), await site.person(password=None)
    for _ in range(60):
        site.clock.advance(timedelta(seconds=1))
        await site.let_in(person)
    page = await admin.get("/admin/audit", params={"event": "sign_in.done"})
    assert "Older events" in page.text
    older = re.search(r'href="([^"]*before=[^"]*)"', page.text)
    assert older is not None
    last = await admin.get(unescape(older[1]))
    assert last.status_code == 200
    assert "Older events" not in last.text, "sixty-one fit on two pages"
    assert "Signed in" in last.text or "sign_in.done" in last.text


async def test_a_sign_in_explained(site: Site) -> None:
    person, admin = await with_app(site), await site.administrator()
    path = f"/admin/accounts/{person.account.id}"
    assert f'href="{path}/explain"' in (await admin.get(path)).text
    nothing = words((await admin.get(f"{path}/explain")).text)
    assert "The sign-in takes more" in nothing
    assert "Next the password" in nothing, "it has no passkey, so none is offered"
    half = words((await admin.get(f"{path}/explain", params={"proof": "password", "where": "trusted"})).text)
    assert "The account has a code of the authenticator app, so two factors are asked for." in half
    assert "No browser can be trusted here" in half
    both = (await admin.get(f"{path}/explain", params={"proof": ["password", "totp"], "acr": "aal2"})).text
    assert "aal2, by pwd otp mfa" in words(both)
    assert len(re.findall(r'value="(?:password|totp|aal2)" checked', both)) == 3, "what was supposed stays chosen"
    assert "The confirmation takes more" in (await admin.get(f"{path}/explain", params={"where": "step_up"})).text
    odd = await admin.get(f"{path}/explain", params={"proof": "charm", "acr": "aal9", "where": "<b>"})
    assert (odd.status_code, "<b>" in odd.text) == (200, False)
    assert (await admin.get("/admin/accounts/acc_none/explain")).status_code == 404


async def test_a_role_for_a_time_and_what_it_comes_to(site: Site) -> None:
    person, admin = await site.person(), await site.administrator()
    for role, inherits in (("reader", []), ("editor", ["reader"])):
        allows = [f"notes:{role}"]
        await create_role(site.desk, VISIT, role=role, permissions=allows, inherits=inherits, actor="operator")
    path = f"/admin/accounts/{person.id}"
    given = await submit(admin, path, f"{path}/roles", role=" editor ", action="grant", **{"for": " 8h "})
    assert given.status_code == 303
    shown = words((await admin.get(path)).text)
    assert "editor Held Ends in 8 hours" in shown
    assert "reader Inherited By editor" in shown
    for wrong in ({"for": "a while"}, {"for": "0h"}, {"role": "Editor"}, {"action": "lend"}):
        fields = {"role": "editor", "action": "grant", **wrong}
        assert (await submit(admin, path, f"{path}/roles", **fields)).status_code == 422
    allowed = words((await admin.get(f"{path}/access", params={"permission": "notes:reader"})).text)
    assert "notes:reader Allowed" in allowed
    assert "reader ← editor" in allowed
    scoped = {"permission": "notes:reader", "scope": "notes:editor  notes:paint"}
    denied = words((await admin.get(f"{path}/access", params=scoped)).text)
    assert "notes:reader Denied It is not among the scopes of the credential" in denied
    for odd in ({"permission": "<b>"}, {"permission": "notes:reader", "scope": "<b>"}):
        answer = await admin.get(f"{path}/access", params=odd)
        assert (answer.status_code, "<b>" in answer.text, "resource:action" in answer.text) == (422, False, True)
    assert (await admin.get("/admin/accounts/acc_none/access")).status_code == 404
    taken = await submit(admin, path, f"{path}/roles", role="editor", action="revoke")
    assert taken.status_code == 303
    assert "editor Held" not in words((await admin.get(path)).text)


async def test_the_trail_says_why_more_is_needed(site: Site) -> None:
    person, admin = await with_app(site), await site.administrator()
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).json()["status"] == "more_needed"
    shown = (await admin.get("/admin/audit", params={"event": "sign_in.more_needed"})).text
    assert person.account.id in shown
    assert "<li>the account has a code of the authenticator app, so two factors are asked for</li>" in shown


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def test_the_trail_of_one_account(site: Site) -> None:
    admin, person = await site.administrator(), await site.person(username="ann")
    await sign_in(site.browser(), "ann@example.org", PASSWORD)
    for typed in ("Ann@example.org", "ann", person.id):
        shown = (await admin.get("/admin/audit", params={"event": "sign_in.done", "account": typed})).text
        assert shown.count('<tr role="row">') == 2, f"the heads and one event: {typed}"
        assert f"/admin/accounts/{person.id}" in shown
    nobody = await admin.get("/admin/audit", params={"account": "nobody@example.org"})
    assert "No event matches." in nobody.text
    assert '<option value="sign_in.more_needed">' in nobody.text
