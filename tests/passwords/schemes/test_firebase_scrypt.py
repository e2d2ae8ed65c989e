"""Firebase's scrypt: the vector its authors publish, and the one of Supabase's own tests."""

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.passwords import schemes
from coatcheck.passwords.schemes import Cost, CostTooHigh, UnknownHash
from coatcheck.passwords.schemes.firebase_scrypt import spell_firebase
from coatcheck.settings.passwords import PasswordSettings

# https://github.com/firebase/scrypt, "Password Hashing": the password is user1password.
SIGNER_KEY = b64decode("jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==")
HASHED = b64decode("lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==")
SALT = b64decode("42xEC+ixf3L2lw==") + b64decode("Bw==")
PASSWORD = "user1password"
# https://github.com/supabase/auth, internal/crypto/password_test.go: the password is mytestpassword.
OTHER_SIGNER_KEY = b64decode("ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==")
OTHER_HASHED = b64decode("zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==")
OTHER_SALT = b64decode("C0sHCg9ek77hsg==") + b64decode("Bw==")

STORED = spell_firebase(hashed=HASHED, salt=SALT, signer_key=SIGNER_KEY, mem_cost=14, rounds=8)
LABEL = "firebase-scrypt$ln=14,r=8,p=1"


def test_the_published_vector_is_verified() -> None:
    assert schemes.recognises(STORED)
    assert schemes.read(STORED).verify(PASSWORD)


@pytest.mark.parametrize("wrong", ["", "user1passwore", "user1password ", "User1password"])
def test_another_password_is_not(wrong: str) -> None:
    assert not schemes.read(STORED).verify(wrong)


def test_the_vector_of_supabase_is_verified() -> None:
    stored = spell_firebase(hashed=OTHER_HASHED, salt=OTHER_SALT, signer_key=OTHER_SIGNER_KEY, mem_cost=14, rounds=8)
    assert schemes.read(stored).verify("mytestpassword")
    assert not schemes.read(stored).verify("mytestpassword1")


def test_nothing_that_is_kept_holds_the_signer_key_or_what_it_was_taken_off() -> None:
    kept = b64decode(STORED.rpartition("$")[2] + "=")
    assert len(kept) == 32
    assert kept not in HASHED
    assert not any(SIGNER_KEY[start : start + 8] in kept for start in range(56))
    assert STORED.rpartition("$")[2] not in repr(schemes.read(STORED))


def test_with_another_signer_key_no_password_is_right() -> None:
    stored = spell_firebase(hashed=HASHED, salt=SALT, signer_key=OTHER_SIGNER_KEY, mem_cost=14, rounds=8)
    assert not schemes.read(stored).verify(PASSWORD)


def test_a_signer_key_of_another_length_is_refused_before_it_locks_everybody_out() -> None:
    with pytest.raises(UnknownHash, match="as long as the signer key"):
        spell_firebase(hashed=HASHED, salt=SALT, signer_key=SIGNER_KEY[:-1], mem_cost=14, rounds=8)
    with pytest.raises(UnknownHash, match="as long as the signer key"):
        spell_firebase(hashed=HASHED[:16], salt=SALT, signer_key=SIGNER_KEY[:16], mem_cost=14, rounds=8)


def test_it_costs_what_its_scrypt_costs_and_is_upgraded() -> None:
    assert schemes.label(STORED) == LABEL
    assert schemes.read(STORED).cost == Cost(128 * 8 * (16384 + 1 + 2))
    assert schemes.needs_upgrade(STORED, PasswordSettings())


def test_the_ceilings_are_scrypts() -> None:
    schemes.refuse_above_ceiling(STORED.replace("ln=14", "ln=18"))
    for dear in (STORED.replace("ln=14", "ln=19"), STORED.replace("p=1$", "p=100000$")):
        with pytest.raises(CostTooHigh, match="ceiling"):
            schemes.refuse_above_ceiling(dear)


def test_a_decoy_has_its_label_and_no_password() -> None:
    stored = schemes.decoy(LABEL, bytes(range(128)))
    assert stored is not None
    assert schemes.label(stored) == LABEL
    assert not schemes.read(stored).verify(PASSWORD)
    assert schemes.decoy("firebase-scrypt$ln=0,r=8,p=1", bytes(128)) is None


@pytest.mark.parametrize(
    "malformed",
    [
        "$firebase-scrypt$",
        STORED.rpartition("$")[0],
        STORED.rpartition("$")[0] + "$YWJjZA",
        STORED + "A",
        STORED + "\n",
        STORED.replace("ln=14", "ln=0"),
        STORED.replace("ln=14", "ln=014"),
        STORED.replace("r=8", "r=0"),
        STORED.replace("p=1$", "p=4294967296$"),
        STORED.replace("$42", "$*2"),
    ],
    ids=[
        "empty", "no check", "short check", "long check", "line break", "no memory", "leading zero", "no block size",
        "too many lanes", "no base64",
    ],
)  # fmt: skip
def test_a_malformed_hash_is_an_error_and_never_a_match(malformed: str) -> None:
    with pytest.raises(UnknownHash) as refused:
        schemes.read(malformed)
    assert STORED[-12:] not in str(refused.value)


@given(st.binary(min_size=64, max_size=64), st.binary(max_size=20))
def test_what_is_spelled_is_read_again(hashed: bytes, salt: bytes) -> None:
    stored = spell_firebase(hashed=hashed, salt=salt, signer_key=SIGNER_KEY, mem_cost=8, rounds=4)
    assert schemes.label(stored) == "firebase-scrypt$ln=8,r=4,p=1"
