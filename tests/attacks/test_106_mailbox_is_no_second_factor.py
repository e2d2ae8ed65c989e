"""Attack 106: CVE-2024-45042, Ory Kratos: a code by mail is not counted when the level to be reached is worked out.

There the highest level an account could reach left codes out, so a session of the lowest reached what asks for two
factors. Here a level is asked for by its name and never worked out from what there is, and the mailbox lifts nothing
above `aal1`: not a code after a password, not two codes, not a code and an app.
"""

from datetime import timedelta
from pathlib import Path

import httpx

from coatcheck.accounts import records as accounts
from coatcheck.gate.authenticate import authenticate
from coatcheck.limits.counters import CODE
from coatcheck.login.factors import Proof
from coatcheck.login.prove import Step, prove
from coatcheck.login.sign_in import Admitted, SignIn
from coatcheck.login.who import Who
from coatcheck.verifier import Demand, refusal
from coatcheck.visit import Asked
from tests.mailed import ANN, SESSION, Coded, begun, code_for, coded_site
from tests.site import ORIGIN, PASSWORD, VISIT, Site, sign_in

AAL2 = Demand(acr="aal2")


async def level_refused(site: Site, browser: httpx.AsyncClient) -> bool:
    """Tell whether what asks for two factors refuses the session of a browser."""
    asked = Asked(url=f"{ORIGIN}/", cookies=f"{SESSION}={browser.cookies[SESSION]}")
    return refusal(AAL2, await authenticate(site.desk, asked), site.desk.now()) is not None


async def test_a_code_alone_and_a_code_after_a_password_stay_below(tmp_path: Path) -> None:
    async with coded_site(tmp_path, email_codes=True, strangers="email_code") as site:
        await site.person()
        alone, both = site.browser(), site.browser(address="198.51.100.9")
        for way in (await begun(alone), Coded(both, (await sign_in(both, ANN, PASSWORD)).json())):
            await way.start()
            session = (await way.prove(await code_for(site))).json()["session"]
            assert session["acr"] == "aal1"
            assert "mfa" not in session["amr"]
            assert await level_refused(site, way.browser)
            site.clock.advance(timedelta(seconds=1))


async def test_a_step_up_by_mail_does_not_reach_it(tmp_path: Path) -> None:
    async with coded_site(tmp_path, email_codes=True) as site:
        await site.person()
        browser = await site.signed_in()
        way = Coded(browser, (await browser.post("/api/step-up", json={"acr": "aal2"})).json())
        password = {"continuation": way.continuation, "password": PASSWORD}
        further = (await browser.post(f"{way.path}/password", json=password)).json()
        assert further["options"] == ["email_code"]
        way = Coded(browser, further)
        await way.start()
        last = (await way.prove(await code_for(site))).json()
        assert (last["status"], last["options"]) == ("more_needed", ["enrol_passkey", "enrol_totp"])
        assert await level_refused(site, browser)


async def test_a_code_and_an_app_are_not_two_factors(tmp_path: Path) -> None:
    async with coded_site(tmp_path, email_codes=True) as site:
        ann = await site.person(password=None)
        async with site.desk.database.writing() as tx:
            await accounts.set_factors(tx, ann.id, {"totp"})
        way = await begun(site.browser())
        await way.start()
        further = (await way.prove(await code_for(site))).json()
        assert further["options"] == ["totp"]

        async def right(_sign_in: SignIn, _who: Who) -> Proof:
            return Proof(factor="totp")

        step = Step(further["sign_in"], further["continuation"])
        admitted = await prove(site.desk, VISIT, step, "totp", right, limit=CODE)
        assert isinstance(admitted, Admitted)
        assert admitted.session.acr == "aal1"


async def test_recovery_by_mail_opens_nothing_and_lifts_nothing(tmp_path: Path) -> None:
    async with coded_site(tmp_path, email_codes=True) as site:
        ann = await site.person()
        async with site.desk.database.writing() as tx:
            await accounts.set_factors(tx, ann.id, {"totp"})
        browser = site.browser()
        await browser.post("/api/recover", json={"email": ANN})
        new = {"token": await site.token(ANN), "new_password": "other words entirely now"}
        assert (await browser.post("/api/recover/new-password", json=new)).status_code == 204
        assert SESSION not in browser.cookies
        answer = (await sign_in(browser, ANN, "other words entirely now")).json()
        assert (answer["status"], answer["options"]) == ("more_needed", ["totp"]), "the mailbox is no second factor"
