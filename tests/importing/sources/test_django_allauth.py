"""Accounts of django-allauth, from a database that it made: verified addresses, links and second factors."""

import base64
from dataclasses import dataclass
from typing import Any

import pytest

from coatcheck.importing.sources.django_allauth import DjangoAllauth
from coatcheck.mfa.totp import code_at, step_of
from tests.importing.sites import OLD, bring, django_site, found, prove
from tests.passkeys.device import Device
from tests.passkeys.people import begin, start
from tests.passkeys.people import prove as prove_passkey
from tests.site import Site, sign_in

ALGORITHMS = [{"alg": -7}, {"alg": -8}, {"alg": -257}]
DEVICE, ELSEWHERE = Device(), Device(rp_id="other.example")
NONE_WORKS = "it has second factors, and none of them works here: --without-factors lets it come"


def registered(device: Device, rp_id: str, user: str) -> dict[str, Any]:
    """Register a passkey of a device as allauth has it done."""
    handle = base64.urlsafe_b64encode(user.encode()).decode().rstrip("=")
    asked = {"rp": {"id": rp_id}, "user": {"id": handle}, "challenge": "", "attestation": "none"}
    return device.make({"pubKeyCredParams": ALGORITHMS, **asked})


def person(name: str, *, verified: bool = True, **more: Any) -> dict[str, Any]:
    """Give somebody with one address."""
    return {"username": name, "password": OLD, "addresses": [(f"{name}@example.org", verified, True)], **more}


@dataclass(frozen=True)
class Made:
    """Hold a site that was made, and what only its people know."""

    url: str
    known: dict[str, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make a site with all kinds of people."""
    several = [("first@example.org", False, True), ("second@example.org", True, False)]
    people = [
        person("key", credential=registered(DEVICE, "auth.example.org", "1")),
        person("ann"),
        person("unverified", verified=False),
        person("several", addresses=several),
        person("without", addresses=[]),
        person("app", totp=True, codes=True),
        person("elsewhere", credential=registered(ELSEWHERE, "other.example", "7")),
        person("sealed", totp=True, sealed="gAAAAABn-sealed-by-an-adapter"),
        person("broken", credential={"response": {"attestationObject": "AAAA"}}),
        person("linked", links=[("github", "1"), ("microsoft", "2")]),
    ]
    path = tmp_path_factory.mktemp("allauth") / "db.sqlite3"
    return Made(f"sqlite:///{path}", django_site(path, people))


async def test_the_address_that_counts(site: Site, made: Made) -> None:
    await bring(site, DjangoAllauth(made.url))
    expected = {"ann": "ann@example.org", "unverified": None, "several": "second@example.org", "without": None}
    for name, email in expected.items():
        account = await found(site, name)
        assert account is not None
        assert (account.email, account.email_proven) == (email, True)
    assert (await sign_in(site.browser(), "ann@example.org", OLD)).status_code == 200


async def test_an_app_and_its_codes(site: Site, made: Made) -> None:
    await bring(site, DjangoAllauth(made.url))
    account = await found(site, "app")
    assert account is not None
    assert account.factors == {"totp", "backup_code"}
    browser = site.browser()
    needed = (await sign_in(browser, "app@example.org", OLD)).json()
    assert needed["options"] == ["totp", "backup_code"]
    key = base64.b32decode(made.known["app"]["totp"])
    now = step_of(site.clock.now())
    assert (await prove(browser, needed, "totp", code_at(key, now))).status_code == 401, "maybe used there just now"
    needed = (await sign_in(browser, "app@example.org", OLD)).json()
    assert (await prove(browser, needed, "totp", code_at(key, now + 1))).status_code == 200

    spent, *unused = made.known["app"]["codes"]
    for code, status in ((spent, 401), (unused[0], 200), (unused[0], 401), (unused[8], 200)):
        needed = (await sign_in(browser, "app@example.org", OLD)).json()
        assert (await prove(browser, needed, "backup_code", code)).status_code == status


async def test_a_passkey_of_this_host(site: Site, made: Made) -> None:
    assert made.known["key"]["id"] == 1, "what the device was told to call its owner"
    await bring(site, DjangoAllauth(made.url))
    browser = site.browser()
    begun = await begin(browser)
    answer = await prove_passkey(browser, begun, DEVICE.use(await start(browser, begun)))
    assert answer.status_code == 200, answer.text
    assert answer.json()["account"]["username"] == "key"
    needed = (await sign_in(site.browser(), "key", OLD)).json()
    assert needed["options"] == ["passkey"]


async def test_a_factor_that_cannot_come_is_never_dropped_in_silence(site: Site, made: Made) -> None:
    report = await bring(site, DjangoAllauth(made.url))
    known = {str(made.known[name]["id"]) for name in ("elsewhere", "sealed", "broken")}
    assert {each.where: each.because for each in report.listed} == dict.fromkeys(known, NONE_WORKS)
    report = await bring(site, DjangoAllauth(made.url), without_factors=True)
    assert (report.came, report.here, report.notes) == (3, 7, {("factors_left", ""): 3})


async def test_links_to_providers_that_are_not_here(site: Site, made: Made) -> None:
    report = await bring(site, DjangoAllauth(made.url), is_dry=True)
    assert {what for kind, what in report.notes if kind == "provider_left"} == {"github", "microsoft"}
