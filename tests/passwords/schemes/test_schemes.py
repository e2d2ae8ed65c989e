"""Stored hashes of other systems: vectors made by Django 5.2, passlib 1.7.4, bcrypt 4.3 and argon2-cffi 25.1."""

import hashlib

import pytest
from argon2.low_level import Type, hash_secret_raw
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.passwords import schemes
from coatcheck.passwords.schemes import Cost, CostTooHigh, UnknownHash
from coatcheck.passwords.schemes.argon2id import spell_argon2
from coatcheck.passwords.schemes.pbkdf2 import spell_pbkdf2
from coatcheck.passwords.schemes.scrypt import spell_scrypt
from coatcheck.settings.passwords import PasswordSettings

PASSWORD = "Straße ✓ 2026"
SETTINGS = PasswordSettings()
MIB = 1024 * 1024

ARGON2ID = "$argon2id$v=19$m=64,t=1,p=1$w9ge5H2kuKH0JAGqZze9+Q$aQGOmA7zWEu3cyU1ugTPO8BsL2WG70yedeW9B3xBpc4"
ARGON2I = "$argon2i$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$x81e8eTT9mJPZBFLAp8zbmCaj14QI3O00U/A0KM4IVk"
DJANGO_ARGON2 = (
    "argon2$argon2id$v=19$m=64,t=1,p=1$OUVDdHFYMVRQblJWTEpSUzRCN2pRYw$QUnQLse0vDPr+aU4p9lmqPHubtnICScUbv91+wJ8vzA"
)
BCRYPT_2B = "$2b$04$K7UpB5ULCNUvEcryDbhssOuAAm.kKjnCmxX/bkWC5Ca1sYpoN1NrG"
BCRYPT_2A = "$2a$04$0hGqnVSc1Tk0xFnUp/Zh5.BcS3IpmV6pZNskT1jXRQejRbm0hMCdq"
BCRYPT_2Y = "$2y" + BCRYPT_2B[3:]
DJANGO_BCRYPT = "bcrypt$$2b$04$I5m55ZZas4Pgh1Y.692t2.4.CuKj1gZBudT95JJG2jbNfsfcr7LI6"
DJANGO_BCRYPT_SHA256 = "bcrypt_sha256$$2b$04$59zVYEaUiGhZ9.fqeA.i6uBdtYsB6CMV.ahkwSQqHm73hGSfd1XUa"
BCRYPT_OF_80_X = "$2b$04$EUsgX7aOnKuminPbz26Jmu/yClKFJXZ3C4OkBZujTJZEyovqQUHHy"
PASSLIB_PBKDF2_SHA256 = "$pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg$psxcR7uk.vm7L146/kUv6RPNi71MbC5SPSox7iBdgSc"
PASSLIB_PBKDF2_SHA512 = (
    "$pbkdf2-sha512$1000$MDEyMzQ1Njc4OWFiY2RlZg"
    "$qlGfFF.Qx2PEVPdvA/wA7nh34gv5/Jl0NGA7BVuko.DaVmfj.WRlHxVdmNEcp2eGUDoR10uYX3EdrnU0to.Yfg"
)
PASSLIB_PBKDF2_SHA1 = "$pbkdf2$1000$MDEyMzQ1Njc4OWFiY2RlZg$uPg4AdcUowCTOz2tf5Bq1zRO7/k"
DJANGO_PBKDF2_SHA256 = "pbkdf2_sha256$1000$PGsYSIebqbxfWINW7qHUxq$luxf0cHCzl26Ug7YS4FQIlZ1/zwSvjAuyB3bFjPdmA8="
DJANGO_PBKDF2_SHA1 = "pbkdf2_sha1$1000$cYjmTN9VLNFKDPyNRSpJSq$mFZne5qlAvAEgiHtmCehqHmJpBQ="
PASSLIB_SCRYPT = "$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$Lh+Qb1RoeIZRiTDB4+89J2VxG0AJpf3O9NUhM8qimRE"
DJANGO_SCRYPT = (
    "scrypt$1024$N4268aYsxcqvZcfuUmkB2V$8$5"
    "$Euxm2AUr6tXtjc1l08FGu/O1bzb+s2RKs/v/bBCcj9fsmNZyoreNgYyfJKX1pymhTh7k/ZCqz9fzps4lNluvxA=="
)
LABELS = {
    ARGON2ID: "argon2id$v=19$m=64,t=1,p=1",
    ARGON2I: "argon2i$v=19$m=64,t=1,p=1",
    DJANGO_ARGON2: "argon2id$v=19$m=64,t=1,p=1",
    BCRYPT_2B: "bcrypt$4",
    BCRYPT_2A: "bcrypt$4",
    BCRYPT_2Y: "bcrypt$4",
    DJANGO_BCRYPT: "bcrypt$4",
    DJANGO_BCRYPT_SHA256: "bcrypt$4",
    PASSLIB_PBKDF2_SHA256: "pbkdf2-sha256$1000",
    PASSLIB_PBKDF2_SHA512: "pbkdf2-sha512$1000",
    PASSLIB_PBKDF2_SHA1: "pbkdf2-sha1$1000",
    DJANGO_PBKDF2_SHA256: "pbkdf2-sha256$1000",
    DJANGO_PBKDF2_SHA1: "pbkdf2-sha1$1000",
    PASSLIB_SCRYPT: "scrypt$ln=10,r=8,p=1",
    DJANGO_SCRYPT: "scrypt$ln=10,r=8,p=5",
}


