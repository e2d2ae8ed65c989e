"""What the doctor finds in a database: each fault by its code, and nothing where there is none."""

import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from msgspec.structs import replace

from coatcheck.access.names import ADMIN
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.audit.refused import refused
from coatcheck.audit.seal import Sealer
from coatcheck.clock import SystemClock
from coatcheck.desk import Desk
from coatcheck.desk.ephemeral.valkey import InValkey
from coatcheck.desk.outbox import post
from coatcheck.doctor.finding import Finding, NotRun, Passed
from coatcheck.doctor.make_permit import make_permit
from coatcheck.doctor.within.certificates import check_certificates
from coatcheck.doctor.within.events import check_mail_server, check_outbox, check_trail
from coatcheck.doctor.within.inputs import check_connections, check_ephemeral, check_version
from coatcheck.doctor.within.lifetimes import check_clock
from coatcheck.doctor.within.limits import check_addresses
from coatcheck.doctor.within.logout import check_permits, check_readers
from coatcheck.doctor.within.mfa import check_admins
from coatcheck.doctor.within.strong_secrets import (
    check_master_key,
    check_samples,
    check_services,
    check_signing_keys,
)
from coatcheck.keys.ring import SigningKeys
from coatcheck.mail import Message
from coatcheck.revocation import indices, records
from coatcheck.revocation.acks import Acknowledged
from coatcheck.revocation.event import Position
from coatcheck.secret import KeyRing
from coatcheck.settings import DatabaseSettings
from coatcheck.storage.migrate import State
from coatcheck.upstream.configured import Providers
from coatcheck.visit import Visit
from tests.authenticators import with_app
from tests.clients.machines import machine
from tests.site import VISIT, Site, open_site
from tests.upstream.saml.company import certificate_of, connection, rsa_key

OUTCOMES = Finding | Passed | NotRun


def codes(outcomes: tuple[OUTCOMES, ...]) -> list[str]:
    """Name what was found."""
    return [each.code for each in outcomes if isinstance(each, Finding)]


def with_other(desk: Desk, **changed: Any) -> Desk:
    """Give a desk as another, but for what is changed."""
    same = {name: getattr(desk, name) for name in ("settings", "database", "ephemeral", "key_ring", "clock")}
    return Desk(**{**same, **changed})


async def visited(site: Site, address: str) -> None:
    """Have ten strangers refused, as the trail then tells."""
    for _ in range(10):
        await refused(site.desk, Visit(address=address, user_agent="Firefox"), "sign_in.refused")


async def test_visitors_without_an_address(site: Site) -> None:
    await site.person()  # the command line has no address either, and is nobody who visits
    assert codes(await check_addresses(site.desk)) == []
    await visited(site, "")
    assert codes(await check_addresses(site.desk)) == ["addresses-unknown"]
    await visited(site, "203.0.113.7")
    assert codes(await check_addresses(site.desk)) == []


@pytest.mark.parametrize(
    "key",
    [b"k" * 32, b"a passphrase that has 32 letters", bytes(32), bytes(range(8)) * 4],
    ids=["one letter", "words", "zeros", "counted"],
)
async def test_a_master_key_that_nobody_drew(site: Site, key: bytes) -> None:
    assert codes(check_master_key(with_other(site.desk, key_ring=KeyRing((key,))))) == ["master-key-weak"]


async def test_a_master_key_that_was_drawn(site: Site) -> None:
    assert codes(check_master_key(site.desk)) == []


async def test_signing_keys(site: Site) -> None:
    assert codes(await check_signing_keys(site.desk)) == [], "there is none yet"
    await site.desk.keep(SigningKeys).current()
    site.clock.advance(timedelta(days=90))
    assert codes(await check_signing_keys(site.desk)) == [], "the next one is about to be made"
    site.clock.advance(timedelta(days=1))
    assert codes(await check_signing_keys(site.desk)) == ["signing-key-old"]


async def test_a_signing_key_of_another_kind(site: Site) -> None:
    await site.desk.keep(SigningKeys).current()
    settings = replace(site.desk.settings, keys=replace(site.desk.settings.keys, algorithm="ES256"))
    assert codes(await check_signing_keys(with_other(site.desk, settings=settings))) == ["signing-key-old"]


