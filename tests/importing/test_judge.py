"""What an account of another system may be here, decided from nothing but the account and the operator's choices."""

from typing import Any

import pytest

from coatcheck.importing.account import (
    BadRow,
    ImportedAccount,
    ImportedHash,
    ImportedIdentity,
    ImportedPasskey,
    ImportedTotp,
)
from coatcheck.importing.arriving import NOTES, Arriving
from coatcheck.importing.choices import Choices, Measure
from coatcheck.importing.judge import judge

NOW = 1_800_000_000_000
RP = b"r" * 32
KEY = ImportedPasskey(credential_id=b"c" * 32, public_key=b"k", sign_count=7, rp_id_hash=RP)
APP = ImportedTotp(label="phone", key=b"t" * 20)
BCRYPT = "$2b$12$" + "a" * 21 + "O" + "b" * 31


def measure(**more: Any) -> Measure:
    """Give what accounts are judged by, at a site that has everything."""
    choices = Choices(name="old", roles={"editors": "editor"}, providers={"gh": "github"}, **more.pop("choices", {}))
    known: dict[str, Any] = {
        "issuers": {"github": "https://github.com", "microsoft": None},
        "rp_id_hash": RP,
        "has_passwords": True,
        "has_totp": True,
        "has_passkeys": True,
        "now": NOW,
    }
    return Measure(choices=choices, **{**known, **more})


def arriving(by: Measure | None = None, **account: Any) -> Arriving:
    """Judge an account that may come."""
    row = ImportedAccount(**{"external_id": "1", "email": "ann@example.org", "email_verified": True, **account})
    verdict = judge(row, by or measure())
    assert isinstance(verdict, Arriving), verdict
    return verdict


def because(by: Measure | None = None, **account: Any) -> str:
    """Judge an account that cannot come."""
    verdict = judge(ImportedAccount(**{"external_id": "1", "email": "ann@example.org", **account}), by or measure())
    assert isinstance(verdict, BadRow), verdict
    return verdict.because


@pytest.mark.parametrize(
    ("email", "verified", "username", "becomes"),
    [
        ("Ann@Example.org", True, "Ann", ("ann@example.org", True, "ann", [])),
        ("ann@example.org", False, "ann", (None, True, "ann", ["address_left"])),
        ("ann@example.org", False, None, ("ann@example.org", False, None, ["unconfirmed"])),
        ("ann@example.org", False, "a b", ("ann@example.org", False, None, ["username_left", "unconfirmed"])),
        ("ann@example.org", True, "a b", ("ann@example.org", True, None, ["username_left"])),
        ("ann@", True, "ann", (None, True, "ann", ["address_unfit"])),
        ("ann\x00@example.org", True, "ann", (None, True, "ann", ["address_unfit"])),
        (None, False, "ann", (None, True, "ann", [])),
        ("", True, "ann", (None, True, "ann", [])),
        (None, True, "ann@example.org", ("ann@example.org", False, None, ["unconfirmed"])),
        ("ann@example.org", True, "ANN@example.org", ("ann@example.org", True, None, [])),
        ("ann@example.org", True, "eve@example.org", ("ann@example.org", True, None, ["username_left"])),
    ],
)
def test_names(email: str | None, verified: bool, username: str | None, becomes: tuple[Any, ...]) -> None:
    made = arriving(email=email, email_verified=verified, username=username)
    account, notes = made.account, [kind for kind, _ in made.notes]
    assert (account.email, account.email_proven, account.username, notes) == becomes


def test_an_address_kept_beside_a_username_is_not_confirmed_either() -> None:
    made = arriving(measure(choices={"keep_addresses": True}), username="ann", email_verified=False, roles=("editors",))
    assert (made.account.email, made.account.username, made.account.email_proven) == ("ann@example.org", "ann", False)
    assert (made.roles, {kind for kind, _ in made.notes}) == ((), {"unconfirmed", "role_unconfirmed"})


def test_somebody_without_any_way_in() -> None:
    assert "no address" in because(email=None)
    assert "no address" in because(email="ann@", username="a b", identities=(identity("reddit"),))
    assert arriving(email=None, identities=(identity("gh"),)).account.email is None


@pytest.mark.parametrize("external_id", ["", "x" * 256, "a\x00b", "a\nb", "\udcff"])
def test_an_id_that_cannot_be_kept(external_id: str) -> None:
    verdict = judge(ImportedAccount(external_id=external_id, username="ann"), measure())
    assert isinstance(verdict, BadRow)
    assert verdict.where.isprintable()
    assert 0 < len(verdict.where) <= 255


@pytest.mark.parametrize(
    "stored",
    [
        "$2b$15$" + BCRYPT[7:],
        "pbkdf2_sha256$2000001$salt$" + "A" * 43 + "=",
        "$argon2id$v=19$m=262145,t=1,p=1$c2FsdHNhbHQ$" + "A" * 43,
        "$scrypt$ln=19,r=8,p=1$c2FsdHNhbHQ$" + "A" * 43,
        "md5$salt$0123456789abcdef",
        "$2b$12$short",
        "plain text",
        "x" * 5000,
    ],
    ids=["bcrypt", "pbkdf2", "argon2", "scrypt", "md5", "malformed", "plain", "long"],
)
def test_a_hash_above_the_ceiling_or_of_no_scheme(stored: str) -> None:
    said = because(password=ImportedHash(stored))
    assert said.startswith("its password: ")
    assert stored not in said
    assert stored[:20] not in said


