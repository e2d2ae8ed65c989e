"""What the doctor finds in settings: each fault by its code, and its fix, done as it stands, repairs it."""

from pathlib import Path

import pytest

from coatcheck import unsafe
from coatcheck.doctor.finding import Finding, Passed
from coatcheck.doctor.within.events import check_disk
from coatcheck.doctor.within.examine import SETTINGS_CHECKS
from coatcheck.doctor.within.strong_secrets import check_files, check_settings_secrets
from coatcheck.doctor.within.switched_off import PRINCIPLE_OF
from tests.doctor.within.deployments import SOUND, Sections, changed, findings, looked_at, repaired

FAULTS: dict[str, Sections] = {
    "public-url-local": {"server": {"public_url": "http://localhost:8400"}},
    "public-url-plain": {"server": {"public_url": "http://auth.example.com", "unsafe": ["PLAIN_HTTP"]}},
    "unsafe-plain-http": {"server": {"unsafe": ["PLAIN_HTTP"]}},
    "unsafe-shared-secret-tokens": {"server": {"unsafe": ["SHARED_SECRET_TOKENS"]}},
    "unsafe-no-revocation": {"server": {"unsafe": ["NO_REVOCATION"]}},
    "unsafe-accept-stale": {"server": {"unsafe": ["ACCEPT_STALE"]}},
    "database-plain": {"database": {"url": "postgresql://coatcheck:f3Jq-9mW_zVn@db.example.com/coatcheck"}},
    "ephemeral-plain": {"ephemeral": {"url": "redis://:Jq9mW_zVnf3@cache.example.com:6379/0"}},
    "origins-plain": {"web": {"origins": ["http://app.example.com", "https://app.example.com"]}},
    "limits-tries-high": {"limits": {"tries": 11}},
    "limits-account-per-day-high": {"limits": {"account_per_day": 101}},
    "limits-address-per-hour-high": {"limits": {"address_per_hour": 501}},
    "limits-overall-per-second-high": {"limits": {"overall_per_second": 1001}},
    "limits-window-short": {"limits": {"window": "4m"}},
    "limits-block-short": {"limits": {"block": "14m"}},
    "trusted-proxies-wide": {"server": {"trusted_proxies": ["127.0.0.1", "0.0.0.0/0"]}},
    "passwords-short": {"passwords": {"min_length": 14}},
    "passwords-leaked": {"passwords": {"breached_check": False}},
    "keys-seldom-rotated": {"keys": {"rotate_every": "400 days"}},
    "secrets-long-lived": {"clients": {"secret_lifetime": "400 days"}},
    "ephemeral-memory": {"ephemeral": {"url": "memory"}, "server": {"workers": 2}},
    "origins-local": {"web": {"origins": ["https://localhost:5173"]}},
    "mail-not-sent": {"mail": {"smtp_url": None}},
    "mail-sender": {"mail": {"sender": "Coatcheck <no-reply@localhost>"}},
    "audit-kept-short": {"audit": {"keep_for": "89 days"}},
    "audit-no-checkpoints": {"audit": {"checkpoint_file": None}},
    "session-cookie-idle-long": {"sessions": {"cookie_idle": "2 days"}},
    "session-cookie-lifetime-long": {"sessions": {"cookie_lifetime": "31 days"}},
    "session-remembered-idle-long": {"sessions": {"remembered_idle": "31 days"}},
    "session-remembered-lifetime-long": {"sessions": {"remembered_lifetime": "91 days"}},
    "session-token-idle-long": {"sessions": {"token_idle": "31 days", "token_lifetime": "60 days"}},
    "session-token-lifetime-long": {"sessions": {"token_lifetime": "91 days"}},
    "revocation-slow": {"revocation": {"bound": "11s"}},
    "second-factors-off": {"sign_in": {"passkeys": False, "totp": False}},
    "mailed-codes-alone": {"sign_in": {"email_codes": True}},
    "trust-long": {"sign_in": {"trust_devices_for": "31 days"}},
    "totp-steps-many": {"sign_in": {"totp_steps": 3}},
    "admins-by-password": {"sign_in": {"role_levels": ["editor = aal2"]}},
}
COME_TOGETHER = {"public-url-plain": {"unsafe-plain-http"}}
"""Some faults are possible together with others alone."""

GATEWAY = {"public_url": "https://auth.example.com", "trusted_proxies": ["127.0.0.1"]}


def test_a_deployment_in_order() -> None:
    assert findings(SOUND) == {}


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_found_and_its_fix_repairs_it(code: str) -> None:
    faulty = changed(SOUND, FAULTS[code])
    found = findings(faulty)
    assert found.keys() == {code} | COME_TOGETHER.get(code, set())
    assert 1 <= found[code].principle <= 8
    assert findings(repaired(faulty, found)) == {}


def test_every_name_of_unsafe_is_found() -> None:
    assert {f"unsafe-{name.lower().replace('_', '-')}" for name in unsafe.ALL} <= FAULTS.keys()
    assert PRINCIPLE_OF.keys() == unsafe.ALL.keys()


