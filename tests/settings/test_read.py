"""Settings come from keywords, the environment, `coatcheck.toml` and defaults, in that order; mistakes are named."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.settings import Settings
from coatcheck.settings.durations import in_words, parse_duration
from coatcheck.settings.read import read_settings


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "coatcheck.toml"


def _wrong(toml: Path | None, environ: Mapping[str, str] | None = None, **overrides: Mapping[str, object]) -> str:
    with pytest.raises(ConfigurationError) as wrong:
        read_settings(toml, environ or {}, overrides)
    return str(wrong.value)


def test_without_anything_all_is_default() -> None:
    assert read_settings(None, {}) == Settings()


def test_each_source_goes_before_the_next(toml: Path) -> None:
    toml.write_text("[limits]\ntries = 2\naccount_per_day = 20\naddress_per_hour = 200\n")
    environ = {"COATCHECK_LIMITS__TRIES": "3", "COATCHECK_LIMITS__ACCOUNT_PER_DAY": "30", "PATH": "/bin"}
    limits = read_settings(toml, environ, {"limits": {"tries": 4}}).limits
    assert (limits.tries, limits.account_per_day, limits.address_per_hour) == (4, 30, 200)
    assert limits.overall_per_second == Settings().limits.overall_per_second


def test_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COATCHECK_SITE__NAME", "Quillstone")
    assert read_settings(None).site.name == "Quillstone"


def test_every_type_is_read_from_toml(toml: Path) -> None:
    toml.write_text(
        "[site]\nname = 'Quillstone'\nsign_up = false\n[limits]\ntries = 7\nwindow = '1h 30m'\n"
        "[server]\ntrusted_proxies = ['10.0.0.0/8', '::1']\n[passwords]\npool_memory_mib = 64\n"
    )
    settings = read_settings(toml, {})
    assert (settings.site.name, settings.site.sign_up, settings.limits.tries) == ("Quillstone", False, 7)
    assert settings.limits.window == timedelta(minutes=90)
    assert settings.server.trusted_proxies == ("10.0.0.0/8", "::1")
    assert settings.passwords.pool_memory_mib == 64


def test_every_type_is_read_from_the_environment() -> None:
    environ = {
        "COATCHECK_SITE__NAME": "Quillstone",
        "COATCHECK_SITE__SIGN_UP": "No",
        "COATCHECK_LIMITS__TRIES": "7",
        "COATCHECK_LIMITS__WINDOW": "90 minutes",
        "COATCHECK_SERVER__TRUSTED_PROXIES": "10.0.0.0/8, ::1,",
        "COATCHECK_WEB__ORIGINS": "",
        "COATCHECK_PASSWORDS__POOL_MEMORY_MIB": "",
        "COATCHECK_MAIL__SMTP_URL": "",
    }
    settings = read_settings(None, environ)
    assert (settings.site.name, settings.site.sign_up, settings.limits.tries) == ("Quillstone", False, 7)
    assert settings.limits.window == timedelta(minutes=90)
    assert settings.server.trusted_proxies == ("10.0.0.0/8", "::1")
    assert settings.web.origins == ()
    assert settings.passwords.pool_memory_mib is None
    assert settings.mail.smtp_url is None


def test_keywords_may_be_durations_and_lists() -> None:
    settings = read_settings(
        None, {}, {"limits": {"window": timedelta(hours=2)}, "web": {"origins": ["https://app.example.org"]}}
    )
    assert settings.limits.window == timedelta(hours=2)
    assert settings.web.origins == ("https://app.example.org",)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[limits]\ntrys = 3", "limits.trys: the section limits has no trys; did you mean limits.tries?"),
        ("[limit]\ntries = 3", "limit.tries: there is no section limit; did you mean limits?"),
        ("[server]\nsmtp_url = 'smtp://x'", "server.smtp_url: the section server has no smtp_url; did you mean mail."),
        ("[web]\nzzz = 3", "web.zzz: the section web has no zzz; it has origins"),
        ("[zzz]\na = 3", "zzz.a: there is no section zzz; sections are site, server, web"),
        ("tries = 3", "tries stands outside a section; did you mean limits.tries?"),
        ("[limits]\ntries = '3'", "limits.tries: got '3', expected a whole number"),
        ("[limits]\ntries = 3.5", "limits.tries: got 3.5, expected a whole number"),
        ("[limits]\ntries = true", "limits.tries: got True, expected a whole number"),
        ("[limits]\nwindow = 15", "limits.window: got 15, expected a duration with its unit in quotes"),
        ("[limits]\nwindow = '15'", "limits.window: got '15', expected a duration with its unit"),
        ("[site]\nname = 5", "site.name: got 5, expected a text in quotes"),
        ("[site]\nsign_up = 1", "site.sign_up: got 1, expected true or false"),
        ("[web]\norigins = 'https://a.example'", "web.origins: got 'https://a.example', expected a list of texts"),
        ("[web]\norigins = [1]", "web.origins: got [1], expected a list of texts"),
        ("[site\n", "is not valid TOML"),
        ("[limits]\ntries = 0", "limits.tries: limits.tries must be at least 1"),
    ],
)
def test_a_mistake_in_the_file_is_named(toml: Path, written: str, said: str) -> None:
    toml.write_text(written)
    wrong = _wrong(toml)
    assert wrong.startswith(f"{toml}: ")
    assert said in wrong


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "COATCHECK_LIMITS__TRYS",
            "3",
            "COATCHECK_LIMITS__TRYS: the section limits has no trys; did you mean limits.t",
        ),
        ("COATCHECK_LIMITS__TRIES", "three", "COATCHECK_LIMITS__TRIES: got 'three', expected a whole number"),
        ("COATCHECK_LIMITS__TRIES", "0", "COATCHECK_LIMITS__TRIES: limits.tries must be at least 1"),
        ("COATCHECK_LIMITS__WINDOW", "900", "COATCHECK_LIMITS__WINDOW: got '900', expected a duration with its unit"),
        ("COATCHECK_SITE__SIGN_UP", "maybe", "COATCHECK_SITE__SIGN_UP: got 'maybe', expected true or false"),
        (
            "COATCHECK_DATABASE_URL",
            "x",
            "COATCHECK_DATABASE_URL: write two underscores after the section, COATCHECK_DA",
        ),
    ],
)
def test_a_mistake_in_the_environment_is_named(name: str, value: str, said: str) -> None:
    assert said in _wrong(None, {name: value})


def test_variables_that_a_cluster_adds_for_a_service_of_our_name_are_left_alone() -> None:
    environ = {"COATCHECK_SERVICE_HOST": "10.0.0.1", "COATCHECK_PORT_8400_TCP": "tcp://10.0.0.1:8400"}
    assert read_settings(None, environ) == Settings()


def test_a_mistake_in_code_is_named() -> None:
    assert "limits.tries (given in code): got 'x', expected a whole number" in _wrong(None, limits={"tries": "x"})


def test_two_settings_that_do_not_fit_are_named_with_their_places(toml: Path) -> None:
    toml.write_text("[revocation]\nbound = '1s'\n")
    wrong = _wrong(toml, {"COATCHECK_REVOCATION__POLL": "900ms"})
    assert wrong.startswith(f"{toml}: revocation.bound, COATCHECK_REVOCATION__POLL: revocation.poll must be")


@pytest.mark.parametrize("written", ["[mail]\nsmtp_url = 'hush-hush'", "[secret]\nprevious_master_keys = 'hush-hush'"])
def test_a_mistake_never_shows_a_secret(toml: Path, written: str) -> None:
    toml.write_text(written)
    assert "hush-hush" not in _wrong(toml)


def test_a_file_that_is_not_there_is_named(toml: Path) -> None:
    assert _wrong(toml) == f"{toml}: there is no such file; `coatcheck init` makes one"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "cannot be read (Is a directory)" in _wrong(tmp_path)


def test_a_file_that_is_no_text_is_refused(toml: Path) -> None:
    toml.write_bytes(b"[site]\nname = '\xff'")
    assert "is not valid TOML" in _wrong(toml)


def test_relative_files_stand_beside_the_toml_file(toml: Path) -> None:
    toml.write_text(
        "[database]\nurl = 'sqlite:///data/app.db'\n[secret]\nmaster_key_file = 'master.key'\n"
        "[audit]\ncheckpoint_file = 'checkpoints.jsonl'\n"
    )
    settings = read_settings(toml, {})
    assert settings.database.url == f"sqlite:///{toml.parent}/data/app.db"
    assert settings.secret.master_key_file == f"{toml.parent}/master.key"
    assert settings.audit.checkpoint_file == f"{toml.parent}/checkpoints.jsonl"


@pytest.mark.parametrize("url", ["sqlite:////var/lib/app.db", "postgresql://ann:secret@host/app"])
def test_other_addresses_stay_as_they_are(toml: Path, url: str) -> None:
    toml.write_text(f"[database]\nurl = '{url}'\n")
    assert read_settings(toml, {}).database.url == url


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("250ms", 250),
        ("1s", 1000),
        ("15m", 900_000),
        ("15 minutes", 900_000),
        ("1h", 3_600_000),
        ("1h 30m", 5_400_000),
        ("1h30m", 5_400_000),
        ("30 Days", 2_592_000_000),
        ("2 weeks", 1_209_600_000),
    ],
)
def test_a_duration_is_numbers_with_units(written: str, milliseconds: int) -> None:
    assert parse_duration(written) == timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize("written", ["", "15", "h", "-1h", "1.5h", "1 fortnight", "1h,30m", "9999999999999d", "1h x"])
def test_anything_else_is_no_duration(written: str) -> None:
    with pytest.raises(ValueError, match="write a whole number and a unit"):
        parse_duration(written)


def test_a_duration_in_words_reads_back() -> None:
    for words in ("250 milliseconds", "1 second", "90 minutes", "1 hour", "30 days"):
        assert in_words(parse_duration(words)) == words
        assert re.fullmatch(r"\d+ [a-z]+", words)
