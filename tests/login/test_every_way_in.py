"""Every way in, every policy, every set of enrolled factors: no session is opened below what is asked.

Hypothesis draws what the site, a role and the application ask, which factors the site has and the account has enrolled,
whether the browser is known or trusted, whether a session is raised, and what is proven; `tests/login/ways.py` says
independently of the policy what that takes. The cases go through the one door on a real database, step by step through
the transactions of sign-ins, and through the flows with a password.

Each of these lines, taken out of the gate, makes this fail; it was tried:

- the question itself, `decision = policy.decide(...)` in `login/admit.py`, answered with `Enough` for every proof,
- any one rule of `RULES` in `login/policy.py`,
- `if meets(best, own) and not meets(proven, own)` with its return in `_helpful` (a factor in the place of another),
- `standing.is_step_up or` in `_of_the_account` (trust that reaches a step-up),
- `- {"mailbox"}` in `level_of` of `login/factors.py`, the line that keeps a mailed code from counting as a factor,
- `kind="knowledge"` of a provider in `ASSURANCES`, said to be possession: its password would be a second one,
- `if self.is_verified` in `Proof.kinds`: a provider whose second factor nobody believes would be two.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import combinations, count, product
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec import structs
from msgspec.structs import replace

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.desk import Desk
from coatcheck.gate.cookie import check_cookie
from coatcheck.limits import known_devices
from coatcheck.login.admit import admit
from coatcheck.login.begin import begin_sign_in
from coatcheck.login.factors import ASSURANCES, Factor, Proof
from coatcheck.login.link import link
from coatcheck.login.policy import Enough, Standing, decide
from coatcheck.login.prove import Step, prove
from coatcheck.login.sign_in import Admitted, AskedFor, MoreNeeded, SignIn
from coatcheck.login.standing import wanted_of
from coatcheck.login.step_up import begin_step_up
from coatcheck.login.who import Who
from coatcheck.login.with_password import sign_in_with_password, step_up_with_password
from coatcheck.mfa.trusted import trust
from coatcheck.passwords.choose import choose_password, store_password
from coatcheck.secret import new_id
from coatcheck.settings.sign_in import SignInSettings
from coatcheck.upstream.identity import Identity
from coatcheck.verifier import Principal
from coatcheck.visit import Visit
from tests.login.ways import (
    APP,
    ATTESTED,
    BACKUP,
    FEDERATED,
    LEVELS,
    MAILED,
    PASSWORD,
    PROOFS,
    VERIFIED,
    Case,
    level_by,
    missing,
    owes_two,
)
from tests.site import PASSWORD as WORDS
from tests.site import VISIT, Site, open_site

KINDS = ("password", "totp", "passkey", "backup_code", "provider")
SETS = [frozenset(chosen) for size in range(6) for chosen in combinations(KINDS, size)]
EVERYTHING = (PASSWORD, APP, VERIFIED, MAILED)
BEST = {each.factor: each for each in (PASSWORD, APP, MAILED, BACKUP, ATTESTED, FEDERATED)}
WORK = {"entry": "oidc", "issuer": "http://127.0.0.1:9", "client_id": "site", "client_secret": "of nobody"}
ADDRESSES = count(1)
QUIET = settings(deadline=None, suppress_health_check=[*HealthCheck])


@dataclass(frozen=True)
class Somebody:
    """Hold an account, a session of it, and what its browser carries.

    Args:
        known, trusted: the values of its cookies.
    """

    account: Account
    principal: Principal
    known: str
    trusted: str


@dataclass(frozen=True)
class World:
    """Hold a site on a real database, with one account for every set of factors."""

    loop: asyncio.Runner
    site: Site
    people: dict[frozenset[str], Somebody]

    def desk(self, case: Case) -> Desk:
        """Give a desk on the same database, with the settings of a case."""
        desk = self.site.desk
        sign_in = SignInSettings(
            level=case.level,
            role_levels=(f"staff = {case.role}",) if case.role else (),
            strangers="email_code" if case.holds_off else "as_usual",
            trust_devices_for=desk.settings.sign_in.trust_devices_for,
            passkeys=case.passkeys,
            totp=case.apps,
            email_codes=True,
        )
        providers = desk.settings.providers if case.providers else {}
        return replace(desk, settings=replace(desk.settings, sign_in=sign_in, providers=providers))

    def visit(self, case: Case) -> Visit:
        """Visit by the browser of a case."""
        somebody = self.people[case.enrolled]
        number = next(ADDRESSES)
        return structs.replace(
            VISIT,
            address=f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
            known=somebody.known if case.is_known else "",
            trusted=somebody.trusted if case.is_trusted else "",
        )

    def sign_in(self, case: Case, proofs: tuple[Proof, ...]) -> SignIn:
        """Give a sign-in that came so far."""
        somebody = self.people[case.enrolled]
        session = (somebody.principal.session or "") if case.is_step_up else ""
        asked_for = AskedFor(wanted=wanted_of(case.asked or "aal1"))
        named = {"id": new_id("sgn_"), "account": somebody.account.id, "epoch": somebody.account.epoch}
        return SignIn(**named, proofs=proofs, asked_for=asked_for, session=session)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Open the site once: every case leaves accounts and their factors as they were."""
    folder = tmp_path_factory.mktemp("ways")
    with asyncio.Runner() as loop:
        stack = AsyncExitStack()
        opening = open_site(
            f"sqlite:///{folder / 'site.db'}",
            folder,
            ephemeral="memory",
            sign_in={"trust_devices_for": "30d"},
            providers={"work": WORK},
            limits={"overall_per_second": 1_000_000, "address_per_hour": 1_000_000, "account_per_day": 1_000_000},
        )
        site = loop.run(stack.enter_async_context(opening))
        people = loop.run(everybody(site))
        yield World(loop, site, people)
        loop.run(stack.aclose())


