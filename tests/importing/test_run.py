"""A whole import: dry runs, going on after a stop, collisions, what is kept of it and what is never shown."""

import asyncio
import hashlib
import json
from collections.abc import Iterator, Sequence

import bcrypt
import pytest
from sqlalchemy import select

from coatcheck.access import records as access
from coatcheck.admin.roles import create_role
from coatcheck.audit.show import show
from coatcheck.ending.close_account import close_account
from coatcheck.errors import BadInput, DatabaseAway
from coatcheck.importing import keep, run
from coatcheck.importing.account import (
    BadRow,
    ImportedAccount,
    ImportedHash,
    ImportedIdentity,
    ImportedPasskey,
    ImportedTotp,
    Row,
)
from coatcheck.importing.choices import Choices, parse_mapping, parse_name
from coatcheck.importing.ids import ids_of
from coatcheck.importing.progress import Unwatched
from coatcheck.importing.report import Report
from coatcheck.login.link import link
from coatcheck.passwords import schemes
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.audit import audit_events
from coatcheck.storage.tables.importing import imported_accounts
from coatcheck.storage.tables.passwords import passwords
from coatcheck.upstream.identity import Identity
from coatcheck.visit import Visit
from tests.importing.sites import OLD, OPERATOR, bring, count_of, found
from tests.site import PASSWORD, VISIT, Site, sign_in

HASH = "$2b$04$RQ5s4pV3pQ5x0bOOJkzyHu9zTq8ZV4kqJfSMo2eFdFqxP7Nw3yq6S"


class Listed:
    """Give the rows of a list."""

    name = "listed"

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def count(self) -> int | None:
        """Count them."""
        return len(self._rows)

    def rows(self) -> Iterator[Row]:
        """Give them."""
        return iter(self._rows)


def somebody(number: int | str, **more: object) -> ImportedAccount:
    """Give an account with a verified address and no password."""
    known = {"external_id": str(number), "email": f"p{number}@example.org", "email_verified": True}
    return ImportedAccount(**{**known, **more})  # type: ignore[arg-type]


async def test_a_dry_run_says_what_a_run_does_and_keeps_nothing(every_site: Site) -> None:
    site = every_site
    await site.person("p1@example.org")
    rows: list[Row] = [somebody(1), somebody(2), BadRow("line 3", "it is no JSON"), somebody(4, email="p2@example.org")]
    rows += [somebody(5, password=ImportedHash("md5$x")), somebody(2)]
    dry = await bring(site, Listed(rows), is_dry=True)
    assert await count_of(site, accounts) == 1
    assert await count_of(site, imported_accounts) == 0
    real = await bring(site, Listed(rows))
    assert (dry.facts() | {"is_dry": False}) == real.facts()
    assert (real.rows, real.came, real.here, real.collided, real.bad) == (6, 1, 1, 2, 2)
    assert {(each.where, each.because) for each in real.listed} == {
        ("line 3", "it is no JSON"),
        ("5", "its password: the stored hash is of no scheme we read"),
        ("1", "another account has its address"),
        ("4", "another account has its address"),
    }


async def test_again_brings_only_what_is_new(site: Site) -> None:
    rows = [somebody(number) for number in range(1, 8)]
    await bring(site, Listed(rows[:5]))
    report = await bring(site, Listed([somebody(0), *rows]))
    assert (report.came, report.here, await count_of(site, accounts)) == (3, 5, 8)
    changed = [somebody(number, email=f"other{number}@example.org") for number in range(8)]
    assert (await bring(site, Listed(changed))).here == 8
    assert (await bring(site, Listed(changed), name="another")).came == 8, "another system's ids are others"


async def test_what_collided_comes_once_it_may(site: Site) -> None:
    person = await site.person("p1@example.org")
    assert (await bring(site, Listed([somebody(1)]))).collided == 1
    await close_account(site.desk, VISIT, account=person.id, actor="operator")
    assert (await bring(site, Listed([somebody(1)]))).came == 1