def test_a_hash_below_the_ceiling() -> None:
    made = arriving(password=ImportedHash(BCRYPT))
    assert (made.hash, made.label) == (BCRYPT, "bcrypt$12")
    off = arriving(measure(has_passwords=False), password=ImportedHash(BCRYPT))
    assert (off.hash, off.notes) == (None, (("password_left", ""),))


def test_roles_only_as_named_and_never_without_a_proven_name() -> None:
    made = arriving(roles=("editors", "is_superuser", "editors"))
    assert (made.roles, made.notes) == (("editor",), (("role_left", "is_superuser"),))
    unproven = arriving(roles=("editors",), email_verified=False)
    assert (unproven.roles, unproven.notes[-1]) == ((), ("role_unconfirmed", "editors"))
    assert arriving(roles=("editor", "admin")).roles == (), "a source's `admin` is not ours"


def identity(provider: str, subject: str = "4711") -> ImportedIdentity:
    """Give a link."""
    return ImportedIdentity(provider=provider, subject=subject)


def test_links() -> None:
    made = arriving(identities=(identity("gh"), identity("github"), identity("reddit"), identity("microsoft")))
    assert [(each.provider, each.issuer, each.subject) for each in made.identities] == [
        ("github", "https://github.com", "4711")
    ]
    assert made.notes == (("provider_left", "reddit"), ("provider_unlike", "microsoft"))


@pytest.mark.parametrize("subject", ["", " ", "null", "Undefined", "0", "a\nb", "x" * 256])
def test_a_subject_that_is_nobodys(subject: str) -> None:
    assert arriving(identities=(identity("gh", subject),)).identities == ()


def test_second_factors() -> None:
    codes = ("1234-5678", "12345678", "short", "k7p4m-9xw2c")
    made = arriving(totp_secrets=(APP, APP), passkeys=(KEY,), backup_codes=codes)
    assert made.account.factors == {"totp", "passkey", "backup_code"}
    assert (made.totp, made.codes) == (APP.key, ("12345678", "k7p4m9xw2c"))
    assert [kind for kind, _ in made.notes] == ["app_left", "codes_left"]
    assert made.passkeys[0].account == made.account.id


@pytest.mark.parametrize(
    ("more", "account"),
    [
        ({}, {"totp_secrets": (ImportedTotp(label="", key=b"t" * 20, digits=8),)}),
        ({}, {"totp_secrets": (ImportedTotp(label="", key=b"t" * 20, period=60),)}),
        ({}, {"totp_secrets": (ImportedTotp(label="", key=b"t" * 20, algorithm="sha256"),)}),
        ({}, {"totp_secrets": (ImportedTotp(label="", key=b""),)}),
        ({"has_totp": False}, {"totp_secrets": (APP,)}),
        ({"has_passkeys": False}, {"passkeys": (KEY,)}),
        ({"rp_id_hash": b""}, {"passkeys": (KEY,)}),
        ({"rp_id_hash": b"x" * 32}, {"passkeys": (KEY,)}),
        ({}, {"passkeys": (ImportedPasskey(credential_id=b"c" * 32, public_key=b"k", sign_count=0),)}),
        ({}, {"passkeys": (ImportedPasskey(credential_id=b"c", public_key=b"k", sign_count=0, rp_id_hash=RP),)}),
    ],
    ids=["8 digits", "60 s", "sha256", "sealed", "no apps", "no passkeys", "no host", "other host", "unknown", "short"],
)
def test_none_that_works_here(more: dict[str, Any], account: dict[str, Any]) -> None:
    assert "--without-factors" in because(measure(**more), **account)
    made = arriving(measure(choices={"without_factors": True}, **more), backup_codes=("12345678",), **account)
    assert (made.account.factors, made.codes) == (frozenset(), ())


def test_hmac_names_of_sha_1_are_it() -> None:
    for name in ("SHA1", "HmacSHA1", "sha-1"):
        assert arriving(totp_secrets=(ImportedTotp(label="", key=b"t" * 20, algorithm=name),)).totp


def test_times_and_locks() -> None:
    assert arriving(created_at=NOW + 1).account.created_at == NOW
    assert arriving(created_at=-5).account.created_at == 0
    assert arriving(created_at=0).account.created_at == 0
    locked = arriving(locked=True)
    assert (locked.account.status, locked.notes) == ("locked", (("locked", ""),))


def test_nothing_shows_what_is_secret() -> None:
    row = ImportedAccount(external_id="1", email="ann@example.org", password=ImportedHash(BCRYPT),
                          totp_secrets=(APP,), backup_codes=("12345678",), passkeys=(KEY,))  # fmt: skip
    shown = repr((row, row.password, APP, KEY, judge(row, measure())))
    for secret in (BCRYPT, "12345678", repr(APP.key), repr(KEY.public_key)):
        assert secret not in shown


def test_every_note_has_a_sentence() -> None:
    assert all(says.format(what="it") for says in NOTES.values())
