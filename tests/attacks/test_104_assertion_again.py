"""Attack 104: Pocket ID, fe003b9: what a sign-in by WebAuthn keeps is not removed by its use: an assertion works again.

Here the challenge is part of the sign-in, and the sign-in is taken from the store before its answer is judged, by one
atomic step: an answer opens one session. Also when it was refused, another challenge has to be signed.
"""

from msgspec.structs import replace

from coatcheck.audit.show import show
from tests.attacks.workers import another_worker
from tests.passkeys.device import Device
from tests.passkeys.people import ANN, ann_with, begin, prove, start
from tests.site import Site


async def test_an_answer_opens_one_session(site: Site) -> None:
    device = Device(counts=False)  # so that nothing but the challenge stands against a replay
    await ann_with(site, device)
    browser = site.browser()
    begun = await begin(browser)
    answer = device.use(await start(browser, begun))
    assert (await prove(browser, begun, answer)).status_code == 200
    async with another_worker(site) as other:
        for node in (site, other):
            assert (await prove(node.browser(), begun, answer)).json()["code"] == "sign_in_gone"
            fresh = await begin(node.browser())
            await start(node.browser(), fresh)
            assert (await prove(node.browser(), fresh, answer)).json()["code"] == "invalid_credentials"
    assert len(await show(site.desk, event="sign_in.done")) == 2  # by the password, then by the passkey


async def test_a_refused_answer_spends_its_challenge(site: Site) -> None:
    device = Device(counts=False)
    await ann_with(site, device)
    browser = site.browser()
    begun = await begin(browser, ANN)
    options = await start(browser, begun)
    assert (await prove(browser, begun, replace(device, origin="https://evil.example").use(options))).status_code == 401
    assert (await prove(browser, begun, device.use(options))).status_code == 401
    assert (await prove(browser, begun, device.use(await start(browser, begun)))).status_code == 200


async def test_an_answer_to_nothing(site: Site) -> None:
    """A sign-in that asked for no passkey takes none, whatever challenge the answer says it had."""
    device = Device(counts=False)
    await ann_with(site, device)
    browser = site.browser()
    options = await start(browser, await begin(browser))
    begun = await begin(browser)
    for challenge in (options["challenge"], "", "AA"):
        assert (await prove(browser, begun, device.use({**options, "challenge": challenge}))).status_code == 401
