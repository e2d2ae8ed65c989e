"""Tokens for services: for what they may do, for whom they call, as RFC 6749 says it and as everybody checks it."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import jwt
import pytest

from coatcheck.audit.show import show
from coatcheck.audit.tallies import write_tallies
from tests.clients.machines import MAIL, NOTES, TOKEN, Machine, claims_of, keyed_machine, machine, present
from tests.keys.sites import signing_site
from tests.site import ORIGIN, Site
from tests.statements import statements, verbs


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with signing_site(tmp_path) as opened:
        yield opened


async def test_the_answer(site: Site) -> None:
    answer = await (await machine(site)).ask_for_token()
    words = answer.json()
    assert (words.pop("access_token").count("."), words) == (
        2,
        {"token_type": "Bearer", "expires_in": 900, "scope": "notes:read notes:write"},
    )
    assert answer.headers["content-type"] == "application/json"
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_a_token_says(site: Site) -> None:
    made = await machine(site, calls=[NOTES])
    claims, now = claims_of(await made.token()), site.desk.now() // 1000
    assert (claims.iss, claims.sub, claims.client_id, claims.aud) == (ORIGIN, made.id, made.id, NOTES)
    assert (claims.iat, claims.exp, claims.scope) == (now, now + 900, "notes:read notes:write")
    assert (claims.sid, claims.acr, claims.amr, claims.auth_time, claims.roles) == (None, None, (), None, ())
    assert claims.jti != claims_of(await made.token()).jti
    assert claims.status is not None
    assert claims.status.status_list.uri == f"{ORIGIN}/status/1"


async def test_others_can_check_it(site: Site) -> None:
    token = await (await machine(site)).token()
    jwks = (await site.machine().get("/.well-known/jwks.json")).json()
    key = jwt.PyJWKSet.from_dict(jwks).keys[0]
    read = jwt.decode(
        token, key, ["EdDSA"], audience=ORIGIN, issuer=ORIGIN, options={"verify_exp": False, "verify_iat": False}
    )
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    assert read["scope"] == "notes:read notes:write"


async def test_it_lives_no_longer_than_is_set(tmp_path: Path) -> None:
    async with signing_site(tmp_path, tokens={"access_lifetime": "2m"}) as site:
        assert (await (await machine(site)).ask_for_token()).json()["expires_in"] == 120


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("notes:read", "notes:read"),
        ("notes:write notes:read", "notes:read notes:write"),
        ("notes:read notes:read", "notes:read"),
        ("", "notes:read notes:write"),
    ],
)
async def test_a_part_of_what_it_may(site: Site, asked: str, given: str) -> None:
    answer = (await (await machine(site)).ask_for_token(scope=asked)).json()
    assert (answer["scope"], claims_of(answer["access_token"]).scope) == (given, given)


@pytest.mark.parametrize("asked", ["notes:delete", "notes:read notes:delete", " ", "notes:read ", "notes:read\tx", "*"])
async def test_more_than_it_may(site: Site, asked: str) -> None:
    answer = await (await machine(site)).ask_for_token(scope=asked)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


async def test_a_service_that_may_nothing(site: Site) -> None:
    answer = (await (await machine(site, permissions=[])).ask_for_token()).json()
    assert (answer["scope"], claims_of(answer["access_token"]).scope) == ("", "")


async def test_for_whom_it_is(site: Site) -> None:
    none = await machine(site, "none")
    one, two = await machine(site, "one", calls=[NOTES]), await machine(site, "two", calls=[NOTES, MAIL])
    assert claims_of(await none.token()).aud == ORIGIN
    assert claims_of(await one.token()).aud == NOTES
    for made in (none, one, two):
        assert claims_of(await made.token(audience=ORIGIN)).aud == ORIGIN, "every service may ask us"
    assert claims_of(await two.token(audience=MAIL)).aud == MAIL
    assert claims_of(await two.token(resource=MAIL)).aud == MAIL
    assert claims_of(await two.token(resource=MAIL, audience=MAIL)).aud == MAIL
    refused = [
        await two.ask_for_token(),
        await one.ask_for_token(audience=MAIL),
        await none.ask_for_token(resource=NOTES),
        await one.ask_for_token(audience=f"{NOTES}/"),
        await one.ask_for_token(audience=NOTES.upper()),
    ]
    assert [(each.status_code, each.json()["error"]) for each in refused] == [(400, "invalid_target")] * 5
    both = await two.ask_for_token(resource=MAIL, audience=NOTES)
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("grant", ["password", "refresh_token", "authorization_code", "CLIENT_CREDENTIALS", "x" * 300])
async def test_other_grants(site: Site, grant: str) -> None:
    answer = await (await machine(site)).ask(TOKEN, grant_type=grant)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


BAD_BODIES = {
    "no grant": b"scope=notes:read",
    "an empty grant": b"grant_type=",
    "a grant twice": b"grant_type=client_credentials&grant_type=client_credentials",
    "a scope twice": b"grant_type=client_credentials&scope=notes:read&scope=notes:write",
    "a resource twice": b"grant_type=client_credentials&resource=a&resource=b",
    "an unknown one twice": b"grant_type=client_credentials&x=1&x=2",
    "NUL": b"grant_type=client_credentials&scope=%00",
    "no UTF-8": b"grant_type=client_credentials&scope=%ff",
    "raw bytes": b"grant_type=client_credentials&scope=\xff",
    "JSON": b'{"grant_type":"client_credentials"}',
    "nothing": b"",
    "many": b"&".join(b"p%d=1" % number for number in range(1000)),
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
async def test_bad_bodies(site: Site, body: bytes) -> None:
    made = await machine(site)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = await site.machine().post(TOKEN, content=body, headers=kind, auth=made.basic)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_what_is_no_form(site: Site) -> None:
    made = await machine(site)
    for kind in ("application/json", "multipart/form-data", "text/plain", ""):
        body = b"grant_type=client_credentials"
        answer = await site.machine().post(TOKEN, content=body, headers={"content-type": kind}, auth=made.basic)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), kind
    large = await site.machine().post(TOKEN, data={"scope": "x" * 70_000}, auth=made.basic)
    assert (large.status_code, large.json()["error"]) == (413, "invalid_request")


async def test_other_methods_and_the_query(site: Site) -> None:
    made = await machine(site)
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        answer = await site.machine().request(method, TOKEN, auth=made.basic)
        assert (answer.status_code, answer.headers.get("allow")) == (405, "POST"), method
    in_query = f"{TOKEN}?grant_type=client_credentials&client_id={made.id}&client_secret={made.secret}"
    answer = await site.machine().post(in_query, data={"grant_type": "client_credentials"})
    assert answer.json()["error"] == "invalid_client", "a secret in an address ends in logs: it is not read there"


async def test_issuing_again_asks_no_database(site: Site) -> None:
    made = await machine(site)
    await made.token()
    with statements() as seen:
        for _ in range(3):
            await made.token()
    assert seen == []


async def test_the_first_time_reads_once_and_writes_nothing(site: Site) -> None:
    await (await machine(site)).token()
    other = await machine(site, "other")
    with statements() as seen:
        await other.token()
    assert [verb for verb in verbs(seen) if verb not in ("BEGIN", "COMMIT", "PRAGMA", "ROLLBACK")] == ["SELECT"]


async def test_what_is_remembered_counts_only_while_the_log_is_read(site: Site) -> None:
    made = await machine(site)
    await made.token()
    site.clock.advance(timedelta(seconds=2))
    with statements() as seen:
        assert (await made.ask_for_token()).status_code == 200
    assert len(seen) >= 1


async def test_refusals_are_counted_in_the_audit_trail(site: Site) -> None:
    made = await machine(site)
    for _ in range(3):
        await made.ask_for_token(scope="notes:delete")
        await made.ask_for_token(audience=MAIL)
    site.clock.advance(timedelta(minutes=2))
    async with site.desk.database.writing() as tx:
        await write_tallies(tx, site.desk)
    [entry] = await show(site.desk, event="audit.tally")
    assert (entry.details["event"], entry.details["count"]) == ("token.refused", 6)


async def test_a_browser_of_another_site_gets_nothing(site: Site) -> None:
    made = await machine(site)
    form = {"grant_type": "client_credentials", "client_id": made.id, "client_secret": made.secret}
    answer = await site.browser(headers={"sec-fetch-site": "cross-site"}).post(TOKEN, data=form)
    assert answer.status_code == 403
    assert "access_token" not in answer.text


async def test_every_way_to_prove_itself(site: Site) -> None:
    made = await machine(site)
    grant = {"grant_type": "client_credentials"}
    in_form = {**grant, "client_id": made.id, "client_secret": made.secret}
    assert (await site.machine().post(TOKEN, data=in_form)).status_code == 200
    assert (await made.ask(TOKEN, **grant, client_id=made.id)).status_code == 200, "its id alone proves nothing"
    encoded = "".join(f"%{byte:02X}" for byte in made.id.encode()), made.secret.replace("-", "%2d")
    value = base64.b64encode(":".join(encoded).encode()).decode()
    for scheme in ("Basic", "basic", "BASIC"):
        headers = {"authorization": f"{scheme} {value}"}
        assert (await site.machine().post(TOKEN, data=grant, headers=headers)).status_code == 200
    service, key = await keyed_machine(site)
    assert (await present(site, key.assertion(site, service))).status_code == 200
    assert (await present(site, key.assertion(site, service), client_id=service)).status_code == 200


def answers_of(answers: list[httpx.Response]) -> list[tuple[int, str]]:
    return [(each.status_code, each.json()["error"]) for each in answers]


async def test_exactly_one_way(site: Site) -> None:
    made = await machine(site)
    service, key = await keyed_machine(site)
    asked = [
        await made.ask_for_token(client_id=made.id, client_secret=made.secret),
        await made.ask_for_token(client_secret=made.secret),
        await made.ask_for_token(client_assertion=key.assertion(site, service)),
        await made.ask_for_token(client_id=service),
        await present(site, key.assertion(site, service), client_secret="x"),
        await present(site, key.assertion(site, service), client_id=made.id),
    ]
    assert answers_of(asked) == [(400, "invalid_request")] * 6
    assert (await Machine(site, made.id, made.secret).ask_for_token()).status_code == 200