async def test_secrets_of_services(site: Site) -> None:
    await machine(site, "reports")
    site.clock.advance(timedelta(days=350))
    assert codes(await check_services(site.desk)) == []
    site.clock.advance(timedelta(days=2))
    [ending] = await check_services(site.desk)
    assert isinstance(ending, Finding)
    assert (ending.code, ending.fix) == ("service-secret-ending", "Run:\ncoatcheck service rotate-secret reports")
    site.clock.advance(timedelta(days=14))
    assert codes(await check_services(site.desk)) == ["service-secret-expired"]


async def test_accounts_of_samples(site: Site) -> None:
    await site.person("ann@notes.dev")
    await make_permit(site.desk, VISIT, actor="operator")  # the doctor's own is none
    assert codes(await check_samples(site.desk)) == []
    await site.person("ben@mail.example.org")
    [found] = await check_samples(site.desk)
    assert isinstance(found, Finding)
    assert found.fix.splitlines()[1:] == ["coatcheck account close ben@mail.example.org"]


async def test_certificates_of_saml(site: Site) -> None:
    good, over = certificate_of(rsa_key()), certificate_of(rsa_key("old"), expired=True)

    def found(**changed: object) -> list[str]:
        site.desk.keep(Providers).use([connection(**changed)])
        return codes(check_certificates(site.desk))

    assert found(pinned=(good,)) == []
    assert found(pinned=(over,)) == ["saml-certificate-theirs"]
    assert found(pinned=(over, good)) == [], "the next one is there"
    assert found(pinned=(good,), certificate=over) == ["saml-certificate-ours"]
    assert found(pinned=(good,), certificate=good) == []


@pytest.mark.parametrize(
    ("state", "code"), [("empty", "database-empty"), ("older", "database-old"), ("newer", "database-new")]
)
def test_a_database_that_does_not_fit(state: State, code: str) -> None:
    assert codes(check_version(state)) == [code]
    assert codes(check_version("current")) == []


async def test_a_postgresql_of_its_own_clock_and_few_connections(postgres_ready: str, tmp_path: Path) -> None:
    async with open_site(postgres_ready, tmp_path) as site:
        ours = with_other(site.desk, clock=SystemClock())
        assert codes(await check_clock(ours)) == []
        assert codes(await check_clock(site.desk)) == ["clock-off"], "a clock that stands in 2027"
        assert codes(await check_connections(ours)) == []
        many = replace(ours.settings, database=DatabaseSettings(pool=200))
        assert codes(await check_connections(with_other(ours, settings=many))) == ["connections-few"]


async def test_a_store_that_is_away(site: Site) -> None:
    assert codes(await check_ephemeral(site.desk)) == []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    away = InValkey(f"redis://127.0.0.1:{port}/0")
    assert codes(await check_ephemeral(with_other(site.desk, ephemeral=away))) == ["ephemeral-away"]
    await away.close()


async def test_sqlite_has_neither(site: Site) -> None:
    assert codes(await check_clock(site.desk)) == []
    assert codes(await check_connections(site.desk)) == []


async def test_a_trail_that_was_changed(site: Site, tmp_path: Path) -> None:
    await site.person()
    await site.desk.keep(Sealer).seal_once()
    assert codes(await check_trail(site.desk)) == []
    with closing(sqlite3.connect(tmp_path / "site.db")) as db, db:
        assert db.execute("UPDATE audit_events SET actor = 'acc_somebody'").rowcount == 1
    assert codes(await check_trail(site.desk)) == ["audit-changed"]


async def test_a_trail_that_nobody_seals(site: Site) -> None:
    await site.person()
    await site.desk.keep(Sealer).seal_once()
    await site.person("ben@notes.dev")
    assert codes(await check_trail(site.desk)) == []
    site.clock.advance(timedelta(minutes=1))
    assert codes(await check_trail(site.desk)) == ["audit-unsealed"]


