"""Attack 146: rauthy #1208: a rule for a client is not checked again when a session that is there already is reused.

There the rule was judged at sign-in alone, so who had signed in for one app came into another that they may not use.
Here a session opens no service: at each request the gateway looks at the host, the session and what it may do now, and
what it keeps belongs to one session, one audience and one level of proof.
"""

from pathlib import Path

from coatcheck.access.names import ADMIN
from coatcheck.admin.lock_account import lock_account
from coatcheck.admin.roles import create_role, grant_role, revoke_role
from tests.gateway.asking import (
    BILLS,
    BILLS_HOST,
    NOTES,
    NOTES_HOST,
    SETTINGS,
    ask,
    bearer,
    cookie_of,
    gateway_site,
    passed_on,
    token_of,
)
from tests.site import VISIT, Site


async def test_a_host_that_is_registered_no_more(gateway: Site, tmp_path: Path) -> None:
    client = await cookie_of(gateway)
    assert (await ask(gateway, client)).status_code == 200
    fewer = {**SETTINGS["gateway"], "hosts": [f"{BILLS_HOST} = {BILLS}"]}
    async with gateway_site(tmp_path, gateway=fewer) as changed:
        assert (await ask(changed, client)).status_code == 403
        assert (await ask(changed, client, host=BILLS_HOST)).status_code == 200


async def test_what_is_kept_for_one_host_is_not_given_to_another(gateway: Site) -> None:
    client = await cookie_of(gateway)
    for _ in range(2):
        assert passed_on(await ask(gateway, client))["aud"] == NOTES
        assert passed_on(await ask(gateway, client, host=BILLS_HOST))["aud"] == BILLS
    for_notes = token_of(await ask(gateway, client, host=NOTES_HOST))
    assert (await ask(gateway, bearer(for_notes), host=BILLS_HOST)).status_code == 401


async def test_what_a_session_may_do_is_read_again(gateway: Site) -> None:
    client = await cookie_of(gateway)
    account = passed_on(await ask(gateway, client))["sub"]
    await create_role(gateway.desk, VISIT, role=ADMIN, permissions=["notes:delete"], actor="operator")
    await grant_role(gateway.desk, VISIT, account=account, role=ADMIN, actor="operator")
    assert passed_on(await ask(gateway, client))["scope"] == "notes:delete"
    await revoke_role(gateway.desk, VISIT, account=account, role=ADMIN, actor="operator")
    assert "scope" not in passed_on(await ask(gateway, client))


async def test_a_locked_account_is_refused_with_the_session_it_has(gateway: Site) -> None:
    client = await cookie_of(gateway)
    account = passed_on(await ask(gateway, client))["sub"]
    await lock_account(gateway.desk, VISIT, account=account, actor="operator")
    assert (await ask(gateway, client)).status_code == 401