def test_without_an_address() -> None:
    faulty = {**SOUND, "server": {}}
    found = findings(faulty)
    assert found.keys() == {"public-url-missing"}
    assert findings(repaired(faulty, found)) == {}


def test_every_check_says_something_of_a_deployment_in_order() -> None:
    looked = looked_at(SOUND)
    assert [check for check in SETTINGS_CHECKS if not check(looked)] == []


@pytest.mark.parametrize("level", ["aal2", "phr"])
def test_administrators_at_the_level_of_everybody(level: str) -> None:
    assert findings(changed(SOUND, {"sign_in": {"role_levels": [], "level": level}})) == {}


def test_who_cannot_show_a_mailbox_is_told_to_have_mail_sent_first() -> None:
    faulty = changed(SOUND, {"sign_in": {"role_levels": []}, "mail": {"smtp_url": None}})
    fix = findings(faulty)["admins-by-password"].fix
    assert fix.startswith(
        "Once mail is sent, or nobody gets in any more: in coatcheck.toml, in the section [sign_in]:\n"
    )


def test_a_link_on_this_machine_may_be_plain() -> None:
    near = {"database": {"url": "postgresql://u:f3Jq-9mW_zVn@127.0.0.1/x"}, "ephemeral": {"url": "redis://localhost/0"}}
    assert findings(changed(SOUND, near)) == {}


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("database-password-weak", {"database": {"url": "postgresql://postgres:postgres@localhost/x"}}),
        ("database-password-weak", {"database": {"url": "postgresql://app:app@localhost/x"}}),
        ("ephemeral-password-weak", {"ephemeral": {"url": "rediss://cache.example.com/0"}}),
        ("gateway-secret-weak", {"gateway": {"secret": "abcdefgh" * 4, "hosts": []}, "server": GATEWAY}),
    ],
)
def test_a_secret_that_others_know(code: str, fault: Sections) -> None:
    found = findings(changed(SOUND, fault))
    assert found.keys() == {code}
    assert "postgres:postgres" not in found[code].says + found[code].fix
    assert "openssl rand -base64" in found[code].fix


def test_a_gateways_secret_that_was_drawn() -> None:
    drawn = {"secret": "mVZk3pQ0r9yT5xLwB7nHcJ2dFgS8uKaE1o4iRtYzXqM=", "hosts": []}
    assert findings(changed(SOUND, {"gateway": drawn, "server": GATEWAY})) == {}


@pytest.mark.parametrize(
    "line",
    [
        'smtp_url = "smtp://us:hidden@mail.example.com"',
        '[gateway]\nsecret = "mVZk3pQ0r9yT5xLwB7nHcJ2dFgS8uKaE"',
        '[providers.github]\nclient_secret = "hidden"',
    ],
)
def test_settings_that_others_read(tmp_path: Path, line: str) -> None:
    config = tmp_path / "coatcheck.toml"
    config.write_text(f"[mail]\n{line}\n")
    config.chmod(0o640)
    [found] = check_files(looked_at(SOUND, config))
    assert isinstance(found, Finding)
    assert (found.code, found.fix.splitlines()[-1]) == ("settings-readable", f"chmod 600 {config}")
    assert "hidden" not in found.says
    config.chmod(0o600)
    assert [type(each) for each in check_files(looked_at(SOUND, config))] == [Passed]


def test_settings_without_a_secret_may_be_read(tmp_path: Path) -> None:
    config = tmp_path / "coatcheck.toml"
    config.write_text('[site]\nname = "Notes"\n[database]\nurl = "sqlite:///app.db"\n')
    config.chmod(0o644)
    assert [type(each) for each in check_files(looked_at(SOUND, config))] == [Passed]


def test_a_database_that_others_read(tmp_path: Path) -> None:
    file = tmp_path / "app.db"
    file.touch(0o600)
    sections = changed(SOUND, {"database": {"url": f"sqlite:///{file}"}})
    assert findings(sections) == {}
    file.chmod(0o644)
    found = findings(sections)
    assert found.keys() == {"database-readable"}
    assert f"chmod 600 {file}*" in found["database-readable"].fix


def test_a_master_key_among_the_settings(tmp_path: Path) -> None:
    config = tmp_path / "coatcheck.toml"
    config.write_text(f'[secret]\nmaster_key = "{"A" * 43}="\n')
    [found] = check_settings_secrets(looked_at(SOUND, config))
    assert found.code == "master-key-in-settings"
    config.write_text('[secret]\nmaster_key_file = "master.key"\n')
    assert [type(each) for each in check_settings_secrets(looked_at(SOUND, config))] == [Passed]


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = looked_at(changed(SOUND, {"database": {"url": f"sqlite:///{tmp_path / 'app.db'}"}}))
    monkeypatch.setattr("coatcheck.doctor.within.events._LITTLE_MIB", 0)
    assert [each.code for each in check_disk(looked) if isinstance(each, Passed)] == ["disk"]
    monkeypatch.setattr("coatcheck.doctor.within.events._LITTLE_MIB", 1 << 40)  # nobody has so much
    assert [each.code for each in check_disk(looked) if isinstance(each, Finding)] == ["disk-full"]
