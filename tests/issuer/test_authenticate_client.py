"""Who asks: every way in which a service fails to prove itself is answered alike, and counted."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from coatcheck.admin.service_credentials import rotate_secret
from coatcheck.admin.services import disable_service
from coatcheck.clients.verified import VerifiedClients
from coatcheck.revocation.event import Event
from coatcheck.revocation.reader import LogReader
from tests.clients.machines import (
    INTROSPECT,
    JWT_BEARER,
    REVOKE,
    TOKEN,
    Machine,
    Signing,
    keyed_machine,
    machine,
    present,
)
from tests.keys.sites import signing_site
from tests.races.nodes import NO_RATE
from tests.site import ORIGIN, VISIT, Site
from tests.statements import statements

NOBODY = "svc_" + "a" * 26
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with signing_site(tmp_path) as opened:
        yield opened


@pytest.fixture
async def patient_site(tmp_path: Path) -> AsyncIterator[Site]:
    async with signing_site(tmp_path, limits={**NO_RATE, "tries": 1000}) as opened:
        yield opened


async def with_header(site: Site, value: bytes | str, path: str = TOKEN) -> httpx.Response:
    raw = value if isinstance(value, bytes) else value.encode()
    form = {b"content-type": b"application/x-www-form-urlencoded", b"authorization": raw}
    return await site.machine().post(path, content=b"grant_type=client_credentials&token=x", headers=form)


def basic(pair: bytes) -> bytes:
    return b"Basic " + base64.b64encode(pair)


async def test_they_are_told_apart_by_nothing(site: Site) -> None:
    made, disabled = await machine(site), await machine(site, "disabled")
    keyed, _ = await keyed_machine(site)
    await disable_service(site.desk, VISIT, service=disabled.id, actor="operator")
    wrong = [
        Machine(site, made.id, made.secret[:-1]),
        Machine(site, made.id, made.secret.upper()),
        Machine(site, NOBODY, made.secret),
        Machine(site, "reports", made.secret),
        Machine(site, disabled.id, disabled.secret),
        Machine(site, keyed, made.secret),
    ]
    answers = [await each.ask_for_token() for each in wrong]
    same = {(each.status_code, each.text, tuple(sorted(headers_of(each).items()))) for each in answers}
    assert len(same) == 1
    assert answers[0].status_code == 401
    assert answers[0].json() == {
        "error": "invalid_client",
        "error_description": "This client could not be authenticated.",
    }
    assert answers[0].headers["www-authenticate"] == 'Basic realm="coatcheck", charset="UTF-8"'
    assert answers[0].headers["cache-control"] == "no-store"


def headers_of(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "x-request-id"}


async def test_malformed_headers(patient_site: Site) -> None:
    made = await machine(patient_site)
    pair = f"{made.id}:{made.secret}".encode()
    malformed = (
        b"", b"Basic", b"Basic ", b"Basic !!!", b"Basic Og==", b"Basic YQ==", b"Basic " + b"A" * 5000,
        b"Bearer", b"Digest a=b", base64.b64encode(pair), basic(pair)[:-4], basic(pair) + b"=",
        basic(pair + b"\0"), basic(b"\xff\xfe:x"), basic(b"%ff:x"), basic(b"%00:x"), basic(b":"), basic(pair + b" "),
        basic(pair).replace(b"Basic ", b"Basic,"), basic(pair) + b", " + basic(pair), b"\xc2\xa0" + basic(pair),
        basic(made.id.encode() + b"\0:" + made.secret.encode()), basic("ů:ů".encode()),
    )  # fmt: skip
    for path in (TOKEN, INTROSPECT, REVOKE):
        for value in malformed:
            answer = await with_header(patient_site, value, path)
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), (path, value)
    assert (await with_header(patient_site, basic(pair))).status_code == 200


async def test_two_headers(site: Site) -> None:
    made = await machine(site)
    value = basic(f"{made.id}:{made.secret}".encode())
    answer = await site.machine().post(
        TOKEN, data=GRANT, headers=[(b"authorization", value), (b"authorization", value)]
    )
    assert answer.status_code == 401


async def test_five_failures_of_an_address_on_a_service(site: Site) -> None:
    made = await machine(site)
    wrong = Machine(site, made.id, "wrong")
    assert [(await wrong.ask_for_token()).status_code for _ in range(5)] == [401] * 5
    sixth = await wrong.ask_for_token()
    assert (sixth.status_code, sixth.json()["error"]) == (429, "temporarily_unavailable")
    assert sixth.headers["retry-after"] == "3600"
    assert (await made.ask_for_token()).status_code == 200, "a right one is never kept out"
    elsewhere = await site.machine(address="198.51.100.8").post(TOKEN, data=GRANT, auth=wrong.basic)
    assert elsewhere.status_code == 401
    assert (await Machine(site, NOBODY, "wrong").ask_for_token()).status_code == 401, "another service is another lane"
    site.clock.advance(timedelta(hours=1))
    await site.follow_log()
    assert (await wrong.ask_for_token()).status_code == 401


async def test_an_address_that_tries_many_services(site: Site) -> None:
    names = [f"svc_{number:026}" for number in range(51)]
    answers = [(await Machine(site, name, "x").ask_for_token()).status_code for name in names]
    assert answers == [401] * 50 + [429]


async def test_a_right_one_costs_nothing(site: Site) -> None:
    made = await machine(site)
    wrong = Machine(site, made.id, "wrong")
    for _ in range(4):
        await wrong.ask_for_token()
    for _ in range(20):
        assert (await made.ask_for_token()).status_code == 200
    assert (await wrong.ask_for_token()).status_code == 401


WRONG_ASSERTIONS: dict[str, dict[str, Any]] = {
    "for another": {"aud": "https://other.example.org"},
    "for another address of ours": {"aud": f"{ORIGIN}/api/session"},
    "for us and another": {"aud": [ORIGIN, "https://other.example.org"]},
    "for nobody": {"aud": None},
    "for an empty list": {"aud": []},
    "with a slash": {"aud": f"{ORIGIN}/"},
    "by another": {"iss": NOBODY},
    "about another": {"sub": NOBODY},
    "run out": {"exp": 1_800_000_000},
    "too far ahead": {"exp": 1_800_000_301},
    "for ever": {"exp": None},
    "in milliseconds": {"exp": 1_800_000_060_000},
    "a text": {"exp": "1800000060"},
    "a fraction": {"exp": 1_800_000_060.5},
    "from the future": {"iat": 1_800_000_031},
    "not yet": {"nbf": 1_800_000_031},
    "without a jti": {"jti": None},
    "with an empty jti": {"jti": ""},
    "with a long jti": {"jti": "j" * 257},
    "with a number for jti": {"jti": 7},
}


@pytest.mark.parametrize("wrong", WRONG_ASSERTIONS.values(), ids=WRONG_ASSERTIONS)
async def test_wrong_assertions(site: Site, wrong: dict[str, Any]) -> None:
    service, key = await keyed_machine(site)
    answer = await present(site, key.assertion(site, service, **wrong))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), answer.text


WRONG_HEADERS: dict[str, dict[str, Any]] = {
    "none": {"alg": "none"},
    "a shared secret": {"alg": "HS256"},
    "another algorithm": {"alg": "EdDSA"},
    "another key": {"kid": "other"},
    "a key of its own": {"jwk": {"kty": "EC"}},
    "an address of keys": {"jku": "https://evil.example/jwks.json"},
    "critical": {"crit": ["exp"]},
}


@pytest.mark.parametrize("wrong", WRONG_HEADERS.values(), ids=WRONG_HEADERS)
async def test_wrong_headers(site: Site, wrong: dict[str, Any]) -> None:
    service, key = await keyed_machine(site)
    answer = await present(site, key.assertion(site, service, header=wrong))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_right_assertions(site: Site) -> None:
    service, key = await keyed_machine(site)
    now = site.desk.now() // 1000
    right: list[dict[str, Any]] = [
        {"aud": ORIGIN},
        {"aud": [ORIGIN]},
        {"aud": ORIGIN + TOKEN},
        {"exp": now + 300},
        {"iat": None},
        {"iat": now + 30, "nbf": now + 30},
        {"jti": "j" * 256},
        {"more": {"of": "its own"}},
    ]
    for claims in right:
        answer = await present(site, key.assertion(site, service, **claims))
        assert answer.status_code == 200, claims
    for header in ({"typ": "client-authentication+jwt"}, {"kid": "mine"}):
        assert (await present(site, key.assertion(site, service, header=header))).status_code == 200
    whole = key.assertion(site, service).split(".")[1]
    assert (await present(site, f"{whole}.{whole}.{whole}")).status_code == 401
    without_kid = {"alg": "ES256"}
    said = {"iss": service, "sub": service, "aud": ORIGIN, "exp": now + 60, "jti": "one"}
    assert (await present(site, key.sign(without_kid, said))).status_code == 200


async def test_an_assertion_by_another_key(site: Site) -> None:
    service, _ = await keyed_machine(site)
    assert (await present(site, Signing().assertion(site, service))).status_code == 401


async def test_an_assertion_of_another_kind(site: Site) -> None:
    service, key = await keyed_machine(site)
    assertion = key.assertion(site, service)
    kinds = (None, "", "jwt", JWT_BEARER.upper(), "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
    for kind in kinds:
        form = {**GRANT, "client_assertion": assertion, **({"client_assertion_type": kind} if kind else {})}
        assert (await site.machine().post(TOKEN, data=form)).status_code == 401, kind
    alone = {**GRANT, "client_assertion_type": JWT_BEARER}
    assert (await site.machine().post(TOKEN, data=alone)).status_code == 401
    assert (await present(site, assertion)).status_code == 200


async def test_an_assertion_works_at_each_address(site: Site) -> None:
    service, key = await keyed_machine(site)
    for path in (INTROSPECT, REVOKE):
        for audience in (ORIGIN, ORIGIN + path):
            answer = await present(site, key.assertion(site, service, aud=audience), path, token="x")
            assert answer.status_code == 200, (path, audience)
        assert (
            await present(site, key.assertion(site, service, aud=ORIGIN + TOKEN), path, token="x")
        ).status_code == 401


async def test_no_credential_at_all(site: Site) -> None:
    for path in (TOKEN, INTROSPECT, REVOKE):
        answer = await site.machine().post(path, data={**GRANT, "token": "x"})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        alone = await site.machine().post(path, data={**GRANT, "token": "x", "client_id": NOBODY})
        assert alone.status_code == 401, "an id alone is no proof"


async def test_a_late_fill_is_dropped(site: Site) -> None:
    """What began to be read before news of a service were heard is not kept."""
    made, verified = await machine(site), site.desk.keep(VerifiedClients)
    await made.token()
    assert len(verified) == 1
    client = verified.get((made.id, b""), site.desk.now())
    assert client is None
    [kept] = verified._known.values()
    began = verified.begin()
    site.desk.keep(LogReader).heed(Event("moved", made.id, ""))
    verified.fill(began, (made.id, b"digest"), kept)
    assert len(verified) == 0
    verified.fill(verified.begin(), (made.id, b"digest"), kept)
    assert len(verified) == 1
    site.desk.keep(LogReader).heed(Event("ended", "acc_somebody", "ses_else"))
    assert len(verified) == 1, "news of people concern no service"
    site.desk.keep(LogReader).heed(Event("keys_changed", "", ""))
    assert len(verified) == 0


async def test_both_of_two_secrets(site: Site) -> None:
    made = await machine(site)
    secret = await rotate_secret(site.desk, VISIT, service=made.id, actor="operator")
    assert secret is not None
    for right in (made.secret, secret.reveal()):
        assert (await Machine(site, made.id, right).ask_for_token()).status_code == 200


async def test_a_header_is_known_as_a_whole(site: Site) -> None:
    made, other = await machine(site), await machine(site, "other")
    for each in (made, other):
        for _ in range(3):
            assert (await each.ask_for_token()).status_code == 200
    assert len(site.desk.keep(VerifiedClients)) == 4, "each by its secret and by its header"
    assert (await made.ask_for_token(client_id=made.id)).status_code == 200
    for more in ({"client_id": other.id}, {"client_secret": made.secret}, {"client_assertion": "x"}):
        assert (await made.ask_for_token(**more)).json()["error"] == "invalid_request"
    assert (await other.ask_for_token()).json()["access_token"]
    near = httpx.BasicAuth(made.id, made.secret[:-1])
    form = {"grant_type": "client_credentials"}
    assert (await site.machine().post(TOKEN, data=form, auth=near)).status_code == 401
    assert len(site.desk.keep(VerifiedClients)) == 4, "only what was right is kept"


async def test_a_known_header_is_forgotten_with_its_service(site: Site) -> None:
    made, other = await machine(site), await machine(site, "other")
    for _ in range(3):
        await made.token()
    await disable_service(site.desk, VISIT, service=other.id, actor="operator")
    assert len(site.desk.keep(VerifiedClients)) == 0, "news of any service empties it"
    for _ in range(3):
        await made.token()
    await disable_service(site.desk, VISIT, service=made.id, actor="operator")
    assert (await made.ask_for_token()).status_code == 401


async def test_a_known_header_counts_only_while_the_log_is_read(site: Site) -> None:
    made = await machine(site)
    for _ in range(3):
        await made.token()
    with statements() as ran:
        await made.token()
    assert not ran, "from memory"
    site.desk.keep(LogReader).fresh_until = float("-inf")
    with statements() as ran:
        await made.token()
    assert ran, "looked up"