async def test_who_was_closed_here_does_not_come_back(site: Site) -> None:
    await bring(site, Listed([somebody(1), somebody(2)]))
    person = await found(site, "p1@example.org")
    assert person is not None
    await close_account(site.desk, VISIT, account=person.id, actor="operator")
    report = await bring(site, Listed([somebody(1), somebody(2)]))
    assert (report.came, report.here) == (0, 2)
    other = await found(site, "p2@example.org")
    assert other is not None
    assert await ids_of(site.desk, "listed") == [("2", other.id)], "nothing names who was closed"


async def test_a_collision_is_never_a_merge(site: Site) -> None:
    ann = await site.person("ann@example.org", username="ann")
    identity = Identity(provider="github", issuer="https://github.com", subject="1")
    async with site.desk.database.writing() as tx:
        await link(tx, site.desk, ann, identity)
    rows = [
        somebody(1, email="ann@example.org", password=ImportedHash(HASH)),
        somebody(2, username="ANN"),
        somebody(3, email=None, username="ann"),
    ]
    report = await bring(site, Listed(rows))
    assert [each.because.removeprefix("another account has its ") for each in report.listed] == [
        "address", "username", "username",
    ]  # fmt: skip
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).status_code == 200
    assert await count_of(site, imported_accounts) == 0


async def test_a_passkey_that_somebody_has(site: Site) -> None:
    key = passkey(b"k" * 32)
    report = await bring(site, Listed([somebody(1, passkeys=(key,)), somebody(2, passkeys=(key,)), somebody(3)]))
    assert (report.came, [each.because for each in report.listed]) == (2, ["another account has its passkey"])
    report = await bring(site, Listed([somebody(4, passkeys=(key,)), somebody(5)]))
    assert (report.came, report.collided) == (1, 1)


def passkey(key_id: bytes) -> ImportedPasskey:
    """Give a passkey for this site."""
    return ImportedPasskey(credential_id=key_id, public_key=b"k" * 40, sign_count=0, rp_id_hash=_hash_of_host())


def _hash_of_host() -> bytes:
    return hashlib.sha256(b"auth.example.org").digest()


async def test_all_that_an_account_brings_is_there(every_site: Site) -> None:
    site = every_site
    await create_role(site.desk, Visit(), role="editor", permissions=["notes:write"], actor="operator")
    row = somebody(
        1, username="ann", created_at=1000, password=ImportedHash(HASH), roles=("editors",), locked=True,
        totp_secrets=(ImportedTotp(label="", key=b"t" * 20),), backup_codes=("12345678",),
        passkeys=(passkey(b"p" * 32),),
        identities=(ImportedIdentity(provider="nowhere", subject="1"),),
    )  # fmt: skip
    report = await bring(site, Listed([row]), roles={"editors": "editor"})
    assert report.is_whole
    account = await found(site, "ann")
    assert account is not None
    assert (account.email, account.status, account.created_at) == ("p1@example.org", "locked", 1000)
    assert account.factors == {"totp", "backup_code", "passkey"}
    async with site.desk.database.reading() as db:
        assert await access.roles_of(db, account.id, site.desk.now()) == ["editor"]
        kept = (await db.execute(select(passwords))).one()
    assert (kept.hash, kept.label, kept.stands_alone) == (HASH, schemes.label(HASH), False)
    [entry] = await show(site.desk, account=account.id)
    assert (entry.event, entry.actor, entry.details) == (
        "account.imported", "operator", {"roles": "editor", "source": "listed"},
    )  # fmt: skip


async def test_no_secret_reaches_the_trail_or_the_report(site: Site) -> None:
    app = ImportedTotp(label="", key=b"totp-key-of-ann-here")
    rows = [somebody(1, password=ImportedHash(HASH), totp_secrets=(app,), backup_codes=("12345678",))]
    report = await bring(site, Listed([*rows, somebody(2, password=ImportedHash("$2b$04$broken" + "x" * 40))]))
    async with site.desk.database.reading() as db:
        trail = [row.details for row in await db.execute(select(audit_events))]
    shown = json.dumps([trail, report.facts()]) + repr(report)
    for secret in (HASH, HASH[7:29], "12345678", "totp-key", "broken"):
        assert secret not in shown
    done = json.loads(next(each for each in trail if "rows" in each))
    assert done == {"source": "listed", "rows": 2, "came": 1, "here": 0, "collided": 0, "bad": 1}


