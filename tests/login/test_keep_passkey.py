"""Keeping a passkey: for this site and this asking, one of a kind, not too many, vouched for where makers are known."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from coatcheck.login import keep_passkey
from coatcheck.login.keep_passkey import name_of
from coatcheck.passkeys import passkey as passkeys
from coatcheck.visit import Visit
from tests.passkeys.device import Device, Maker
from tests.passkeys.people import ANN, add, add_as_asked, ann_with, ask_to_add, sign_in_by
from tests.site import FIREFOX, Site, open_site


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://auth.example.org:8443"},
        {"rp_id": "example.org"},
        {"client_data": {"cross_origin": True}},
        {"client_data": {"type": "webauthn.get"}},
        {"client_data": {"challenge": "AAAA"}},
    ],
    ids=str,
)
async def test_what_was_made_elsewhere_is_not_kept(site: Site, wrong: dict[str, Any]) -> None:
    await site.person()
    browser = await site.signed_in()
    refused = await add(browser, replace(Device(), **wrong))
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert (await browser.get("/api/passkeys")).json() == {"passkeys": []}


async def test_an_id_is_one_of_a_kind(site: Site) -> None:
    """Nobody registers a key again: not its owner, and not somebody else under their own account."""
    device = Device()
    await ann_with(site, device)
    await site.person("ben@example.org")
    ben = await site.signed_in("ben@example.org")
    credential = Device().make((await ben.post("/api/passkeys/start")).json(), key_id=device.keys[0].id)
    refused = await ben.post("/api/passkeys", json={"credential": credential})
    assert refused.json()["fields"] == {"credential": "This passkey is in use already."}
    assert (await ben.get("/api/passkeys")).json() == {"passkeys": []}
    assert (await sign_in_by(site.browser(), device)).json()["account"]["email"] == ANN


async def test_an_id_that_is_not_what_was_signed(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    credential = Device().make((await browser.post("/api/passkeys/start")).json())
    credential |= {"id": "A" * 43, "rawId": "A" * 43}
    assert (await browser.post("/api/passkeys", json={"credential": credential})).status_code == 422


async def test_no_more_than_a_person_has_devices(every_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep_passkey, "MOST", 2)
    assert passkeys.MOST == 25
    device = Device()
    browser = await ann_with(every_site, device)
    assert (await sign_in_by(browser, device)).status_code == 200
    assert (await add(browser, Device())).status_code == 201
    refused = await add(browser, Device())
    assert refused.json()["fields"] == {"credential": "An account has at most 2 passkeys. Remove one first."}


async def test_a_maker_that_is_trusted_vouches(tmp_path: Path) -> None:
    maker, stranger = Maker(), Maker()
    (tmp_path / "makers.pem").write_bytes(maker.pem)
    settings = {"passkey_attestation_roots": ["makers.pem"]}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in=settings) as site:
        await ann_with(site, Device(maker=maker))
        levels = {}
        for email, device in {
            "vouched@example.org": Device(maker=maker),
            "stranger@example.org": Device(maker=stranger),
            "unsaid@example.org": Device(),
            "synced@example.org": Device(maker=maker, syncs=True),
            "unverified@example.org": Device(maker=maker, verifies=False),
            "unsigned@example.org": Device(maker=maker, is_u2f=True),
        }.items():
            await ann_with(site, device, email)
            answer = (await sign_in_by(site.browser(), device)).json()
            levels[email.partition("@")[0]] = answer["session"]["acr"] if "session" in answer else answer["status"]
        assert levels == {
            "vouched": "aal3",
            "stranger": "aal2",
            "unsaid": "aal2",
            "synced": "aal2",
            "unverified": "more_needed",
            "unsigned": "aal2",
        }


async def test_a_maker_vouches_for_no_longer_than_it_is_trusted(tmp_path: Path) -> None:
    """The roots that are set now decide, and not those that were when a key was made: in the list, and at the door."""
    leaked, other = Maker(), Maker()
    (tmp_path / "leaked.pem").write_bytes(leaked.pem)
    (tmp_path / "other.pem").write_bytes(other.pem)
    device = Device(maker=leaked)
    levels: list[tuple[str, bool]] = []
    for roots in (["other.pem", "leaked.pem"], ["other.pem"], [], ["leaked.pem"]):
        settings = {"passkey_attestation_roots": roots}
        async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in=settings) as site:
            if not levels:
                await ann_with(site, device)
            browser = site.browser()
            signed_in = (await sign_in_by(browser, device)).json()
            [listed] = (await browser.get("/api/passkeys")).json()["passkeys"]
            levels.append((signed_in["session"]["acr"], listed["attested"]))
    assert levels == [("aal3", True), ("aal2", False), ("aal2", False), ("aal3", True)]


async def test_without_roots_no_maker_is_asked_for(site: Site) -> None:
    device = Device(maker=Maker())
    browser = await ann_with(site, device)
    assert (await browser.get("/api/passkeys")).json()["passkeys"][0]["attested"] is False


async def test_what_is_pending_is_void(site: Site) -> None:
    """A sign-in that began before the key was there does not end after it by the password alone."""
    await site.person()
    browser, other = await site.signed_in(), site.browser()
    begun = (await other.post("/api/sign-in", json={"identifier": ANN})).json()
    assert (await add(browser, Device())).status_code == 201
    step = {"continuation": begun["continuation"], "password": "seven quiet lanterns drift"}
    answer = (await other.post(f"/api/sign-in/{begun['sign_in']}/password", json=step)).json()
    assert answer["status"] == "more_needed"


async def test_two_at_once_for_one_account(every_site: Site) -> None:
    """Each asking carries the epoch it was made under: of two that are answered at once, one is kept."""
    await every_site.person()
    browsers = [await every_site.signed_in() for _ in range(4)]
    asked = [await ask_to_add(each) for each in browsers]
    pairs = zip(browsers, asked, strict=True)
    answers = await asyncio.gather(*(add_as_asked(each, options, Device()) for each, options in pairs))
    assert 201 in [each.status_code for each in answers]
    kept = (await browsers[0].get("/api/passkeys")).json()["passkeys"]
    assert len(kept) == [each.status_code for each in answers].count(201)


def test_names() -> None:
    visit = Visit(user_agent=FIREFOX)
    assert name_of("  My\n phone\u202e ", visit) == "My phone"
    assert name_of(" ", visit) == "Firefox on Linux"
    assert len(name_of("x" * 500, visit)) == 64