async def everybody(site: Site) -> dict[frozenset[str], Somebody]:
    await create_role(site.desk, Visit(), role="staff", permissions=[], actor="operator")
    chosen = await choose_password(site.desk, WORDS, context=[], name="password")
    return {factors: await somebody(site, number, factors, chosen) for number, factors in enumerate(SETS)}


async def somebody(site: Site, number: int, factors: frozenset[str], chosen: Any) -> Somebody:
    made = await site.person(f"person{number}@example.org", None)
    await grant_role(site.desk, Visit(), account=made.id, role="staff", actor="operator")
    async with site.desk.database.writing() as tx:
        if "password" in factors:
            await store_password(tx, made.id, chosen, site.desk.now())
        if "provider" in factors:
            await link(tx, site.desk, made, Identity(provider="work", issuer=WORK["issuer"], subject=made.id))
        await accounts.set_factors(tx, made.id, factors - {"password", "provider"})
        account = await accounts.lock(tx, made.id)
        assert account is not None
        known = await known_devices.remember(tx, site.desk, VISIT, made.id)
        trusted = await trust(tx, site.desk, VISIT, account)
    first = SignIn(id=new_id("sgn_"), account=account.id, epoch=account.epoch, proofs=EVERYTHING)
    admitted = await admit(site.desk, VISIT, first, None)
    assert isinstance(admitted, Admitted)
    principal = await check_cookie(site.desk, admitted.secret.reveal())
    return Somebody(account, principal, known.reveal(), trusted.reveal())


cases = st.builds(
    Case,
    level=st.sampled_from(LEVELS),
    role=st.sampled_from(("", *LEVELS)),
    asked=st.sampled_from(("", *LEVELS)),
    holds_off=st.booleans(),
    passkeys=st.booleans(),
    apps=st.booleans(),
    providers=st.booleans(),
    enrolled=st.sampled_from(SETS),
    is_known=st.booleans(),
    is_trusted=st.booleans(),
    is_step_up=st.booleans(),
)
lax_cases = st.builds(
    Case,
    enrolled=st.sampled_from(SETS),
    holds_off=st.booleans(),
    is_known=st.booleans(),
    is_trusted=st.booleans(),
    is_step_up=st.booleans(),
)


def given_by(case: Case, proofs: list[Proof]) -> tuple[Proof, ...]:
    """Keep of drawn proofs what this account could give, and one of each factor."""
    usable = {each.factor: each for each in proofs if each.factor in case.usable}
    return tuple(usable.values())