@pytest.mark.parametrize("stored", LABELS)
def test_a_hash_of_another_system_is_verified(stored: str) -> None:
    assert schemes.recognises(stored)
    assert schemes.read(stored).verify(PASSWORD)
    assert not schemes.read(stored).verify(PASSWORD + " ")
    assert not schemes.read(stored).verify("")


@pytest.mark.parametrize(
    "stored",
    [
        "pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY=",
        "scrypt$16384$seasalt$8$5"
        "$ECMIUp+LMxMSK8xB/IVyba+KYGTI7FTnet025q/1f/vBAVnnP3hdYqJuRi+mJn6ji6ze3Fbb7JEFPKGpuEf5vw==",
    ],
)
def test_the_vectors_of_djangos_own_tests_are_verified(stored: str) -> None:
    assert schemes.read(stored).verify("lètmein")
    assert not schemes.read(stored).verify("letmein")


@pytest.mark.parametrize(("stored", "label"), LABELS.items())
def test_the_label_names_scheme_and_cost(stored: str, label: str) -> None:
    assert schemes.label(stored) == label


@pytest.mark.parametrize("stored", LABELS)
def test_no_representation_shows_salt_or_digest(stored: str) -> None:
    shown = repr(schemes.read(stored))
    assert stored[-16:] not in shown
    assert "salt" not in shown
    assert "key" not in shown


def test_bcrypt_reads_72_bytes_as_it_did_where_the_hash_was_made() -> None:
    stored = schemes.read(BCRYPT_OF_80_X)
    assert stored.verify("x" * 80)
    assert stored.verify("x" * 72)
    assert not stored.verify("x" * 71)


def test_our_own_hash_reads_all_of_a_long_password() -> None:
    stored = schemes.read(schemes.hash_today("x" * 1024, SETTINGS))
    assert stored.verify("x" * 1024)
    assert not stored.verify("x" * 1023 + "y")


def test_two_hashes_of_one_password_differ() -> None:
    assert schemes.hash_today(PASSWORD, SETTINGS) != schemes.hash_today(PASSWORD, SETTINGS)


def test_only_todays_scheme_and_cost_need_no_upgrade() -> None:
    stored = schemes.hash_today(PASSWORD, SETTINGS)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not schemes.needs_upgrade(stored, SETTINGS)
    assert schemes.needs_upgrade(stored, PasswordSettings(argon2_time=3))
    assert all(schemes.needs_upgrade(old, SETTINGS) for old in LABELS)


