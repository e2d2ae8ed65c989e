"""Every trouble with a provider, caused for real: its page, the trail's trace, and one request id everywhere."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeAlias, get_args

import httpx
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from coatcheck.admin.lock_account import lock_account
from coatcheck.audit.show import show
from coatcheck.audit.tallies import write_tallies
from coatcheck.login.note_failure import NOTED_PER_HOUR
from coatcheck.testing.clock import ManualClock
from coatcheck.testing.providers import ADA, CEM, FakeGoogle
from coatcheck.testing.providers.people import OTHER_TENANT
from coatcheck.testing.providers.switches import SIGN_IN_PAGE
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.trouble import WORDS, Trouble
from coatcheck.verifier.canonical import encode_base64url
from coatcheck.visit import Visit
from tests.login.providers import come_back, leave, trouble_of, who
from tests.login.replays import Replay, replaying
from tests.servers.walking import Arrived, Walker
from tests.upstream.saml.company import connection

Google: TypeAlias = Replay[FakeGoogle]
Cause: TypeAlias = Callable[[Google, httpx.AsyncClient], Awaitable[httpx.Response]]
CALLBACK: Final = "/login/google/callback"


@pytest.fixture
async def google(tmp_path: Path) -> AsyncIterator[Google]:
    """Run Google, and a site that people sign in to with it."""
    clock = ManualClock()
    async with replaying(FakeGoogle(clock=clock), tmp_path, clock, "google") as replay:
        yield replay


async def begun_nowhere(_google: Google, browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.get(f"{CALLBACK}?state=invented&code=x")


async def in_another_browser(google: Google, browser: httpx.AsyncClient) -> httpx.Response:
    async with google.site.browser() as first:
        return await come_back(browser, await google.arrive(first, ADA))


async def at_another_provider(google: Google, browser: httpx.AsyncClient) -> httpx.Response:
    [provider] = google.site.desk.keep(Providers).all()
    google.site.desk.keep(Providers).use([provider, replace(provider, name="other")])
    arrived = await google.arrive(browser, ADA)
    return await come_back(browser, replace(arrived, address=arrived.address.replace("/google/", "/other/")))


async def without_a_code(google: Google, browser: httpx.AsyncClient) -> httpx.Response:
    arrived = await google.arrive(browser, ADA)
    return await come_back(browser, replace(arrived, answer={"state": arrived.answer["state"]}))


async def with_another_issuer(google: Google, browser: httpx.AsyncClient) -> httpx.Response:
    arrived = await google.arrive(browser, ADA)
    return await come_back(browser, replace(arrived, answer={**arrived.answer, "iss": "https://evil.example"}))


async def of_saml(google: Google, browser: httpx.AsyncClient) -> httpx.Response:
    google.site.desk.keep(Providers).use([connection()])
    leaving = await browser.get("/login/acme")
    state = re.search(r"RelayState=([\w-]+)", leaving.headers["location"])
    assert state is not None
    acs = str(browser.base_url.join("/saml/acme/acs"))
    answer = {"RelayState": state[1], "SAMLResponse": "PHg+PC94Pg=="}
    return await come_back(browser, Arrived("POST", acs, answer))


async def of_somebody_locked(google: Google, browser: httpx.AsyncClient) -> httpx.Response:
    async with google.site.browser() as first:
        await google.press(first, ADA)
        account = (await first.get("/api/session")).json()["account"]["id"]
    await lock_account(google.site.desk, Visit(), account=account, actor="operator")
    return await google.press(browser, ADA)


async def of_another_tenant(google: Google, browser: httpx.AsyncClient) -> httpx.Response:
    google.change(issuer=f"{google.fake.url}/{{tenantid}}", answer_issuer=google.fake.url, tenants=("nobody",))
    google.fake.know(replace(ADA, claims={"tid": OTHER_TENANT}))
    google.fake.discovery = lambda asked: {  # type: ignore[method-assign]
        **FakeGoogle.discovery(google.fake, asked),
        "issuer": f"{google.fake.url}/{{tenantid}}",
    }
    return await google.press(browser, ADA)


def spoilt(spoil: Callable[[Google], object]) -> Cause:
    """Have Ada come back from a provider that something is wrong with."""

    async def cause(google: Google, browser: httpx.AsyncClient) -> httpx.Response:
        arrived = await google.arrive(browser, ADA)
        spoil(google)
        return await come_back(browser, arrived)

    return cause


def saying(claims: Mapping[str, object]) -> Cause:
    """Have Ada come back with a token that says something else."""

    async def cause(google: Google, browser: httpx.AsyncClient) -> httpx.Response:
        google.fake.know(replace(ADA, claims=claims))
        return await google.press(browser, ADA)

    return cause


async def cancelled(google: Google, browser: httpx.AsyncClient) -> httpx.Response:
    return await google.press(browser, "Cancel")


async def of_cem(google: Google, browser: httpx.AsyncClient) -> httpx.Response:
    return await google.press(browser, CEM)


CAUSES: Mapping[Trouble, tuple[Cause, str]] = {
    "trip_unknown": (begun_nowhere, "the answer came with no state, or one that is not waited for"),
    "other_browser": (in_another_browser, "another browser's cookie came|no cookie came"),
    "other_provider": (at_another_provider, "begun with google, came back to other"),
    "answer_incomplete": (without_a_code, "no code, or one that is too long"),
    "answer_of_another_issuer": (with_another_issuer, "iss of the answer is 'https://evil.example', not 'http://127"),
    "refused_there": (cancelled, "it said: access_denied"),
    "provider_away": (spoilt(lambda google: google.fake.send(b"", at="token", status=503)), "127.0.0.1 answers 503"),
    "provider_answered_badly": (
        spoilt(lambda google: google.fake.send(*SIGN_IN_PAGE)),
        "127.0.0.1: the token endpoint: .*",
    ),
    "address_not_allowed": (
        spoilt(lambda google: google.change(private_network=())),
        "127.0.0.1 leads to .*: this machine",
    ),
    "code_refused": (
        spoilt(lambda google: google.fake.refuse("invalid_grant", at="token")),
        "127.0.0.1: the token endpoint: answers 400, invalid_grant: Bad Request",
    ),
    "client_refused": (
        spoilt(lambda google: google.fake.refuse("invalid_client", at="token")),
        "127.0.0.1: the token endpoint: answers 401, invalid_client: Unauthorized",
    ),
    "identity_token_refused": (
        saying({"aud": "somebody-else"}),
        "ID token: aud is not our client_id",
    ),
    "no_subject": (
        saying({"sub": ""}),
        "sub of id_token is missing, empty, or no text",
    ),
    "tenant_refused": (of_another_tenant, f"tenant {OTHER_TENANT} is none that the settings of google allow"),
    "assertion_refused": (of_saml, ".+"),
    "no_proven_email": (of_cem, "google vouches for no address of this person"),
    "no_account": (
        spoilt(lambda google: google.change(makes_accounts=False)),
        "nobody has this identity, and google makes no accounts here",
    ),
    "account_refused": (of_somebody_locked, ".+"),
}


def test_every_trouble_is_caused() -> None:
    assert {*CAUSES, "other_host"} == set(get_args(Trouble)) == set(WORDS)


@pytest.mark.parametrize("trouble", CAUSES)
async def test_a_trouble_is_shown_and_written_down(google: Google, trouble: Trouble) -> None:
    cause, trace = CAUSES[trouble]
    async with google.site.browser() as browser:
        with capture_logs() as logged:
            answer = await cause(google, browser)
        assert await who(browser) is None

    assert trouble_of(answer) == trouble, (await google.last_failure()).details
    assert answer.status_code == (503 if trouble == "provider_away" else 400)
    assert WORDS[trouble].person.replace("'", "&#39;") in answer.text
    shown = re.search(r"<dt>Request</dt><dd>(req_\w+)</dd>", answer.text)
    entry = await google.last_failure()
    assert shown is not None
    assert shown[1] == answer.headers["x-request-id"] == entry.request_id
    assert set(entry.details) == {"provider", "trouble", "because"}
    assert (entry.details["trouble"], entry.outcome) == (trouble, "refused")
    because = str(entry.details["because"])
    assert re.fullmatch(f"{trouble}: ({trace}.*)", because), because
    lines = [each for each in logged if each.get("request_id") == shown[1]]
    assert [(each["event"], each["because"]) for each in lines] == [("request.refused", because)]
    for secret in secrets_of(google):
        assert secret not in answer.text
        assert secret not in because


def secrets_of(google: Google) -> set[str]:
    """Give what went to the provider and back and is nobody's to read."""
    found = {google.fake.client_secret}
    names = ("code", "state", "code_verifier", "client_secret", "nonce")
    for each in google.fake.requests:
        found |= {value for name in names for given in (each.form, each.query) if (value := given.get(name))}
        found |= {each.headers["authorization"]} if "authorization" in each.headers else set()
    return found