@pytest.mark.parametrize(("typed", "alone"), [(OLD, True), ("short one", False)])
async def test_how_long_a_password_is_shows_when_it_is_typed(site: Site, typed: str, alone: bool) -> None:
    """Beside a second factor a short one will have done there; the first sign-in tells whether it may stand alone."""
    stored = bcrypt.hashpw(typed.encode(), bcrypt.gensalt(4)).decode()
    app = ImportedTotp(label="", key=b"t" * 20)
    await bring(site, Listed([somebody(1, password=ImportedHash(stored), totp_secrets=(app,))]))
    assert await _stands_alone(site) == [False]
    assert (await sign_in(site.browser(), "p1@example.org", typed)).status_code == 200
    assert await _stands_alone(site) == [alone]


async def _stands_alone(site: Site) -> list[bool]:
    async with site.desk.database.reading() as db:
        return [row.stands_alone for row in await db.execute(select(passwords))]


class Stopped(Exception):
    """Stands for whatever stops a run."""


async def test_a_run_that_stops_is_gone_on_with(site: Site) -> None:
    rows: list[Row] = [somebody(number) for number in range(1700)]

    class Broken(Listed):
        def rows(self) -> Iterator[Row]:
            yield from rows[:1100]
            raise Stopped

    class Heard(Unwatched):
        def __init__(self) -> None:
            self.totals: list[int | None] = []
            self.moves: list[int] = []

        def begun(self, total: int | None) -> None:
            self.totals.append(total)

        def moved(self, report: Report) -> None:
            self.moves.append(report.came)

    with pytest.raises(Stopped):
        await bring(site, Broken(rows))
    assert await count_of(site, accounts) == 1000
    heard = Heard()
    choices = Choices(name="listed")
    report = await run.import_accounts(
        site.desk, OPERATOR, source=Listed(rows), choices=choices, actor="operator", is_dry=False, watch=heard
    )
    assert (report.came, report.here, await count_of(site, accounts)) == (700, 1000, 1700)
    assert (heard.totals, heard.moves) == ([1700], [0, 0, 500, 700])


async def test_a_batch_that_was_undone_is_kept_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    async def undone_at_first(*args: object, **named: object) -> keep.Kept:
        tries.append(1)
        if len(tries) < 3:
            raise DatabaseAway(because="deadlock detected")
        return await keep.keep_batch(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "keep_batch", undone_at_first)
    monkeypatch.setattr(run, "_PAUSE_SECONDS", 0)
    assert (await bring(site, Listed([somebody(1)]))).came == 1
    assert len(tries) == 3


@pytest.mark.parametrize("name", ["", "A", "1a", "a b", "a" * 41, "../a"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(BadInput):
        parse_name(name)


def test_mappings() -> None:
    assert parse_mapping(["a=b", "x=y=z"], "role") == {"a": "b", "x=y": "z"}
    for wrong in (["a"], ["=b"], ["a="], ["a=b", "a=c"]):
        with pytest.raises(BadInput):
            parse_mapping(wrong, "role")


async def test_a_provider_that_is_none_of_ours(site: Site) -> None:
    with pytest.raises(BadInput):
        await bring(site, Listed([]), providers={"gh": "github"})


async def test_others_are_served_while_it_runs(site: Site) -> None:
    """An import holds the writer for a batch at a time, and reads in a thread of its own."""
    await site.person("ann@example.org")
    running = asyncio.ensure_future(bring(site, Listed([somebody(number) for number in range(2000)])))
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).status_code == 200
    assert (await running).came == 2000
