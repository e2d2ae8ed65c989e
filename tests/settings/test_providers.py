"""Tables of the operator's naming: read from every source, in order; mistakes are named, and secrets never shown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.settings import ProviderSettings, Settings
from coatcheck.settings.read import read_settings, variable


def _wrong(written: str, path: Path, environ: Mapping[str, str] | None = None) -> str:
    path.write_text(written)
    with pytest.raises(ConfigurationError) as wrong:
        read_settings(path, environ or {})
    return str(wrong.value).removeprefix(f"{path}: ")


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "coatcheck.toml"


def test_without_tables_there_is_none() -> None:
    assert read_settings(None, {}).providers == {}


def test_each_source_goes_before_the_next_field_by_field(toml: Path) -> None:
    toml.write_text("[providers.github]\nclient_id = 'file'\ntitle = 'file'\nclient_secret = 'file'\n")
    environ = {
        "COATCHECK_PROVIDERS__GITHUB__TITLE": "environment",
        "COATCHECK_PROVIDERS__GITHUB__CLIENT_SECRET": "environment",
    }
    given = {"providers": {"github": {"client_secret": "code"}}}
    assert dict(read_settings(toml, environ, given).providers) == {
        "github": ProviderSettings(client_id="file", title="environment", client_secret="code")
    }


def test_tables_keep_the_order_of_the_file_and_an_empty_one_is_there(toml: Path) -> None:
    toml.write_text("[providers.zoom]\n[providers.acme]\nclient_id = '1'\n[providers.github]\n")
    assert list(read_settings(toml, {}).providers) == ["zoom", "acme", "github"]


def test_a_table_may_come_from_the_environment_alone_with_underscores_for_hyphens() -> None:
    environ = {
        "COATCHECK_PROVIDERS__ACME_STAFF__CLIENT_ID": "1",
        "COATCHECK_PROVIDERS__ACME_STAFF__SCOPES": "repo, gist",
        "COATCHECK_PROVIDERS__ACME_STAFF__KEEPS_TOKENS": "yes",
    }
    assert read_settings(None, environ).providers == {
        "acme-staff": ProviderSettings(client_id="1", scopes=("repo", "gist"), keeps_tokens=True)
    }
    assert variable("providers.acme-staff", "client_id") == "COATCHECK_PROVIDERS__ACME_STAFF__CLIENT_ID"


def test_key_files_are_relative_to_the_file(toml: Path) -> None:
    toml.write_text("[providers.apple]\nkey_file = 'apple.p8'\n[providers.okta]\n[providers.b]\nkey_file = '/k.pem'\n")
    found = read_settings(toml, {}).providers
    assert [each.key_file for each in found.values()] == [str(toml.parent / "apple.p8"), None, "/k.pem"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "[providers.github]\nclient_secrt = 'x'",
            "providers.github.client_secrt: the section providers.github has no client_secrt; did you mean "
            "providers.github.client_secret?",
        ),
        ("[providers.github]\nzzz = 1", "the section providers.github has no zzz; it has entry, title"),
        ("[providers.github]\nsmtp_url = 'x'", "the section providers.github has no smtp_url; did you mean mail.smtp"),
        (
            "[provider.github]\nclient_id = 'x'",
            "provider.github: there is no section provider; did you mean providers?",
        ),
        (
            "[providers]\nclient_id = 'x'",
            "providers.client_id stands outside a table: write it under a name of yours, such as [providers.NAME]; "
            "did you mean providers.NAME.client_id?",
        ),
        ("[providers.Git_Hub]\n", "providers.Git_Hub: the name 'Git_Hub' must be 1 to 40 of a-z, 0-9 and -"),
        (f"[providers.{'a' * 41}]\n", "must be 1 to 40 of a-z, 0-9 and -"),
        ("[providers.github]\nkeeps_tokens = 1", "providers.github.keeps_tokens: got 1, expected true or false"),
        ("[providers.github.more]\na = 1", "the section providers.github has no more"),
        ("[providers.a]\nclient_auth = 'magic'", "providers.a.client_auth: client_auth must be one of basic, post"),
        (
            '[providers.a]\nclient_id = " 1"',
            "providers.a.client_id: client_id: a blank or a line break was copied along",
        ),
        ("[providers.a]\nscopes = ['a b']", "providers.a.scopes: scopes: 'a b' is no scope: one text each"),
        ("[providers.a]\nemail_domains = ['Acme.example']", "providers.a.email_domains: email_domains: 'Acme.example'"),
        ("[providers.a]\nemail_domains = ['acme']", "email_domains: 'acme' must read like example.org"),
        (
            "[providers.a]\ngroups = 'g'\nroles = ['x']",
            "providers.a.roles: roles: 'x' must read like Acme Admins = admin",
        ),
        ("[providers.a]\ntitle = 't'\nroles = ['x = y']", "providers.a.roles: groups and roles go together"),
        ("[providers.a]\ntitle = 't'\ngroups = 'g'", "providers.a.groups: groups and roles go together"),
        ("[providers.a]\nprivate_network = ['lan']", "private_network: 'lan' must read like 10.1.0.0/16"),
    ],
)
def test_a_mistake_in_the_file_is_named(toml: Path, written: str, said: str) -> None:
    assert said in _wrong(written, toml)


def test_a_mistake_in_the_environment_is_named(toml: Path) -> None:
    wrong = _wrong("", toml, {"COATCHECK_PROVIDERS__CLIENT_ID": "x"})
    assert wrong == (
        "COATCHECK_PROVIDERS__CLIENT_ID: write the table's name between, COATCHECK_PROVIDERS__NAME__CLIENT_ID"
    )
    assert _wrong("", toml, {"COATCHECK_PROVIDERS__A__KEEPS_TOKENS": "x"}).startswith(
        "COATCHECK_PROVIDERS__A__KEEPS_TOKENS: got 'x', expected true or false"
    )


def test_two_settings_that_do_not_fit_are_named_with_their_places(toml: Path) -> None:
    wrong = _wrong("[providers.a]\nroles = ['x = y']\ntitle = 't'", toml, {"COATCHECK_PROVIDERS__A__GROUPS": ""})
    assert wrong.startswith("providers.a.roles, COATCHECK_PROVIDERS__A__GROUPS: groups and roles go together")


@pytest.mark.parametrize("given", [17, ["hush"], {"hush": "hush"}])
def test_a_secret_is_shown_neither_in_mistakes_nor_in_print(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="not shown, it may be secret") as wrong:
        read_settings(None, {}, {"providers": {"a": {"client_secret": given}}})
    assert "hush" not in str(wrong.value)
    assert "hush" not in repr(ProviderSettings(client_secret="hush"))


@pytest.mark.parametrize("given", [" hush", "hush\n", "hu\x00sh"])
def test_a_secret_that_was_copied_with_a_blank_is_not_shown_either(given: str) -> None:
    with pytest.raises(ConfigurationError, match="a blank or a line break was copied along") as wrong:
        read_settings(None, {}, {"providers": {"a": {"client_secret": given}}})
    assert "hu" not in str(wrong.value)


def test_a_group_may_hold_the_sign_between() -> None:
    settings = ProviderSettings(groups="groups", roles=("CN=Admins,DC=acme = admin", "staff = member"))
    assert settings.role_of_group == {"CN=Admins,DC=acme": "admin", "staff": "member"}


def test_a_name_is_judged_in_settings_made_in_code_too() -> None:
    with pytest.raises(ConfigurationError, match="'Git_Hub' must be 1 to 40"):
        Settings(providers={"Git_Hub": ProviderSettings()})