@settings(QUIET, max_examples=400)
@given(case=st.one_of(cases, lax_cases), proofs=st.lists(st.sampled_from(PROOFS), max_size=4))
def test_the_door_opens_for_what_is_asked_and_for_nothing_less(world: World, case: Case, proofs: list[Proof]) -> None:
    shown = given_by(case, proofs)
    outcome = world.loop.run(admit(world.desk(case), world.visit(case), world.sign_in(case, shown), None))
    lacks = missing(shown, case)
    if isinstance(outcome, Admitted):
        assert lacks == [], (case, shown)
        if not case.is_step_up:
            assert outcome.session.acr == level_by(shown)
    else:
        assert lacks, f"{case}: more was asked of {shown} than anybody wants"


@settings(QUIET, max_examples=150)
@given(case=st.one_of(cases, lax_cases), data=st.data())
def test_step_by_step_it_is_the_same(world: World, case: Case, data: st.DataObject) -> None:
    proofs, outcome = world.loop.run(walked(world, case, data))
    if isinstance(outcome, Admitted):
        assert missing(proofs, case) == [], (case, proofs)
    for offer in ("enrol_passkey", "enrol_totp"):
        if isinstance(outcome, MoreNeeded) and offer in outcome.options:
            best = ATTESTED if offer == "enrol_passkey" else APP
            assert missing((*proofs, best), case) == [], f"{case}: {offer} would be in vain"
            assert not owes_own(proofs, case), f"{case}: {offer} in the place of what the account has"


def test_no_way_ends_before_a_door_while_something_would_do() -> None:
    """Every case, every order of proving what is offered: it ends in a session, or an enrolment that leads to one.

    It may end in neither only where nothing the site has would do.
    """
    flags = (False, True)
    drawn = product(LEVELS, ("", "phr"), flags, flags, flags, SETS, flags, flags)
    for level, role, holds_off, passkeys, apps, enrolled, is_trusted, is_step_up in drawn:
        case = Case(
            level=level,
            role=role,
            holds_off=holds_off,
            is_known=False,
            passkeys=passkeys,
            apps=apps,
            enrolled=enrolled,
            is_trusted=is_trusted,
            is_step_up=is_step_up,
        )
        for first in decide((), standing(case)).options:  # type: ignore[union-attr]
            if first in case.usable:
                goes_on((BEST[first],), case)


def goes_on(proofs: tuple[Proof, ...], case: Case) -> None:
    """Prove whatever is offered, each at its best, until the end."""
    decision = decide(proofs, standing(case))
    if isinstance(decision, Enough):
        assert missing(proofs, case) == []
        return
    for option in decision.options:
        if option.startswith("enrol_"):
            assert not owes_own(proofs, case), f"{case}: {option} in the place of what the account has"
            assert missing((*proofs, BEST[option.removeprefix("enrol_")]), case) == [], f"{case}: {option} is in vain"
        else:
            assert option in case.usable
            goes_on((*proofs, BEST[option]), case)
    if not decision.options:
        has = tuple(BEST[each] for each in case.usable)
        news = [BEST["passkey"]] * (case.passkeys and "passkey" not in case.usable)
        news += [BEST["totp"]] * (case.apps and "totp" not in case.usable)
        for more in ((), *((each,) for each in news)):
            assert missing((*proofs, *has, *more), case), f"{case}: {more or 'what there is'} would do after {proofs}"


def owes_own(proofs: tuple[Proof, ...], case: Case) -> bool:
    """Tell whether a second factor that the account has, and can prove, was not."""
    rest = tuple(BEST[each] for each in case.usable - {proof.factor for proof in proofs})
    return owes_two(proofs, case) and not owes_two((*proofs, *rest), case)


def standing(case: Case) -> Standing:
    """Give what the policy decides from in a case."""
    has = {
        "passkey": case.passkeys,
        "totp": case.apps,
        "backup_code": case.passkeys or case.apps,
        "provider": case.providers,
    }
    site = tuple(each for each in ASSURANCES if has.get(each, True))
    return Standing(
        site=site,
        begins=tuple(each for each in site if ASSURANCES[each].begins),
        enrolled=case.enrolled | {"email_code"},
        site_wants=wanted_of(case.level),
        roles=(("staff", wanted_of(case.role)),) if case.role else (),
        is_step_up=case.is_step_up,
        is_trusted=case.is_trusted,
        is_stranger=case.holds_off and not case.is_known,
    )