@pytest.mark.parametrize(
    ("stored", "cost"),
    [
        (ARGON2ID.replace("m=64,t=1,p=1", "m=65536,t=3,p=4"), Cost(64 * MIB, 4)),
        (PASSLIB_SCRYPT.replace("ln=10", "ln=15"), Cost(128 * 8 * (32768 + 1 + 2))),
        (BCRYPT_2B, Cost(8 * 1024)),
        (DJANGO_PBKDF2_SHA256, Cost(4 * 1024)),
    ],
)
def test_the_cost_is_the_hashs_own(stored: str, cost: Cost) -> None:
    assert schemes.read(stored).cost == cost


AT_THE_CEILING = [
    ARGON2ID.replace("m=64", "m=262144"),
    ARGON2ID.replace("m=64,t=1", "m=262144,t=4"),
    PASSLIB_SCRYPT.replace("ln=10", "ln=18"),
    BCRYPT_2B.replace("$04$", "$14$"),
    DJANGO_PBKDF2_SHA256.replace("$1000$", "$2000000$"),
    PASSLIB_PBKDF2_SHA512.replace("$1000$", "$2000000$"),
]
ABOVE_THE_CEILING = [
    ARGON2ID.replace("m=64", "m=262145"),
    ARGON2ID.replace("m=64,t=1", "m=262144,t=5"),
    ARGON2ID.replace("t=1", "t=4294967295"),
    ARGON2ID.replace("m=64,t=1,p=1", "m=19456,t=1,p=64"),
    PASSLIB_SCRYPT.replace("ln=10", "ln=19"),
    DJANGO_SCRYPT.replace("$1024$", "$524288$"),
    PASSLIB_SCRYPT.replace("p=1", "p=100000"),
    BCRYPT_2B.replace("$04$", "$15$"),
    DJANGO_PBKDF2_SHA256.replace("$1000$", "$2000001$"),
]


@pytest.mark.parametrize("stored", AT_THE_CEILING)
def test_a_hash_at_the_ceiling_may_be_imported(stored: str) -> None:
    schemes.refuse_above_ceiling(stored)


@pytest.mark.parametrize("stored", ABOVE_THE_CEILING)
def test_a_hash_above_the_ceiling_is_refused(stored: str) -> None:
    with pytest.raises(CostTooHigh, match="ceiling"):
        schemes.refuse_above_ceiling(stored)


MALFORMED = [
    "",
    "$",
    "plain text",
    "!",  # Django's unusable password
    "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
    "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
    "$2x$" + BCRYPT_2B[4:],  # made by the broken PHP release
    BCRYPT_2B[:-1],
    BCRYPT_2B + "\n",
    BCRYPT_2B.replace("$04$", "$03$"),
    BCRYPT_2B.replace("$04$", "$99$"),
    BCRYPT_2B[:28] + "v" + BCRYPT_2B[29:],  # salt bits that are not there
    "bcrypt$bcrypt_sha256$$2b$04$",
    ARGON2ID.replace("v=19", "v=16"),
    ARGON2ID.replace("m=64", "m=7"),
    ARGON2ID.replace("m=64", "m=064"),
    ARGON2ID.replace("m=64", "m=6٤"),
    ARGON2ID.replace("t=1", "t=0"),
    ARGON2ID.replace("p=1", "p=0"),
    ARGON2ID.rpartition("$")[0],
    ARGON2ID.rpartition("$")[0] + "$",
    ARGON2ID.rpartition("$")[0] + "$YWJjZA",  # a digest of four bytes
    ARGON2ID[:-1] + "5",  # bits behind the last byte
    DJANGO_PBKDF2_SHA256.replace("$1000$", "$0$"),
    DJANGO_PBKDF2_SHA256.replace("$1000$", "$-1$"),
    DJANGO_PBKDF2_SHA256.rpartition("$")[0] + "$",
    DJANGO_PBKDF2_SHA256.rpartition("$")[0] + "$YWJjZA==",
    DJANGO_PBKDF2_SHA256.replace("sha256", "md5"),
    DJANGO_PBKDF2_SHA1.replace("sha1", "sha256"),
    PASSLIB_PBKDF2_SHA256 + "=",
    PASSLIB_PBKDF2_SHA256.replace(".", "+"),
    PASSLIB_SCRYPT.replace("ln=10", "ln=0"),
    PASSLIB_SCRYPT.replace("ln=10", "ln=200"),
    PASSLIB_SCRYPT.replace("r=8", "r=0"),
    PASSLIB_SCRYPT.replace("p=1", "p=4294967296"),
    PASSLIB_SCRYPT.rpartition("$")[0] + "$YWJj",
    DJANGO_SCRYPT.replace("$1024$", "$1000$"),
    ARGON2ID + "A" * 600,
]


