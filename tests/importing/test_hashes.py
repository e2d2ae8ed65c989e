"""Hashes of other systems in the texts that those write; each vector is public, and says where it is from."""

import pytest

from coatcheck.importing.files.values import Unfit
from coatcheck.importing.hashes import hash_from
from coatcheck.passwords import schemes
from coatcheck.passwords.schemes import CostTooHigh, UnknownHash

# https://github.com/supabase/auth, internal/crypto/password_test.go
SUPABASE_FIREBASE = (
    "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,"
    "sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$"
    "zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw=="
)
# https://learn.microsoft.com/azure/iot-operations, "Configure authentication method": the PHC's text of PBKDF2.
PHC = (
    "$pbkdf2-sha512$i=100000,l=64$HqJwOCHweNk1pLryiu3RsA"
    "$KVSvxKYcibIG5S5n55RvxKRTdAAfCUtBJoy5IuFzdSZyzkwvUcU+FPawEWFPn+06JyZsndfRTfpiEh+2eSJLkg"
)
# https://auth0.com/docs, "Bulk User Import Database Schema": "generated from the string `hello`".
AUTH0_BCRYPT = "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"
PASSWORDS = {
    SUPABASE_FIREBASE: "mytestpassword",
    PHC: "password",
    PHC.replace("i=100000,l=64$", ""): "password",  # Auth0: without them they are 100,000 and 64
    PHC.replace("i=100000,l=64", "l=64"): "password",
    AUTH0_BCRYPT: "hello",
    # https://github.com/supabase/auth, the same file
    "$argon2i$v=19$m=16,t=2,p=1$bGJRWThNOHJJTVBSdHl2dQ$NfEnUOuUpb7F2fQkgFUG4g": "test",
    "$argon2id$v=19$m=32,t=3,p=2$SFVpOWJ0eXhjRzVkdGN1RQ$RXnb8rh7LaDcn07xsssqqulZYXOM/EUCEFMVcAcyYVk": "test",
    "$2y$04$mIJxfrCaEI3GukZe11CiXublhEFanu5.ododkll1WphfSp6pn4zIu": "test",
    # Django 5.2 and passlib 1.7, as tests/passwords has them: those are taken as they are
    "pbkdf2_sha256$1000$PGsYSIebqbxfWINW7qHUxq$luxf0cHCzl26Ug7YS4FQIlZ1/zwSvjAuyB3bFjPdmA8=": "Straße ✓ 2026",
    "$pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg$psxcR7uk.vm7L146/kUv6RPNi71MbC5SPSox7iBdgSc": "Straße ✓ 2026",
}


@pytest.mark.parametrize("text", PASSWORDS)
def test_a_public_vector_is_verified(text: str) -> None:
    stored = schemes.read(hash_from(text).text)
    assert stored.verify(PASSWORDS[text])
    assert not stored.verify(PASSWORDS[text] + "1")


def test_supabases_signer_key_is_not_taken_along() -> None:
    kept = hash_from(SUPABASE_FIREBASE).text
    assert "ou9tdYTG" not in kept
    assert kept.startswith("$firebase-scrypt$ln=14,r=8,p=1$")


def test_a_hash_prints_nothing() -> None:
    assert AUTH0_BCRYPT not in repr(hash_from(AUTH0_BCRYPT))


@pytest.mark.parametrize(
    "text",
    [
        AUTH0_BCRYPT.replace("$10$", "$15$"),
        PHC.replace("i=100000", "i=2000001"),
        SUPABASE_FIREBASE.replace("n=14", "n=19"),
        "$argon2id$v=19$m=262145,t=1,p=1$SFVpOWJ0eXhjRzVkdGN1RQ$RXnb8rh7LaDcn07xsssqqulZYXOM/EUCEFMVcAcyYVk",
    ],
    ids=["bcrypt", "pbkdf2", "firebase", "argon2"],
)
def test_one_that_costs_too_much_is_refused(text: str) -> None:
    with pytest.raises(CostTooHigh, match="ceiling"):
        hash_from(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "{SSHA}abc",
        PHC.replace("sha512", "md4"),
        PHC.replace("i=100000", "i="),
        PHC.replace("$KVSv", "$"),
        SUPABASE_FIREBASE.replace("v=1", "v=2"),
        SUPABASE_FIREBASE.replace(",sk=ou9tdYTG", ",sk="),
        SUPABASE_FIREBASE.partition(",sk=")[0] + "$C0sHCg9ek77hsg==$zKVT",
    ],
    ids=["empty", "md5", "ldap", "md4", "iterations", "cut", "version", "signer key", "no signer key"],
)
def test_one_that_no_scheme_reads_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises((UnknownHash, Unfit)) as refused:
        hash_from(text)
    assert len(text) < 12 or text[-12:] not in str(refused.value)
