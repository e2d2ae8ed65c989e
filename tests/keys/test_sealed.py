"""A copy of the database signs nothing: private parts are sealed under the master key, each for its own place."""

import base64
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from coatcheck.admin.rotate_keys import replace_keys, rotate_keys
from coatcheck.errors import ConfigurationError
from coatcheck.keys.algorithms import ALGORITHMS
from coatcheck.keys.sign import sign_jws
from coatcheck.secret import KeyRing
from tests.keys.checking import is_good, parts_of
from tests.keys.sites import keys_of, signing_site
from tests.site import VISIT


def master_key() -> str:
    """Draw a master key as settings have it."""
    return base64.b64encode(os.urandom(32)).decode()


def keyed(*masters: str) -> Mapping[str, Any]:
    """Give the setting for master keys, the current one first."""
    return {"secret": {"master_key": masters[0], "previous_master_keys": list(masters[1:])}}


def change(folder: Path, statement: str, *values: object) -> None:
    """Change the database as somebody with a copy of it can."""
    with closing(sqlite3.connect(folder / "site.db")) as db, db:
        assert db.execute(statement, values).rowcount


def all_files(folder: Path) -> bytes:
    """Read the database's file, and what SQLite keeps beside it."""
    return b"".join(path.read_bytes() for path in folder.glob("site.db*"))


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
async def test_the_file_holds_no_private_part(tmp_path: Path, algorithm: str) -> None:
    async with signing_site(tmp_path, algorithm) as site:
        key = await keys_of(site).current()
        with closing(sqlite3.connect(tmp_path / "site.db")) as db:
            [[private]] = db.execute("SELECT private FROM signing_keys").fetchall()
        plain = site.desk.key_ring.unseal(private, place=f"signing_keys.private:{key.kid}")
        assert ALGORITHMS[algorithm].open(plain).sign(b"")
    everything = all_files(tmp_path)
    assert private in everything
    assert not any(plain[at : at + 16] in everything for at in range(len(plain) - 16, 0, -16))


async def test_a_copy_with_another_master_key_signs_nothing(tmp_path: Path) -> None:
    async with signing_site(tmp_path, **keyed(master_key())) as site:
        kid = (await keys_of(site).current()).kid
    async with signing_site(tmp_path, **keyed(master_key())) as thief:
        with pytest.raises(ConfigurationError, match=f"{kid} cannot be read: put the master key .*keys rotate --emerg"):
            await keys_of(thief).current()
        assert keys_of(thief).verifying(kid) is None


async def test_a_replaced_master_key_still_opens_what_it_sealed(tmp_path: Path) -> None:
    old, new = master_key(), master_key()
    async with signing_site(tmp_path, **keyed(old)) as site:
        first = await keys_of(site).current()
        [jwk] = keys_of(site).jwks()["keys"]
    async with signing_site(tmp_path, **keyed(new, old)) as site:
        same = await keys_of(site).current()
        assert same.kid == first.kid
        _, _, signed, signature = parts_of(sign_jws(same, "at+jwt", b"{}"))
        assert is_good(jwk, signature, signed)
        second = await rotate_keys(site.desk, VISIT, actor="operator")
        assert KeyRing((base64.b64decode(new),)).unseal(second.private, place=f"signing_keys.private:{second.kid}"), (
            "what is made from now on needs the new one alone"
        )


async def test_an_emergency_rotation_needs_nothing_of_the_lost_master_key(tmp_path: Path) -> None:
    async with signing_site(tmp_path, **keyed(master_key())) as site:
        await keys_of(site).current()
    async with signing_site(tmp_path, **keyed(master_key())) as site:
        made = await replace_keys(site.desk, VISIT, actor="operator")
        assert (await keys_of(site).current()).kid == made.kid


async def test_a_sealed_key_opens_under_its_own_name_alone(tmp_path: Path) -> None:
    async with signing_site(tmp_path) as site:
        await keys_of(site).current()
        change(tmp_path, "UPDATE signing_keys SET kid = 'sig_another'")
        keys_of(site).forget()
        with pytest.raises(ConfigurationError, match="sig_another"):
            await keys_of(site).current()


@pytest.mark.parametrize("planted", [b"", b"\x01" + bytes(60), bytes(range(1, 101))])
async def test_a_planted_key_signs_nothing(tmp_path: Path, planted: bytes) -> None:
    async with signing_site(tmp_path) as site:
        await keys_of(site).current()
        change(tmp_path, "UPDATE signing_keys SET private = ?", planted)
        keys_of(site).forget()
        with pytest.raises(ConfigurationError, match="cannot be read"):
            await keys_of(site).current()


@pytest.mark.parametrize("algorithm", ["RS256", "HS512", "none"])
async def test_a_key_is_not_taken_for_one_of_another_algorithm(tmp_path: Path, algorithm: str) -> None:
    async with signing_site(tmp_path) as site:
        await keys_of(site).current()
        change(tmp_path, "UPDATE signing_keys SET algorithm = ?", algorithm)
        keys_of(site).forget()
        with pytest.raises(ConfigurationError, match="cannot be read"):
            await keys_of(site).current()