@pytest.mark.parametrize("stored", MALFORMED)
def test_a_malformed_hash_is_an_error_and_never_a_match(stored: str) -> None:
    with pytest.raises(UnknownHash) as refused:
        schemes.read(stored)
    assert len(stored) < 12 or stored[-12:] not in str(refused.value)


@given(st.text(max_size=80), st.sampled_from(sorted(LABELS)), st.integers(0, 120))
def test_junk_spliced_into_a_hash_is_never_a_match_with_an_empty_password(junk: str, stored: str, place: int) -> None:
    try:
        parsed = schemes.read(stored[:place] + junk)
        parsed.refuse_above_ceiling()
    except (UnknownHash, CostTooHigh):
        return
    if parsed.cost.memory_bytes < MIB:
        assert not parsed.verify("")


def test_a_hash_that_is_spelled_anew_is_verified() -> None:
    raw = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b"grains of it", 1000, 64)
    longer = spell_pbkdf2(digest="sha256", iterations=1000, salt=b"grains of it", key=raw)
    assert schemes.label(longer) == "pbkdf2-sha256$1000"  # the first of two blocks, at the cost of one
    key = hashlib.scrypt(PASSWORD.encode(), salt=b"grains", n=1024, r=8, p=1, dklen=64)
    digest = hash_secret_raw(PASSWORD.encode(), b"grains of it", 1, 64, 1, 32, Type.ID)
    for stored in (
        longer,
        spell_scrypt(n=1024, r=8, p=1, salt=b"grains", key=key),
        spell_argon2(kind="id", memory_kib=64, time=1, lanes=1, salt=b"grains of it", digest=digest),
    ):
        assert schemes.read(stored).verify(PASSWORD)
        assert not schemes.read(stored).verify(PASSWORD + " ")


@pytest.mark.parametrize(("digest", "length"), [("sha256", 31), ("sha512", 32), ("md5", 64), ("", 64)])
def test_a_key_that_is_too_short_or_of_a_foreign_digest_is_not_spelled(digest: str, length: int) -> None:
    with pytest.raises(UnknownHash, match="digest"):
        spell_pbkdf2(digest=digest, iterations=1000, salt=b"grains of it", key=bytes(length))


@pytest.mark.parametrize("label", [*LABELS.values(), "argon2id$v=19$m=19456,t=2,p=1", "pbkdf2-sha1$1", "bcrypt$10"])
def test_a_decoy_has_its_label_and_can_be_verified(label: str) -> None:
    stored = schemes.decoy(label, bytes(range(128)))
    assert stored is not None
    assert schemes.label(stored) == label
    assert not schemes.read(stored).verify(PASSWORD)


@pytest.mark.parametrize(
    "label", ["", "md5", "bcrypt$", "bcrypt$99", "argon2id$v=16$m=64,t=1,p=1", "scrypt$ln=0,r=8,p=1"]
)
def test_a_label_that_no_scheme_knows_gives_no_decoy(label: str) -> None:
    assert schemes.decoy(label, bytes(128)) is None
