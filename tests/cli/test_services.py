"""`coatcheck service`: one story of a service, from its registration to its end."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from coatcheck.clock import SystemClock
from coatcheck.revocation import records
from coatcheck.revocation.log import start_new_era
from tests.cli.running import coatcheck
from tests.clients.machines import NOTES, Machine, Signing
from tests.site import open_site


def done(folder: Path, *arguments: str) -> str:
    """Run a command that goes well; give what it prints."""
    ended: subprocess.CompletedProcess[str] = coatcheck("service", *arguments, folder=folder)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def refused(folder: Path, *arguments: str) -> str:
    """Run a command that is refused; give its sentence."""
    ended = coatcheck("service", *arguments, folder=folder)
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


def listed(folder: Path) -> list[dict[str, Any]]:
    """List the services as a program would."""
    found: list[dict[str, Any]] = json.loads(done(folder, "list", "--json"))
    return found


def parts(printed: str) -> tuple[str, str]:
    """Give the id and the secret that a new service was printed with."""
    found = re.fullmatch(r"id      (svc_[a-z2-7]{26})\nsecret  (ccs_[\w-]{32}[0-9a-z]{6})\nThe secret .*\n", printed)
    assert found is not None, printed
    return found[1], found[2]


def test_story(folder: Path) -> None:
    assert "No services." in done(folder, "list")
    service, secret = parts(
        done(folder, "create", "reports", "--permission", "notes:read", "--audience", NOTES, "--serves", "urn:reports")
    )
    assert refused(folder, "create", "reports") == "coatcheck: another service is named reports\n"

    [found] = listed(folder)
    assert (found["id"], found["name"], found["status"]) == (service, "reports", "active")
    assert (found["permissions"], found["audiences"], found["serves"]) == (["notes:read"], [NOTES], ["urn:reports"])
    assert secret not in json.dumps(found) + done(folder, "list")

    assert done(folder, "grant", "reports", "notes:write") == "reports may notes:write.\n"
    assert done(folder, "revoke", service, "notes:read") == f"{service} may no longer notes:read.\n"
    assert listed(folder)[0]["permissions"] == ["notes:write"]

    changed = done(folder, "update", "reports", "--add-audience", "urn:mail", "--remove-audience", NOTES)
    assert changed == "reports is changed. Its tokens are revoked; the next ones say it.\n"
    moved = ("--add-serves", "urn:r", "--remove-serves", "urn:reports")
    assert done(folder, "update", service, *moved) == f"{service} is changed.\n"
    assert (listed(folder)[0]["audiences"], listed(folder)[0]["serves"]) == (["urn:mail"], ["urn:r"])
    unknown = refused(folder, "update", "reports", "--remove-audience", NOTES)
    assert unknown == f"coatcheck: reports does not call {NOTES}\n"

    second = re.match(r"secret  (ccs_\S+)\n", done(folder, "rotate-secret", "reports"))
    assert second is not None
    assert second[1] != secret
    first, other = (each["id"] for each in listed(folder)[0]["credentials"])
    assert f"`coatcheck service remove-credential {first}`" in refused(folder, "rotate-secret", "reports")
    assert first in done(folder, "list")
    assert other in done(folder, "list")
    assert done(folder, "remove-credential", first).startswith(f"{first} of {service} is removed")
    assert [each["id"] for each in listed(folder)[0]["credentials"]] == [other]

    assert done(folder, "disable", "reports") == "reports is disabled, and its tokens are revoked.\n"
    assert (listed(folder)[0]["status"], listed(folder)[0]["credentials"]) == ("disabled", [])
    assert "disabled" in done(folder, "list")
    revived = re.match(r"secret  (ccs_\S+)\n", done(folder, "enable", "reports"))
    assert revived is not None
    assert revived[1] not in (secret, second[1])
    assert listed(folder)[0]["status"] == "active"
    assert refused(folder, "enable", "reports") == "coatcheck: reports is not disabled\n"

    events = coatcheck("audit", "show", "--json", folder=folder).stdout
    named = (
        "created",
        "permissions_changed",
        "audiences_changed",
        "secret_added",
        "credential_removed",
        "disabled",
        "enabled",
    )
    assert [events.count(f'"service.{name}"') for name in named] == [1, 2, 4, 1, 1, 1, 1]


def test_a_public_key(folder: Path) -> None:
    key = Signing()
    (folder / "service.jwk").write_text(json.dumps(key.jwk))
    printed = done(folder, "create", "signer", "--public-key", "service.jwk")
    assert "private_key_jwt" in printed
    assert "ccs_" not in printed
    assert listed(folder)[0]["credentials"][0]["kind"] == "key"
    (folder / "private.jwk").write_text(json.dumps({**key.jwk, "d": "AA"}))
    assert "a private key among the public ones" in refused(
        folder, "rotate-secret", "signer", "--public-key", "private.jwk"
    )
    assert "cannot be read" in refused(folder, "rotate-secret", "signer", "--public-key", "nowhere.jwk")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("create", "Reports"), "A service is named by"),
        (("create", "reports", "--permission", "notes"), "resource:action"),
        (("create", "reports", "--audience", "two words"), "An audience is an address"),
        (("grant", "nobody", "notes:read"), "coatcheck service list"),
        (("rotate-secret", "nobody"), "coatcheck service list"),
        (("remove-credential", "cred_nothing"), "no such credential"),
        (("disable", "nobody"), "coatcheck service list"),
        (("enable", "nobody"), "coatcheck service list"),
        (("update", "nobody", "--add-audience", "urn:notes"), "coatcheck service list"),
    ],
)
def test_what_is_refused(folder: Path, arguments: tuple[str, ...], says: str) -> None:
    assert says in refused(folder, *arguments)


async def test_who_lags_behind(folder: Path) -> None:
    key: dict[str, Any] = {"secret": {"master_key_file": str(folder / "master.key")}}
    service, _ = parts(done(folder, "create", "reports"))
    assert [each["feed"] for each in listed(folder)] == [None]
    assert "never" in done(folder, "list")
    async with open_site(f"sqlite:///{folder / 'coatcheck.db'}", folder, **key) as site:
        async with site.desk.database.reading() as db:
            head = await records.head(db)
        async with site.desk.database.writing() as tx:
            now = SystemClock().now()
            records.put_reader(tx, service, head, now, forget_at=now + 60_000)
        assert " all " in done(folder, "list")
        done(folder, "grant", "reports", "notes:read")
        [found] = listed(folder)
        assert found["feed"]["events_behind"] == 2
        shown = done(folder, "list")
        assert "2 events behind" in shown
        assert re.search(r"\d+ s ago", shown)
        await start_new_era(site.desk)
        assert listed(folder)[0]["feed"]["events_behind"] is None
        assert "has to start over" in done(folder, "list")


async def test_a_running_server_heeds_it(folder: Path) -> None:
    key: dict[str, Any] = {"secret": {"master_key_file": str(folder / "master.key")}}
    service, secret = parts(done(folder, "create", "reports", "--permission", "notes:read"))
    async with open_site(f"sqlite:///{folder / 'coatcheck.db'}", folder, **key) as site:
        made = Machine(site, service, secret)
        token = await made.token()
        assert await made.counts(token) is True
        done(folder, "grant", "reports", "notes:write")
        await site.follow_log()
        assert await made.counts(token) is False
        assert (await made.ask_for_token()).json()["scope"] == "notes:read notes:write"
        done(folder, "disable", "reports")
        await site.follow_log()
        assert (await made.ask_for_token()).status_code == 401
