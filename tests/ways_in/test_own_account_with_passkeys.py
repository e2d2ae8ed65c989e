"""What a change of one's ways in asks first: a fresh sign-in, by two factors once there is a second."""

from datetime import timedelta

import pytest

from coatcheck.errors import Conflict, SessionEnded
from coatcheck.gate.cookie import check_cookie
from coatcheck.login.own_demand import FRESH
from coatcheck.ways_in.own_account import hold_own_account
from tests.passkeys.device import Device
from tests.passkeys.people import ANN, ann_with, by_password, sign_in_by
from tests.site import Site


async def test_a_session_that_was_found_open_makes_no_passkey(site: Site) -> None:
    """Whoever comes to an open browser later, or has only the password, adds, renames and removes nothing."""
    device = Device()
    browser = await ann_with(site, device)
    [passkey] = (await browser.get("/api/passkeys")).json()["passkeys"]
    calls: tuple[tuple[str, str, dict[str, object] | None], ...] = (
        ("POST", "/api/passkeys/start", None),
        ("POST", "/api/passkeys", {"credential": {}}),
        ("POST", f"/api/passkeys/{passkey['id']}/name", {"name": "mine"}),
        ("DELETE", f"/api/passkeys/{passkey['id']}", None),
    )
    for method, path, body in calls:  # fresh, but by the password alone
        refused = await browser.request(method, path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "fresh_sign_in_needed"), path
    assert (await sign_in_by(browser, device)).status_code == 200
    site.clock.advance(FRESH + timedelta(seconds=1))
    for method, path, body in calls:
        assert (await browser.request(method, path, json=body)).json()["code"] == "fresh_sign_in_needed"
    assert (await by_password(site.browser()))["status"] == "more_needed"


async def test_held_as_it_was(site: Site) -> None:
    account = await site.person()
    admitted = await site.let_in(account)
    principal = await check_cookie(site.desk, admitted.secret.reveal())
    async with site.desk.database.writing() as tx:
        assert (await hold_own_account(tx, principal, epoch=account.epoch)).email == ANN
    with pytest.raises(Conflict):
        async with site.desk.database.writing() as tx:
            await hold_own_account(tx, principal, epoch=account.epoch + 1)
    with pytest.raises(SessionEnded):
        async with site.desk.database.writing() as tx:
            await hold_own_account(tx, type(principal)(subject=account.id, session="ses_none"))