async def test_started_at_one_host_and_came_back_at_another(tmp_path: Path) -> None:
    """The trouble that is met most: a site on this machine has two names, and a cookie stays with one."""
    clock = ManualClock()
    fake = FakeGoogle(clock=clock)
    async with replaying(fake, tmp_path, clock, "google", server={"public_url": None}) as google:
        fake.redirect_uris = ()
        transport = httpx.ASGITransport(google.site.auth.app, client=("127.0.0.1", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8400") as browser:
            leaving = await browser.get("/login/google")
            state = re.search(r"state=([\w-]+)", leaving.headers["location"])
            assert state is not None
            answer = await browser.get(f"http://localhost:8400{CALLBACK}?state={state[1]}&code=x")
        assert trouble_of(answer) == "other_host"
        assert await google.trace() == (
            "other_host: the browser's cookie is missing: you started on http://127.0.0.1:8400 "
            "and came back on http://localhost:8400"
        )


async def test_a_flood_is_counted_and_a_person_is_still_told(google: Google) -> None:
    async with google.site.browser() as browser:
        for _ in range(NOTED_PER_HOUR + 5):
            answer = await begun_nowhere(google, browser)
        assert trouble_of(answer) == "trip_unknown"
    assert len(await show(google.site.desk, event="upstream.failed", limit=500)) == NOTED_PER_HOUR
    google.site.clock.advance(timedelta(minutes=2))
    async with google.site.desk.database.writing() as tx:
        await write_tallies(tx, google.site.desk)
    [tally] = await show(google.site.desk, event="audit.tally")
    assert (tally.details["event"], tally.details["count"]) == ("upstream.failed", 5)


async def test_linking_that_failed_names_the_account(google: Google) -> None:
    person = await google.site.person()
    browser = await google.site.signed_in()
    async with aclosing(browser):
        token = re.search(r'name="form_token" value="(\w+)"', (await browser.get("/account/ways-in")).text)
        assert token is not None
        google.fake.send(b"", at="discovery", status=503)
        answer = await browser.post("/account/ways-in/providers/google", data={"form_token": token[1]})
        assert trouble_of(answer) == "provider_away"
        assert (await google.last_failure()).account == person.id
        called = await browser.post("/api/identities/google/start")
        assert (called.status_code, called.json()["trouble"]) == (400, "provider_away")
        assert called.json()["request_id"] == (await google.last_failure()).request_id


async def test_an_app_that_fetches_the_answer_is_told_too(google: Google) -> None:
    google.change(makes_accounts=False)
    verifier = "v" * 43
    challenge = encode_base64url(sha256(verifier.encode()).digest())
    async with google.site.browser() as browser:
        async with Walker(google.back) as walker:
            there = await leave(browser, f"/login/google?challenge={challenge}&return_to=/app")
            left = await come_back(browser, await walker.choose(there, ADA.label))
        sign_in = left.headers["location"].removeprefix("/app?sign_in=")
        answer = await browser.post(f"/api/sign-in/{sign_in}/collect", json={"verifier": verifier})
    assert (answer.json()["code"], answer.json()["trouble"]) == ("upstream_failed", "no_account")
    assert (await google.last_failure()).request_id == answer.json()["request_id"]
