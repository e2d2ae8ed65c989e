"""Making a key of one's own: after a fresh sign-in, never more than one may, told by mail, and shown once."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from coatcheck.admin.lock_account import lock_account
from coatcheck.api_keys.key_text import adds_up, has_form
from coatcheck.api_keys.make import Made
from coatcheck.audit.show import show
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.errors import SessionEnded
from coatcheck.login.sign_in import Admitted
from coatcheck.my_account.make_api_key import make_api_key
from coatcheck.verifier import Principal
from tests.api_keys.making import asked, authenticated, editor
from tests.attacks.census import row_counts
from tests.site import PASSWORD, VISIT, Site, submit

NEW = "/account/api-keys/new"
SHOWN = re.compile(r"<code>(cck_[\w-]{38})</code>")


def principal_of(admitted: Admitted) -> Principal:
    return Principal(subject=admitted.session.account, session=admitted.session.id)


async def made(site: Site, principal: Principal, **other: Any) -> Made:
    asked = {"name": "nightly", "scopes": ["notes:read"], "lifetime": None, **other}
    return await make_api_key(site.desk, VISIT, principal, **asked)


async def signed_in(site: Site) -> httpx.AsyncClient:
    await editor(site, password=PASSWORD)
    return await site.signed_in()


async def test_by_the_page(site: Site) -> None:
    browser = await signed_in(site)
    form = (await browser.get(NEW)).text
    assert form.count('type="checkbox"') == 2
    assert "checked" not in form[: form.index('type="radio"')], "nothing is ticked from the start"
    shown = await submit(browser, NEW, NEW, name="Nightly <b>", days="30", **{"scope notes:read": "true"})
    found = SHOWN.search(shown.text)
    assert found is not None, shown.text
    assert has_form(found[1])
    assert adds_up(found[1])
    assert "no-store" in shown.headers["cache-control"]
    assert "Nightly &lt;b&gt;" in shown.text
    assert (await authenticated(site, found[1])).permissions == {"notes:read"}
    listed = (await browser.get("/account/api-keys")).text
    assert "Nightly &lt;b&gt;" in listed
    assert found[1] not in listed, "it is shown once"
    assert found[1][:8] in listed


async def test_by_the_call(site: Site) -> None:
    browser = await signed_in(site)
    answer = await browser.post("/api/api-keys", json={"name": "ci", "scopes": ["notes:write"], "days": 7})
    assert answer.status_code == 201, answer.text
    words = answer.json()
    assert (await asked(site, words["key"])).json()["permissions"] == ["notes:write"]
    assert answer.headers["cache-control"] == "no-store"
    [listed] = (await browser.get("/api/api-keys")).json()["api_keys"]
    assert listed == {name: value for name, value in words.items() if name != "key"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "ci", "scopes": ["notes:delete"]}, "scopes"),
        ({"name": " "}, "name"),
        ({"name": "ci", "days": 366}, "lifetime"),
        ({"name": "ci", "days": 0}, "days"),
        ({"name": "ci", "owner": "acc_other"}, "owner"),
        ({"name": "ci", "expires_at": "2099-01-01T00:00:00Z"}, "expires_at"),
    ],
)
async def test_what_is_refused(site: Site, body: dict[str, Any], field: str) -> None:
    browser = await signed_in(site)
    answer = await browser.post("/api/api-keys", json=body)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert (await browser.get("/api/api-keys")).json() == {"api_keys": []}


async def test_a_form_that_is_wrong_keeps_what_was_filled_in(site: Site) -> None:
    browser = await signed_in(site)
    ticked = {"scope notes:write": "true", "scope notes:delete": "true"}
    answer = await submit(browser, NEW, NEW, name="nightly", days="7", **ticked)
    assert answer.status_code == 422
    assert "not notes:delete" in answer.text
    assert 'value="nightly"' in answer.text
    assert re.search(r'name="scope notes:write" value="true" checked', answer.text)
    assert re.search(r'name="days" value="7" checked', answer.text)
    for days in ("x", "99999", "-1", "٧"):
        assert (await submit(browser, NEW, NEW, name="nightly", days=days)).status_code == 422


async def test_takes_a_fresh_sign_in(site: Site) -> None:
    browser = await signed_in(site)
    site.clock.advance(timedelta(minutes=6))
    await site.follow_log()
    answer = await browser.post("/api/api-keys", json={"name": "ci"})
    assert (answer.status_code, answer.json()["code"]) == (403, "fresh_sign_in_needed")
    assert (await browser.get("/api/api-keys")).status_code == 200, "to look takes none"


async def test_its_owner_is_told(site: Site) -> None:
    browser = await signed_in(site)
    await browser.post("/api/api-keys", json={"name": "Buy at evil.example", "scopes": []})
    [mail, *_] = await site.mails("ann@example.org")
    assert mail.subject == "An API key was made at Coatcheck"
    assert "evil.example" not in mail.text, "what a stranger in the account could write is not passed on"
    [event] = await show(site.desk, event="api_key.created")
    assert event.account == event.actor
    assert event.details["name"] == "Buy at evil.example"


async def test_nothing_is_made_by_a_session_that_ended(site: Site) -> None:
    ann, ben = await editor(site), await editor(site, "ben@example.org")
    for account, end in (
        (ann, lambda: end_sessions(site.desk, VISIT, account=ann.id, actor=ann.id)),
        (ben, lambda: lock_account(site.desk, VISIT, account=ben.id, actor="operator")),
    ):
        principal = principal_of(await site.let_in(account))
        await end()
        before = await row_counts(site)
        with pytest.raises(SessionEnded):
            await made(site, principal)
        assert await row_counts(site) == before


async def test_another_sites_form_makes_none(site: Site) -> None:
    browser = await signed_in(site)
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        assert (await browser.post(NEW, data={"name": "x"}, headers=headers)).status_code == 403
        assert (await browser.post("/api/api-keys", json={"name": "x"}, headers=headers)).status_code == 403
    assert (await browser.post(NEW, data={"name": "x"})).status_code == 403, "without the form's token"
    assert (await browser.get("/api/api-keys")).json() == {"api_keys": []}
