"""Attack 134: CVE-2025-61928, better-auth: a POST without credentials that names a user in its body mints a key.

Here a token is made for the service that proves itself and for nobody else: whatever subject, client or account a body
names is not read, and without a proof nothing is made at all. An API key is made for who is signed in, freshly: a body
that names anybody is refused, a form's other fields are not read, and nobody, a service or another key makes none.
"""

from sqlalchemy import select

from coatcheck.storage.tables.api_keys import api_keys
from tests.api_keys.making import authenticated, editor, key_of, presenting
from tests.attacks.census import row_counts
from tests.clients.machines import TOKEN, claims_of, machine
from tests.site import PASSWORD, Site, submit

GRANT = {"grant_type": "client_credentials"}
API, PAGE = "/api/api-keys", "/account/api-keys/new"
NAMES = ("userId", "user_id", "sub", "subject", "account", "actor", "username", "on_behalf_of", "act", "service", "id")


async def test_nothing_is_made_without_a_proof(site: Site) -> None:
    account, made = await site.person(), await machine(site)
    before = await row_counts(site)
    for name in NAMES:
        for subject in (account.id, made.id, "first-party"):
            answer = await site.machine(address="203.0.113.9").post(TOKEN, data={**GRANT, name: subject})
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), name
    after = await row_counts(site)
    assert {name for name in after if after[name] != before[name]} <= {"audit_tallies"}


async def test_a_proof_speaks_for_itself_alone(site: Site) -> None:
    account, made, other = await site.person(), await machine(site), await machine(site, "other")
    for name in NAMES:
        for subject in (account.id, other.id):
            claims = claims_of(await made.token(**{name: subject}))
            assert (claims.sub, claims.client_id, claims.sid) == (made.id, made.id, None), name


async def test_no_key_is_made_for_whom_a_body_names(site: Site) -> None:
    root, ann = await site.person("root@example.org"), await editor(site, password=PASSWORD)
    browser = await site.signed_in()
    before = await row_counts(site)
    for name in NAMES:
        assert (await browser.post(API, json={"name": "x", name: root.id})).status_code == 422, name
    assert await row_counts(site) == before
    for name in NAMES:
        answer = await submit(browser, PAGE, PAGE, **{"name": "x", "owner": root.id, name: root.id})
        assert answer.status_code == 200, name
    assert {key["owner"] for key in await kept(site)} == {ann.id}


async def test_no_key_is_made_by_who_is_no_person(site: Site) -> None:
    ann, service = await editor(site), await machine(site)
    held = [(await key_of(site, owner)).secret.reveal() for owner in (ann.id, service.id)]
    for presented in (None, *held, await service.token()):
        headers = {} if presented is None else presenting(presented)
        async with site.machine() as program:
            called = await program.post(API, json={"name": "x"}, headers=headers)
            sent = await program.post(PAGE, data={"name": "x"}, headers=headers)
        assert {called.status_code, sent.status_code} <= {303, 401, 403}
    assert len(await kept(site)) == 2
    assert (await authenticated(site, held[0])).subject == ann.id


async def kept(site: Site) -> list[dict[str, object]]:
    """Give the keys that there are."""
    async with site.desk.database.reading() as db:
        return [dict(row) for row in (await db.execute(select(api_keys))).mappings()]
