"""`coatcheck account`, `role` and `session`: one story over all of them, then what is refused."""

import json
import re
from pathlib import Path
from typing import Any

from coatcheck.ending.receipts.panics import Panics
from coatcheck.login.link import link
from coatcheck.server.presence import Presence
from coatcheck.upstream.identity import Identity
from tests.cli.running import coatcheck
from tests.recovery.lost import enrolled, rows_kept
from tests.site import PASSWORD, open_site, sign_in


async def test_story(folder: Path) -> None:
    made = coatcheck("account", "create", "Ann@Example.org", "--password-stdin", folder=folder, typed=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("ann@example.org has an account: acc_")
    assert PASSWORD not in made.stdout + made.stderr
    assert coatcheck("role", "create", "editor", "notes:delete", folder=folder).returncode == 0
    assert coatcheck("role", "grant", "editor", "ann@example.org", folder=folder).returncode == 0
    listed = json.loads(coatcheck("role", "list", "--json", folder=folder).stdout)
    assert [each["permissions"] for each in listed if each["role"] == "editor"] == [["notes:delete"]]

    key: dict[str, Any] = {"secret": {"master_key_file": str(folder / "master.key")}}
    async with open_site(f"sqlite:///{folder / 'coatcheck.db'}", folder, **key) as site:
        browser = site.browser()
        assert (await sign_in(browser, "ann@example.org", PASSWORD)).status_code == 200
        assert (await browser.get("/api/session")).json()["permissions"] == ["notes:delete"]
        locked = coatcheck("account", "lock", "ann@example.org", folder=folder)
        assert (locked.returncode, locked.stderr) == (0, "")
        await site.follow_log()
        assert (await browser.get("/api/session")).json()["code"] == "session_ended"
        assert (await sign_in(browser, "ann@example.org", PASSWORD)).status_code == 401

    shown = json.loads(coatcheck("account", "show", "ann@example.org", "--json", folder=folder).stdout)
    assert (shown["status"], shown["roles"], shown["sessions"]) == ("locked", ["editor"], [])
    done_by_operator = {each["event"] for each in shown["events"] if each["actor"] == "operator"}
    assert done_by_operator >= {"account.created", "account.locked", "role.granted"}


async def test_second_factors_are_shown_and_reset(folder: Path) -> None:
    key: dict[str, Any] = {"secret": {"master_key_file": str(folder / "master.key")}}
    async with open_site(f"sqlite:///{folder / 'coatcheck.db'}", folder, **key) as site:
        await enrolled(site)
        shown = coatcheck("account", "show", "ann@example.org", folder=folder).stdout
        assert "backup_code, passkey, totp" in shown
        unsure = coatcheck("account", "reset-factors", "ann@example.org", folder=folder, typed="n\n")
        assert (unsure.returncode, await rows_kept(site)) == (1, [1, 1, 1, 1])
        reset = coatcheck("account", "reset-factors", "ann@example.org", "--yes", folder=folder)
        assert (reset.returncode, reset.stderr) == (0, "")
        assert await rows_kept(site) == [0, 0, 0, 0]
    shown = json.loads(coatcheck("account", "show", "ann@example.org", "--json", folder=folder).stdout)
    assert shown["factors"] == []
    assert shown["events"][0]["actor"] == "operator"
    again = coatcheck("account", "reset-factors", "ann@example.org", "--yes", folder=folder)
    assert (again.returncode, "no second factor" in again.stderr) == (1, True)


def test_a_session_is_ended_or_named(folder: Path) -> None:
    assert coatcheck("account", "create", "ben@example.org", "--no-password", folder=folder).returncode == 0
    neither = coatcheck("session", "revoke", "ben@example.org", folder=folder)
    assert (neither.returncode, "--all" in neither.stderr) == (2, True)
    none = coatcheck("session", "revoke", "ben@example.org", "--all", folder=folder)
    assert (none.returncode, none.stdout) == (0, "Ended 0 sessions of ben@example.org.\n")


def test_a_refusal_is_one_sentence(folder: Path) -> None:
    short = coatcheck("account", "create", "ben@example.org", "--password-stdin", folder=folder, typed="short\n")
    assert (short.returncode, short.stdout, short.stderr.count("\n")) == (1, "", 1)
    unknown = coatcheck("account", "lock", "nobody@example.org", folder=folder)
    assert (unknown.returncode, unknown.stderr) == (1, "coatcheck: no account 'nobody@example.org'\n")
    no_terminal = coatcheck("account", "create", "ben@example.org", folder=folder)
    assert (no_terminal.returncode, "--password-stdin" in no_terminal.stderr) == (2, True)


def test_completion(folder: Path) -> None:
    asked = {"_COATCHECK_COMPLETE": "complete_bash", "COMP_WORDS": "coatcheck account cl", "COMP_CWORD": "2"}
    assert coatcheck(folder=folder, environ=asked).stdout.split() == ["close"]


async def test_providers_are_shown_and_unlinked(folder: Path) -> None:
    key: dict[str, Any] = {"secret": {"master_key_file": str(folder / "master.key")}}
    async with open_site(f"sqlite:///{folder / 'coatcheck.db'}", folder, **key) as site:
        ann = await site.person()
        identity = Identity(provider="github", issuer="https://github.com", subject="7", email="ann@github.example")
        async with site.desk.database.writing() as tx:
            linked = await link(tx, site.desk, ann, identity)
    shown = coatcheck("account", "show", "ann@example.org", folder=folder).stdout
    assert all(words in shown for words in (linked.id, "github", "ann@github.example", "never"))
    done = coatcheck("account", "unlink", "ann@example.org", linked.id, folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        json.loads(coatcheck("account", "show", "ann@example.org", "--json", folder=folder).stdout)["identities"] == []
    )
    again = coatcheck("account", "unlink", "ann@example.org", linked.id, folder=folder)
    assert again.returncode == 1


async def test_a_panic_prints_its_receipt(folder: Path) -> None:
    key: dict[str, Any] = {"secret": {"master_key_file": str(folder / "master.key")}}
    async with open_site(f"sqlite:///{folder / 'coatcheck.db'}", folder, **key) as site:
        ann = await site.person()
        await site.let_in(ann)
        await site.desk.keep(Presence).say()
        done = coatcheck("account", "panic", "ann@example.org", "--wait", "0", folder=folder)
        assert (done.returncode, done.stderr) == (0, "")
        receipt = re.findall(r"pnc_\w+", done.stdout)[0]
        for words in (f"Everything of {ann.id} was ended", "Sessions", "Live connections", "Pending", "Look again"):
            assert words in done.stdout
        site.desk.keep(Panics)
        await site.follow_log()
        await site.desk.keep(Panics).turn()
        await site.desk.keep(Panics).reported()
    shown = [coatcheck("account", "panic-receipt", which, "--json", folder=folder) for which in (receipt, ann.id)]
    told = [json.loads(each.stdout) for each in shown]
    assert told[0]["lines"] == told[1]["lines"]
    states = {line["what"]: (line["state"], line["count"]) for line in told[0]["lines"]}
    assert (states["sessions"], states["worker"]) == (("done", 1), ("done", 0))
    assert (told[0]["receipt"], told[0]["called_by"]) == (receipt, "operator")
    explained = json.loads(coatcheck("account", "explain-sign-in", ann.id, "--json", folder=folder).stdout)
    assert explained["decision"] == "shut"
    unlocked = coatcheck("account", "unlock", ann.id, folder=folder)
    assert (unlocked.returncode, "its owner opens it by recovery" in unlocked.stderr) == (1, True)
    assert coatcheck("account", "lock", ann.id, folder=folder).returncode == 0
    assert "still secured" in coatcheck("account", "unlock", ann.id, folder=folder).stdout


def test_a_receipt_that_there_is_not(folder: Path) -> None:
    assert coatcheck("account", "create", "ben@example.org", "--no-password", folder=folder).returncode == 0
    none = coatcheck("account", "panic-receipt", "ben@example.org", folder=folder)
    assert (none.returncode, "no panic was called" in none.stderr) == (1, True)
    unknown = coatcheck("account", "panic-receipt", "pnc_unknown", folder=folder)
    assert (unknown.returncode, "no receipt" in unknown.stderr) == (1, True)
    assert coatcheck("account", "panic", "nobody@example.org", folder=folder).returncode == 1
