"""Attack 106: CVE-2024-45042, Ory Kratos: "the highest level available" forgets a factor, and `aal1` reaches `aal2`.

There a route asked for the best that an account could do, and what it could do was counted wrongly: a session of one
factor was let in to the settings. Here a demand names a level, and only what was proven in this session reaches it,
whatever the account has: who has nothing better enrols it first, and a mailbox lifts nobody.
"""

import pytest

from coatcheck.accounts import records as accounts
from coatcheck.errors import FreshSignInNeeded
from coatcheck.gate.cookie import check_cookie
from coatcheck.login.admit import admit
from coatcheck.login.factors import Proof
from coatcheck.login.policy import Wanted
from coatcheck.login.sign_in import Admitted, AskedFor, MoreNeeded, SignIn
from coatcheck.secret import new_id
from coatcheck.verifier import Demand, Principal, refusal
from tests.site import VISIT, Site

AAL2, PHR = Demand(acr="aal2"), Demand(acr="phr")
PASSWORD, MAILED, APP, BACKUP = (Proof(factor=each) for each in ("password", "email_code", "totp", "backup_code"))
PASSKEY = Proof(factor="passkey", is_verified=True)


async def inside(site: Site, *factors: str) -> Principal:
    """Let Ann in by her password, and then let her have more factors."""
    made = await site.person(password=None)
    admitted = await site.let_in(made)
    async with site.desk.database.writing() as tx:
        await accounts.set_factors(tx, made.id, factors)
    return await check_cookie(site.desk, admitted.secret.reveal())


async def step_up(site: Site, principal: Principal, *proofs: Proof, wanted: Wanted) -> Admitted | MoreNeeded:
    async with site.desk.database.reading() as db:
        account = await accounts.find(db, principal.subject)
    assert account is not None
    named = {"id": new_id("sgn_"), "account": account.id, "epoch": account.epoch, "session": principal.session}
    sign_in = SignIn(**named, proofs=proofs, asked_for=AskedFor(wanted=wanted))  # type: ignore[arg-type]
    return await admit(site.desk, VISIT, sign_in, None)


@pytest.mark.parametrize("has", [(), ("backup_code",), ("totp",), ("passkey",), ("totp", "passkey", "backup_code")])
async def test_what_the_account_could_do_is_no_proof(site: Site, has: tuple[str, ...]) -> None:
    principal = await inside(site, *has)
    for demand in (AAL2, PHR):
        assert isinstance(refusal(demand, principal, site.desk.now()), FreshSignInNeeded)


@pytest.mark.parametrize(
    ("proofs", "wanted"),
    [
        ((PASSWORD,), Wanted(acr="aal2")),
        ((PASSWORD, MAILED), Wanted(acr="aal2")),
        ((MAILED, APP), Wanted(acr="aal2")),
        ((APP, BACKUP), Wanted(acr="aal2")),
        ((PASSWORD, APP), Wanted(phr=True)),
        ((PASSKEY,), Wanted(acr="aal3")),
    ],
)
async def test_less_raises_nothing(site: Site, proofs: tuple[Proof, ...], wanted: Wanted) -> None:
    principal = await inside(site, "totp", "passkey", "backup_code")
    assert isinstance(await step_up(site, principal, *proofs, wanted=wanted), MoreNeeded)


async def test_what_was_proven_is(site: Site) -> None:
    principal = await inside(site, "totp", "passkey")
    raised = await step_up(site, principal, PASSWORD, APP, wanted=Wanted(acr="aal2"))
    assert isinstance(raised, Admitted)
    now = await check_cookie(site.desk, raised.secret.reveal())
    assert refusal(AAL2, now, site.desk.now()) is None
    assert isinstance(refusal(PHR, now, site.desk.now()), FreshSignInNeeded)
    raised = await step_up(site, now, PASSKEY, wanted=Wanted(phr=True))
    assert isinstance(raised, Admitted)
    assert refusal(PHR, await check_cookie(site.desk, raised.secret.reveal()), site.desk.now()) is None
