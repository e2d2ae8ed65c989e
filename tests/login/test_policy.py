"""The policy decides what a sign-in still needs."""

from typing import Any

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.login.factors import Factor, Level, Proof, check_ways_in
from coatcheck.login.policy import Enough, Standing, StillNeeded, Wanted, decide

SITE = ("passkey", "password", "totp", "email_code", "backup_code", "provider")
BEGINS = ("passkey", "password", "email_code", "provider")
PASSWORD, TOTP, MAILED, BACKUP = (Proof(factor=each) for each in ("password", "totp", "email_code", "backup_code"))
TOUCHED, VERIFIED = Proof(factor="passkey"), Proof(factor="passkey", is_verified=True)
FEDERATED = Proof(factor="provider", provider="work")
VOUCHED = Proof(factor="provider", provider="work", is_verified=True)
ATTESTED = Proof(factor="passkey", is_verified=True, is_attested=True)


def standing(*enrolled: Factor, acr: Level = "aal1", phr: bool = False, **more: Any) -> Standing:
    """Give the standing of an account with a mailbox, at a site that has everything."""
    has = frozenset({*enrolled, "email_code"})
    return Standing(site=SITE, begins=BEGINS, enrolled=has, asked=Wanted(acr=acr, phr=phr), **more)


def options(*proofs: Proof, at: Standing) -> tuple[Factor, ...]:
    """Give what is still needed; it must not be enough."""
    decision = decide(proofs, at)
    assert isinstance(decision, StillNeeded), decision
    return decision.options


def reached(*proofs: Proof, at: Standing) -> tuple[str, tuple[str, ...]]:
    """Give the level and the methods; it must be enough."""
    decision = decide(proofs, at)
    assert isinstance(decision, Enough), decision
    return decision.acr, decision.amr


def test_nothing_proven_asks_for_what_the_site_begins_with() -> None:
    assert options(at=standing()) == BEGINS
    assert options(at=standing("password", "totp")) == BEGINS, "the same, whatever the account has"


def test_a_step_up_begins_with_what_the_account_has() -> None:
    assert options(at=standing("password", "totp", is_step_up=True)) == ("password", "email_code")


def test_a_password_is_enough_for_an_account_without_more() -> None:
    assert reached(PASSWORD, at=standing("password")) == ("aal1", ("pwd",))


def test_an_enrolled_factor_is_asked_for() -> None:
    at = standing("password", "totp", "backup_code")
    assert options(PASSWORD, at=at) == ("totp", "backup_code")
    assert reached(PASSWORD, TOTP, at=at) == ("aal2", ("pwd", "otp", "mfa"))
    assert reached(PASSWORD, BACKUP, at=at) == ("aal2", ("pwd", "otp", "mfa"))


def test_one_factor_twice_counts_once() -> None:
    assert reached(PASSWORD, PASSWORD, at=standing("password")) == ("aal1", ("pwd",))
    assert options(PASSWORD, PASSWORD, at=standing("password", "totp")) == ("totp",)


@pytest.mark.parametrize("proofs", [(TOTP, BACKUP), (MAILED, PASSWORD), (MAILED, TOTP), (TOUCHED, BACKUP)])
def test_two_of_a_kind_or_a_mailbox_are_not_two_factors(proofs: tuple[Proof, ...]) -> None:
    assert isinstance(decide(proofs, standing("password", "totp", "passkey", "backup_code")), StillNeeded)


def test_a_passkey_that_verified_its_holder_is_two_factors() -> None:
    at = standing("password", "passkey")
    assert reached(VERIFIED, at=at) == ("aal2", ("hwk", "user", "mfa"))
    assert options(TOUCHED, at=at) == ("password",)
    assert reached(TOUCHED, PASSWORD, at=at) == ("aal2", ("hwk", "user", "pwd", "mfa"))


def test_a_provider_is_one_factor_and_beside_a_password_no_second() -> None:
    assert reached(FEDERATED, at=standing("provider")) == ("aal1", ("fed",))
    assert reached(FEDERATED, PASSWORD, at=standing("provider", "password")) == ("aal1", ("fed", "pwd"))
    assert options(PASSWORD, FEDERATED, at=standing("provider", "password", acr="aal2")) == ("email_code",)


def test_a_provider_and_an_app_are_two_factors() -> None:
    at = standing("provider", "totp", "backup_code")
    assert options(FEDERATED, at=at) == ("totp", "backup_code")
    assert reached(FEDERATED, TOTP, at=at) == ("aal2", ("fed", "otp", "mfa"))
    assert options(MAILED, at=at) == ("totp", "backup_code", "provider")


def test_a_provider_whose_second_factor_the_operator_believes_is_two() -> None:
    at = standing("provider", "totp", acr="aal2")
    assert reached(VOUCHED, at=at) == ("aal2", ("fed", "mfa"))
    assert reached(VOUCHED, at=standing("provider", is_stranger=True)) == ("aal2", ("fed", "mfa"))
    assert options(FEDERATED, at=standing("provider", is_stranger=True)) == ("email_code",)