async def walked(world: World, case: Case, data: st.DataObject) -> tuple[tuple[Proof, ...], Admitted | MoreNeeded]:
    """Go through a sign-in or a step-up, proving one of what is offered after the other, as drawn."""
    desk, visit, who = world.desk(case), world.visit(case), world.people[case.enrolled]
    if case.is_step_up:
        wanted = wanted_of(case.asked or "aal1")
        outcome: Admitted | MoreNeeded = await begin_step_up(desk, visit, who.principal, wanted=wanted)
    else:
        asked_for = AskedFor(wanted=wanted_of(case.asked or "aal1"))
        outcome = await begin_sign_in(desk, visit, identifier=who.account.email or "", asked_for=asked_for)
    proofs: tuple[Proof, ...] = ()
    while isinstance(outcome, MoreNeeded):
        able = [each for each in PROOFS if each.factor in outcome.options and each.factor in case.usable]
        if not able:
            break
        proof = data.draw(st.sampled_from(able))
        step = Step(outcome.sign_in, outcome.continuation.reveal())
        outcome = await prove(desk, visit, step, proof.factor, judging(proof), limit=None)
        proofs = (*proofs, proof)
    return proofs, outcome


def judging(proof: Proof) -> Any:
    async def judge(_sign_in: SignIn, _who: Who) -> Proof:
        return proof

    return judge


@settings(QUIET, max_examples=40)
@given(case=st.one_of(cases, lax_cases))
def test_the_flows_with_a_password(world: World, case: Case) -> None:
    case = replace(case, enrolled=case.enrolled | {"password"})
    desk, visit, who = world.desk(case), world.visit(case), world.people[case.enrolled]

    async def go() -> Admitted | MoreNeeded:
        if case.is_step_up:
            wanted = wanted_of(case.asked or "aal1")
            return await step_up_with_password(desk, visit, who.principal, password=WORDS, wanted=wanted)
        asked_for = AskedFor(wanted=wanted_of(case.asked or "aal1"))
        name = who.account.email or ""
        return await sign_in_with_password(desk, visit, identifier=name, password=WORDS, asked_for=asked_for)

    outcome = world.loop.run(go())
    assert isinstance(outcome, Admitted) is (missing((PASSWORD,), case) == []), case


@settings(QUIET, max_examples=300)
@given(case=cases, proofs=st.lists(st.sampled_from(PROOFS), max_size=3), more=st.sampled_from(PROOFS))
def test_more_proofs_never_give_less(world: World, case: Case, proofs: list[Proof], more: Proof) -> None:
    case = replace(case, is_step_up=False)
    fewer = given_by(case, proofs)
    assume(more.factor in case.usable and more.factor not in {each.factor for each in fewer})
    before = world.loop.run(admit(world.desk(case), world.visit(case), world.sign_in(case, fewer), None))
    if isinstance(before, Admitted):
        after = world.loop.run(admit(world.desk(case), world.visit(case), world.sign_in(case, (*fewer, more)), None))
        assert isinstance(after, Admitted)
        assert after.session.acr >= before.session.acr
        assert set(before.session.amr) <= set(after.session.amr)


@settings(QUIET, max_examples=300)
@given(
    case=cases,
    proofs=st.lists(st.sampled_from(PROOFS), max_size=3),
    new=st.sampled_from(("totp", "passkey", "password", "provider")),
)
def test_a_factor_more_never_makes_a_sign_in_easier(world: World, case: Case, proofs: list[Proof], new: Factor) -> None:
    assume(new not in case.enrolled)
    shown = given_by(case, proofs)
    richer = replace(case, enrolled=case.enrolled | {new})
    if isinstance(
        world.loop.run(admit(world.desk(case), world.visit(case), world.sign_in(case, shown), None)), MoreNeeded
    ):
        outcome = world.loop.run(admit(world.desk(richer), world.visit(richer), world.sign_in(richer, shown), None))
        assert isinstance(outcome, MoreNeeded)