async def test_a_server_that_has_yet_to_start(site: Site) -> None:
    await site.person()
    site.clock.advance(timedelta(hours=23))
    assert codes(await check_trail(site.desk)) == []
    site.clock.advance(timedelta(hours=1))
    assert codes(await check_trail(site.desk)) == ["audit-unsealed"]


@pytest.fixture
async def mailing(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that sends mail to where nobody takes it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    mail = {"smtp_url": f"smtp://127.0.0.1:{port}", "sender": "Notes <no-reply@notes.dev>"}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, mail=mail) as opened:
        yield opened


async def test_mail_that_is_stuck(mailing: Site) -> None:
    async with mailing.desk.database.writing() as tx:
        message = Message(to="ann@notes.dev", subject="Hello", text="Hello")
        await post(tx, mailing.desk, message, asked_by_stranger=False)
        await post(tx, mailing.desk, message, asked_by_stranger=False, is_decoy=True)
    assert codes(await check_outbox(mailing.desk)) == []
    mailing.clock.advance(timedelta(minutes=11))
    [stuck] = await check_outbox(mailing.desk)
    assert isinstance(stuck, Finding)
    assert (stuck.code, "1 in all, the oldest from 11 minutes ago" in stuck.says) == ("mail-stuck", True)


@pytest.fixture
def mail_server() -> Iterator[int]:
    """Run a mail server; give its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    yield port
    controller.stop()


async def test_a_mail_server(mailing: Site, mail_server: int) -> None:
    assert codes(await check_mail_server(mailing.desk)) == ["mail-server-refuses"]
    mail = replace(mailing.desk.settings.mail, smtp_url=f"smtp://127.0.0.1:{mail_server}")
    settings = replace(mailing.desk.settings, mail=mail)
    assert codes(await check_mail_server(with_other(mailing.desk, settings=settings))) == []


async def test_services_that_lag_behind(site: Site) -> None:
    reading = await machine(site)
    head = await _head(site)
    await Acknowledged(site.desk).note(reading.id, head)
    assert codes(await check_readers(site.desk)) == []
    async with site.desk.database.writing() as tx:
        for _ in range(1001):
            await indices.end(tx, site.desk, owner="ses_none", account="acc_none")
    assert codes(await check_readers(site.desk)) == ["service-behind"]
    await Acknowledged(site.desk).note(reading.id, await _head(site))
    assert codes(await check_readers(site.desk)) == []
    site.clock.advance(timedelta(minutes=6))
    [silent] = await check_readers(site.desk)
    assert isinstance(silent, Finding)
    assert "reports was last heard of 6 minutes ago" in silent.says


async def test_a_backup_that_was_put_back(site: Site) -> None:
    reading, head = await machine(site), await _head(site)
    await Acknowledged(site.desk).note(reading.id, Position(head.era, head.number + 7))
    assert codes(await check_readers(site.desk)) == ["backup-not-marked"]


async def _head(site: Site) -> Position:
    async with site.desk.database.reading() as db:
        return await records.head(db)


async def test_a_permit_that_is_left_over(site: Site) -> None:
    await make_permit(site.desk, VISIT, actor="operator")
    site.clock.advance(timedelta(minutes=10))
    assert codes(await check_permits(site.desk)) == [], "a running server is about to remove it"
    site.clock.advance(timedelta(minutes=2))
    assert codes(await check_permits(site.desk)) == ["permit-left-over"]


async def test_administrators_without_a_second_factor(site: Site) -> None:
    await create_role(site.desk, VISIT, role=ADMIN, permissions=[], actor="operator")
    assert codes(await check_admins(site.desk)) == [], "there is none"
    ann = await with_app(site, "ann@notes.dev")
    await grant_role(site.desk, VISIT, account=ann.account.id, role=ADMIN, actor="operator")
    assert codes(await check_admins(site.desk)) == []
    ben = await site.person("ben@notes.dev")
    assert codes(await check_admins(site.desk)) == [], "Ben is no administrator"
    await grant_role(site.desk, VISIT, account=ben.id, role=ADMIN, actor="operator")
    [found] = await check_admins(site.desk)
    assert isinstance(found, Finding)
    assert (found.code, "ben@notes.dev" in found.says) == ("admin-without-second-factor", True)