def test_no_provider_resists_phishing_nor_reaches_aal3() -> None:
    asked: tuple[dict[str, Any], ...] = ({"phr": True}, {"acr": "aal3"})
    for wanted in asked:
        at = standing("provider", "passkey", **wanted)
        assert options(VOUCHED, at=at) == ("passkey",)
        assert options(VOUCHED, MAILED, at=standing("provider", **wanted)) == ("enrol_passkey",)


def test_no_second_factor_lifts_a_mailbox_and_it_is_asked_for_all_the_same() -> None:
    at = standing("totp")
    assert options(MAILED, at=at) == ("totp",)
    assert reached(MAILED, TOTP, at=at) == ("aal1", ("otp",))


def test_what_must_resist_phishing_takes_a_passkey() -> None:
    at = standing("password", "totp", "passkey", phr=True)
    assert options(PASSWORD, TOTP, at=at) == ("passkey",)
    assert options(PASSWORD, at=at) == ("passkey",), "an app's code would not do"
    assert reached(PASSWORD, TOUCHED, at=at)[0] == "aal2"


def test_aal3_takes_a_verified_key_that_its_maker_vouches_for() -> None:
    at = standing("password", "passkey", acr="aal3")
    assert reached(ATTESTED, at=at)[0] == "aal3"
    assert isinstance(decide((VERIFIED, PASSWORD), at), StillNeeded)
    synced = Proof(factor="passkey", is_verified=True, is_attested=True, is_synced=True)
    assert isinstance(decide((synced, PASSWORD), at), StillNeeded)


def test_who_has_too_little_enrols_after_showing_the_mailbox() -> None:
    at = standing("password", acr="aal2")
    assert options(PASSWORD, at=at) == ("email_code",)
    assert options(PASSWORD, MAILED, at=at) == ("enrol_passkey", "enrol_totp")
    assert options(PASSWORD, MAILED, at=standing("password", phr=True)) == ("enrol_passkey",)


def test_nobody_enrols_in_the_place_of_what_the_account_has() -> None:
    at = standing("password", "totp", phr=True)
    assert options(PASSWORD, at=at) == options(PASSWORD, MAILED, at=at) == ("totp",)
    assert options(PASSWORD, at=standing("password", "totp", phr=True, is_trusted=True)) == ("totp",)
    assert options(PASSWORD, TOTP, at=at) == ("email_code",)
    assert options(PASSWORD, TOTP, MAILED, at=at) == ("enrol_passkey",)
    assert options(MAILED, at=standing("totp", acr="aal2")) == ("totp",)


def test_a_passkey_that_is_not_enough_is_joined_by_one_that_is() -> None:
    at = standing("password", "passkey", acr="aal3")
    assert options(VERIFIED, PASSWORD, at=at) == ("enrol_passkey",)
    assert options(TOUCHED, PASSWORD, at=at) == ("email_code",)


def test_a_key_that_cannot_verify_its_holder_is_joined_by_one_that_can() -> None:
    at = standing("passkey")
    assert options(TOUCHED, at=at) == ("email_code",)
    assert options(TOUCHED, MAILED, at=at) == ("enrol_passkey",)
    assert reached(TOUCHED, MAILED, VERIFIED, at=at)[0] == "aal2"


def test_a_trusted_browser_needs_one_factor_but_not_for_a_step_up() -> None:
    assert reached(PASSWORD, at=standing("password", "totp", is_trusted=True)) == ("aal1", ("pwd",))
    assert options(PASSWORD, at=standing("password", "totp", is_trusted=True, is_step_up=True)) == ("totp",)
    assert options(PASSWORD, at=standing("password", "totp", acr="aal2", is_trusted=True)) == ("totp",)


def test_a_stranger_shows_the_mailbox_too() -> None:
    at = standing("password", is_stranger=True)
    assert options(PASSWORD, at=at) == ("email_code",)
    assert reached(PASSWORD, MAILED, at=at)[0] == "aal1"


def test_a_stranger_who_shows_the_mailbox_first_owes_nothing_beside_it() -> None:
    at = standing("email_code", is_stranger=True)
    assert reached(MAILED, at=at) == ("aal1", ("otp",))


def test_a_factor_that_the_site_has_no_more_is_not_asked_for() -> None:
    has = frozenset({"password", "totp", "email_code"})
    at = Standing(site=("password", "email_code"), begins=("password",), enrolled=has)
    assert reached(PASSWORD, at=at) == ("aal1", ("pwd",))


def test_every_decision_says_why() -> None:
    at = Standing(
        site=SITE,
        begins=BEGINS,
        enrolled=frozenset({"password", "totp"}),
        roles=(("admin", Wanted(acr="aal2")),),
    )
    assert decide((PASSWORD,), at).reasons == (
        "the role admin asks for aal2",
        "the account has a code of the authenticator app, so two factors are asked for",
    )
    assert decide((PASSWORD, TOTP), at).reasons[-1] == "the password and a code of the authenticator app reached aal2"


def test_a_way_in_without_assurance_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="carrier pigeon"):
        check_ways_in(("password", "carrier pigeon"))
