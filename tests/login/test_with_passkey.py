"""Signing in with a passkey: by a name or by none, alone or as the second factor; once, for this site, by its owner."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from coatcheck.admin.lock_account import lock_account
from coatcheck.audit.show import show
from coatcheck.login import with_passkey
from coatcheck.visit import Visit
from tests.passkeys.device import Device
from tests.passkeys.people import ANN, add, ann_with, begin, by_password, prove, sign_in_by, start
from tests.site import PASSWORD, Site, open_site, sign_in


async def test_without_a_name(site: Site) -> None:
    device = Device()
    await ann_with(site, device)
    answer = await sign_in_by(site.browser(), device)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["account"]["email"], said["session"]["acr"]) == (ANN, "aal2")
    assert said["session"]["amr"] == ["hwk", "user", "mfa"]


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
async def test_with_a_name(every_site: Site, algorithm: int) -> None:
    device = Device(algorithm=algorithm, syncs=True)
    await ann_with(every_site, device)
    browser = every_site.browser()
    begun = await begin(browser, ANN.upper())
    options = await start(browser, begun)
    assert len(options["allowCredentials"]) == 1
    assert options["rpId"] == "auth.example.org"
    answer = await prove(browser, begun, device.use(options))
    assert answer.json()["session"]["amr"] == ["swk", "user", "mfa"]
    assert (await browser.get("/api/session")).status_code == 200
    listed = (await browser.get("/api/passkeys")).json()["passkeys"]
    assert listed[0]["last_used_at"] is not None


async def test_as_second_factor_even_where_it_verifies_nobody(site: Site) -> None:
    device = Device(verifies=False)
    await ann_with(site, device)
    browser = site.browser()
    needed = await by_password(browser)
    assert (needed["status"], needed["options"]) == ("more_needed", ["passkey", "backup_code"])
    answer = await prove(browser, needed, device.use(await start(browser, needed)))
    assert (answer.json()["session"]["acr"], answer.json()["session"]["amr"]) == ("aal2", ["pwd", "hwk", "user", "mfa"])


async def test_alone_a_key_that_verifies_nobody_is_one_factor(site: Site) -> None:
    device = Device(verifies=False)
    await ann_with(site, device)
    browser = site.browser()
    answer = (await sign_in_by(browser, device)).json()
    assert (answer["status"], answer["options"]) == ("more_needed", ["password"])
    step = {"continuation": answer["continuation"], "password": PASSWORD}
    done = (await browser.post(f"/api/sign-in/{answer['sign_in']}/password", json=step)).json()
    assert done["session"]["acr"] == "aal2"


async def test_tokens_and_remember_me_are_as_asked_for(site: Site) -> None:
    device = Device()
    await ann_with(site, device)
    answer = (await sign_in_by(site.browser(), device, present="tokens")).json()
    assert answer["token_type"] == "Bearer"


async def test_a_step_up_by_a_passkey(site: Site) -> None:
    device = Device()
    browser = await ann_with(site, device)
    site.clock.advance(timedelta(minutes=6))
    assert (await browser.post("/api/passkeys/start")).json()["code"] == "fresh_sign_in_needed"
    begun = (await browser.post("/api/step-up", json={"acr": "aal2"})).json()
    assert "passkey" in begun["options"]
    answer = await prove(browser, begun, device.use(await start(browser, begun)))
    assert answer.status_code == 200, answer.text
    assert (await browser.post("/api/passkeys/start")).status_code == 200


# What must not work.


async def test_of_fifty_uses_at_once_one_wins(every_site: Site) -> None:
    device = Device()
    await ann_with(every_site, device)
    browser = every_site.browser()
    begun = await begin(browser, ANN)
    credential = device.use(await start(browser, begun))
    answers = await asyncio.gather(*(prove(every_site.browser(), begun, credential) for _ in range(50)))
    assert sorted(each.status_code for each in answers) == [200] + [410] * 49
    assert len(await show(every_site.desk, event="sign_in.done")) == 2  # by the password, and by the passkey


async def test_an_answer_counts_for_its_challenge_alone(site: Site) -> None:
    device = Device()
    await ann_with(site, device)
    browser = site.browser()
    first, second = await begin(browser, ANN), await begin(browser, ANN)
    old = device.use(await start(browser, first))
    await start(browser, second)
    assert (await prove(browser, second, old)).json()["code"] == "invalid_credentials"
    new = device.use(await start(browser, first))  # starting again voids what was asked before
    assert (await prove(browser, first, old)).status_code == 401
    assert (await prove(browser, first, new)).status_code == 401, "a refused answer spent the challenge"
    assert (await prove(browser, first, device.use(await start(browser, first)))).status_code == 200


async def test_a_passkey_of_another_account(site: Site) -> None:
    """A person may not answer for another, by name or as their second factor."""
    anns, bens = Device(), Device()
    await ann_with(site, anns)
    await ann_with(site, bens, "ben@example.org")
    browser = site.browser()
    begun = await begin(browser, ANN)
    options = await start(browser, begun)
    assert (await prove(browser, begun, bens.use(options, bens.keys[0]))).status_code == 401
    needed = await by_password(browser)
    options = await start(browser, needed)
    assert (await prove(browser, needed, bens.use(options, bens.keys[0]))).json()["code"] == "invalid_code"
    # Ben's key under Ann's handle, and Ann's id over Ben's signature.
    forged = replace(bens.keys[0], user_handle=anns.keys[0].user_handle)
    begun = await begin(browser)
    assert (await prove(browser, begun, bens.use(await start(browser, begun), forged))).status_code == 401
    forged = replace(bens.keys[0], id=anns.keys[0].id, user_handle=anns.keys[0].user_handle)
    begun = await begin(browser)
    assert (await prove(browser, begun, bens.use(await start(browser, begun), forged))).status_code == 401


async def test_a_nameless_answer_must_say_whose_it_is(site: Site) -> None:
    device = Device()
    await ann_with(site, device)
    browser = site.browser()
    begun = await begin(browser)
    credential = device.use(await start(browser, begun))
    del credential["response"]["userHandle"]
    assert (await prove(browser, begun, credential)).status_code == 401
    begun = await begin(browser, ANN)
    credential = device.use(await start(browser, begun))
    del credential["response"]["userHandle"]  # as security keys do, which keep no handle
    assert (await prove(browser, begun, credential)).status_code == 200


async def test_a_counter_that_goes_back(site: Site) -> None:
    device = Device()
    await ann_with(site, device)
    copied = replace(device, keys=[replace(device.keys[0])])
    for _ in range(3):
        assert (await sign_in_by(site.browser(), device)).status_code == 200
    before = len(await site.mails(ANN))
    assert (await sign_in_by(site.browser(), copied)).status_code == 401
    [event] = await show(site.desk, event="passkey.copied")
    assert event.outcome == "refused"
    mails = await site.mails(ANN)
    assert len(mails) == before + 1
    assert [each.subject for each in mails if "copied" in each.subject] == ["A passkey of yours may have been copied"]
    assert (await sign_in_by(site.browser(), device)).status_code == 200


async def test_two_uses_with_one_count_at_once(every_site: Site) -> None:
    """The counter is judged and kept by one statement: of two copies that count alike, one is let in."""
    device = Device()
    await ann_with(every_site, device)
    devices = [replace(device, keys=[replace(device.keys[0])]) for _ in range(8)]
    answers = await asyncio.gather(*(sign_in_by(every_site.browser(), each) for each in devices))
    assert sorted(each.status_code for each in answers) == [200] + [401] * 7


async def test_a_counter_that_stays_at_nothing(site: Site) -> None:
    device = Device(counts=False)
    await ann_with(site, device)
    for _ in range(2):
        assert (await sign_in_by(site.browser(), device)).status_code == 200
    assert await show(site.desk, event="passkey.copied") == []


async def test_whether_it_syncs_never_changes(site: Site) -> None:
    device = Device(syncs=False)
    await ann_with(site, device)
    assert (await sign_in_by(site.browser(), replace(device, syncs=True))).status_code == 401
    assert (await sign_in_by(site.browser(), device)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://auth.example.org"},
        {"origin": "https://auth.example.org:8443"},
        {"origin": "https://auth.example.org.evil.example"},
        {"origin": "https://sub.auth.example.org"},
        {"origin": "null"},
        {"rp_id": "example.org"},
        {"rp_id": "evil.example"},
        {"client_data": {"cross_origin": True}},
        {"client_data": {"topOrigin": "https://evil.example"}},
        {"client_data": {"type": "webauthn.create"}},
    ],
    ids=str,
)
async def test_an_answer_that_was_given_elsewhere(site: Site, wrong: dict[str, Any]) -> None:
    device = Device()
    await ann_with(site, device)
    assert (await sign_in_by(site.browser(), replace(device, **wrong), ANN)).json()["code"] == "invalid_credentials"
    assert (await sign_in_by(site.browser(), device, ANN)).status_code == 200


async def test_a_locked_account(site: Site) -> None:
    device = Device()
    await ann_with(site, device)
    account = (await sign_in_by(site.browser(), device)).json()["account"]["id"]
    await lock_account(site.desk, Visit(), account=account, actor="operator")
    assert (await sign_in_by(site.browser(), device)).json()["code"] == "invalid_credentials"


async def test_a_removed_key_is_told_to_be_unknown(site: Site) -> None:
    device = Device()
    browser = await ann_with(site, device)
    again = await sign_in_by(browser, device)
    passkey = (await browser.get("/api/passkeys")).json()["passkeys"][0]["id"]
    assert again.status_code == 200
    assert (await browser.delete(f"/api/passkeys/{passkey}")).status_code == 204
    refused = await sign_in_by(site.browser(), device)
    assert (refused.status_code, refused.json()["code"]) == (401, "passkey_unknown")


# What nobody learns.


async def test_names_are_answered_alike(site: Site) -> None:
    """A name with passkeys, one without and one that nobody has are answered alike, and the same each time."""
    await ann_with(site, Device())
    await site.person("ben@example.org")
    browser = site.browser()
    for name in ("ann@example.org", "ben@example.org", "nobody@example.org", "someone"):
        asked = [await start(browser, await begin(browser, name)) for _ in range(2)]
        assert asked[0].keys() == {"challenge", "timeout", "rpId", "allowCredentials", "userVerification"}
        assert asked[0]["allowCredentials"] == asked[1]["allowCredentials"]
        assert asked[0]["challenge"] != asked[1]["challenge"]
        for each in asked[0]["allowCredentials"]:
            assert each.keys() == {"type", "id", "transports"}
            assert each["transports"]
        assert asked[0]["allowCredentials"]


async def test_an_id_that_was_given_out_is_never_called_unknown(site: Site) -> None:
    """Who asks for the keys of a name cannot tell by trying them whether there is one behind them."""
    device = Device()
    await ann_with(site, device)
    browser, codes = site.browser(), []
    for name in (ANN, "nobody@example.org"):
        options = await start(browser, await begin(browser, name))
        for each in options["allowCredentials"]:
            begun = await begin(browser)
            credential = Device(keys=[replace(device.keys[0])]).use(
                {**await start(browser, begun), "allowCredentials": []}
            )
            credential |= {"id": each["id"], "rawId": each["id"]}
            credential["response"]["signature"] = credential["response"]["signature"][:-4] + "AAAA"
            codes.append((await prove(browser, begun, credential)).json()["code"])
    assert set(codes) == {"invalid_credentials"}


async def test_challenges_are_bounded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.browser()
    begun = await begin(browser, ANN)
    body = {"continuation": begun["continuation"]}
    path = f"/api/sign-in/{begun['sign_in']}/passkey/start"
    monkeypatch.setattr(with_passkey, "STARTED_PER_HOUR", 3)
    assert [(await browser.post(path, json=body)).status_code for _ in range(4)] == [200, 200, 200, 429]


# What the site asks for.


async def test_a_site_without_passwords_lets_verified_keys_in_alone(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'site.db'}"
    async with open_site(url, tmp_path) as site:
        device = Device()
        await ann_with(site, device)
    async with open_site(url, tmp_path, passwords={"enabled": False}) as site:
        browser = site.browser()
        begun = await begin(browser)
        options = await start(browser, begun)
        assert options["userVerification"] == "required"
        assert (await prove(browser, begun, replace(device, verifies=False).use(options))).status_code == 401
        begun = await begin(browser)
        assert (await prove(browser, begun, device.use(await start(browser, begun)))).status_code == 200


async def test_no_way_down_from_a_passkey_where_the_site_asks_for_one(tmp_path: Any) -> None:
    """Where the policy says that no false site may pass the proof on, a password leads to a passkey alone."""
    url = f"sqlite:///{tmp_path / 'site.db'}"
    async with open_site(url, tmp_path) as site:
        device = Device(verifies=False)
        await ann_with(site, device)
    async with open_site(url, tmp_path, sign_in={"level": "phr", "email_codes": True}) as site:
        browser = site.browser()
        needed = (await sign_in(browser, ANN, PASSWORD)).json()
        assert (needed["status"], needed["options"]) == ("more_needed", ["passkey"])
        for factor, field in (("password", "password"), ("enrol_passkey", "credential")):
            body = {"continuation": needed["continuation"], field: PASSWORD if field == "password" else {}}
            answer = await browser.post(f"/api/sign-in/{needed['sign_in']}/{factor}", json=body)
            assert answer.status_code == 422, factor
        assert (await browser.get("/api/session")).status_code == 401
        answer = await prove(browser, needed, device.use(await start(browser, needed)))
        assert answer.json()["session"]["acr"] == "aal2"


async def test_several_keys_of_one_account(site: Site) -> None:
    phone, key = Device(), Device(verifies=False)
    browser = await ann_with(site, phone)
    assert (await sign_in_by(browser, phone)).status_code == 200
    assert (await add(browser, key)).status_code == 201
    options = await start(browser, await begin(browser, ANN))
    assert len(options["allowCredentials"]) == 2
    for device in (phone, key):
        assert (await sign_in_by(site.browser(), device, ANN)).status_code == 200


@pytest.mark.parametrize("junk", [{}, {"id": "x"}, {"rawId": "AAAA", "response": {"clientDataJSON": "e30"}}, {"a": 1}])
async def test_what_is_no_answer(site: Site, junk: dict[str, Any]) -> None:
    browser = site.browser()
    begun = await begin(browser, ANN)
    await start(browser, begun)
    assert (await prove(browser, begun, junk)).status_code == 422
