"""A permit: an account of the doctor's own, verified and nobody's, for ten minutes."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from coatcheck.accounts import records as accounts
from coatcheck.accounts.identifiers import parse_email
from coatcheck.audit.show import show
from coatcheck.clock import millis
from coatcheck.doctor.permit import permit_json, read_permit
from coatcheck.errors import BadInput, ConfigurationError, Conflict
from tests.doctor.permits import doctor, permit_of
from tests.site import ORIGIN, Site, open_site, sign_in


async def test_its_account_signs_in(site: Site) -> None:
    permit = await permit_of(site)
    assert permit.url == ORIGIN
    assert permit.expires_at == site.clock.now() + millis(timedelta(minutes=10))
    assert permit.email.startswith("doctor-")
    assert permit.email.endswith("@doctor.invalid"), "no mail server is asked for it"
    answer = await sign_in(doctor(site, permit), permit.email, permit.password)
    assert answer.json()["status"] == "admitted"
    assert await site.mails() == [], "nobody is told of an account that is nobody's"


async def test_the_operator_is_named_in_the_trail(site: Site) -> None:
    permit = await permit_of(site)
    [made] = await show(site.desk, event="coatcheck.permit_made", limit=9)
    assert (made.actor, made.email, made.outcome) == ("operator", permit.email, "done")
    assert permit.header not in str(msgspec.structs.asdict(made))


async def test_two_permits_are_two_accounts(site: Site) -> None:
    first, second = await permit_of(site), await permit_of(site)
    assert len({first.email, second.email, first.header, second.header, first.password, second.password}) == 6


async def test_its_mail_goes_where_the_operator_says(site: Site) -> None:
    permit = await permit_of(site, "Ops+doctor@example.org")
    assert permit.email == "ops+doctor@example.org"
    with pytest.raises(Conflict, match=r"ops\+doctor@example.org"):
        await permit_of(site, "ops+doctor@example.org")
    with pytest.raises(BadInput):
        await permit_of(site, "no address")


async def test_an_account_that_is_there_is_left_alone(site: Site) -> None:
    ann = await site.person()
    with pytest.raises(Conflict):
        await permit_of(site, "ann@example.org")
    async with site.desk.database.reading() as db:
        assert await accounts.find_by(db, parse_email("ann@example.org")) == ann


async def test_it_is_of_the_senders_domain(tmp_path: Path) -> None:
    mail = {"smtp_url": "smtp://127.0.0.1:1", "sender": "Notes <no-reply@notes.dev>"}
    longest = {"min_length": 64}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, mail=mail, passwords=longest) as site:
        assert (await permit_of(site)).email.endswith("@notes.dev")


async def test_where_nobody_has_a_password(tmp_path: Path) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, passwords={"enabled": False}) as site:
        with pytest.raises(ConfigurationError, match="without"):
            await permit_of(site)


async def test_its_file(site: Site, tmp_path: Path) -> None:
    permit, file = await permit_of(site), tmp_path / "permit.json"
    file.write_text(permit_json(permit))
    assert read_permit(file) == permit
    assert permit.password not in repr(permit)
    assert permit.header not in repr(permit)
    file.write_text("{}")
    with pytest.raises(ConfigurationError):
        read_permit(file)
    with pytest.raises(ConfigurationError):
        read_permit(tmp_path / "none.json")
