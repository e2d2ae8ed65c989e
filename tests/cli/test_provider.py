"""`coatcheck provider`: what is configured and missing, one tried live, domains proven; in words, with exit codes."""

import json
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from coatcheck.login.note_failure import note_failure
from coatcheck.upstream.trouble import UpstreamFailed
from tests.cli.running import coatcheck
from tests.site import VISIT, open_site
from tests.upstream.answering import Answering, answering

SECRET = "hush-hush"


@pytest.fixture
def there() -> Iterator[Answering]:
    """Serve a provider that is as it should be."""
    with answering() as made:
        made.date = formatdate(usegmt=True)
        endpoints = {name: f"{made.url}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        made.answers["/.well-known/openid-configuration"] = (200, {"issuer": made.url, **endpoints})
        made.answers["/jwks_uri"] = (200, {"keys": [{"kty": "RSA", "kid": "1", "n": "…", "e": "AQAB"}]})
        made.answers["/token_endpoint"] = (400, {"error": "invalid_grant"})
        yield made


def configure(folder: Path, more: str) -> None:
    """Add tables to the settings."""
    with (folder / "coatcheck.toml").open("a") as file:
        file.write(more)


def acme(there: Answering, more: str = "") -> str:
    """Write the table of a company's connection."""
    known = f"client_id = 'client-1'\nclient_secret = '{SECRET}'\nemail_domains = ['acme.example']\n"
    return f"[providers.acme]\nentry = 'oidc'\nissuer = '{there.url}'\n{known}{more}\n"


def test_without_any_the_list_says_how_to_begin(folder: Path) -> None:
    done = coatcheck("provider", "list", folder=folder)
    assert (done.returncode, done.stdout) == (
        0,
        "No providers: a table [providers.github] in coatcheck.toml begins one.\n",
    )


def test_the_list_says_what_is_missing(folder: Path) -> None:
    configure(folder, "[providers.github]\nclient_id = '1'\n[providers.githb]\n[providers.google]\nclient_id = '2'\n")
    environ = {"COATCHECK_PROVIDERS__GOOGLE__CLIENT_SECRET": SECRET}
    done = coatcheck("provider", "list", "--json", folder=folder, environ=environ)
    assert done.returncode == 0, done.stderr
    github, githb, google = json.loads(done.stdout)
    assert github["missing"].startswith("providers.github.client_secret: set it, best in the environment as COATCHECK_")
    assert githb["missing"] == "there is no entry 'githb'; did you mean github?"
    assert (google["title"], google["kind"], google["entry"]) == ("Google", "oidc", "google")
    assert (google["tried"], google["missing"]) == ("not tried live", "-")
    assert SECRET not in done.stdout
    table = coatcheck("provider", "list", folder=folder, environ=environ).stdout
    assert "not tried live" in table


def test_every_entry_is_listed_and_told(folder: Path) -> None:
    listed = json.loads(coatcheck("provider", "list", "--all", "--json", folder=folder).stdout)
    assert {each["name"] for each in listed} >= {"github", "google", "microsoft", "apple", "gitlab", "oidc", "oauth2"}
    told = coatcheck("provider", "list", "microsoft", folder=folder)
    assert told.returncode == 0, told.stderr
    assert "https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc" in told.stdout
    assert "2026-11-27; not tried live" in told.stdout
    unknown = coatcheck("provider", "list", "mycrosoft", folder=folder)
    assert (unknown.returncode, unknown.stderr) == (
        2,
        "coatcheck: there is no entry 'mycrosoft'; did you mean microsoft?\n",
    )


def test_a_provider_that_is_not_complete_stops_the_server(folder: Path) -> None:
    configure(folder, "[providers.github]\nclient_id = '1'\n")
    done = coatcheck("serve", "--port", "0", folder=folder)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("coatcheck: providers.github.client_secret: set it, best in the environment as")


def test_a_provider_is_tried_live(folder: Path, there: Answering) -> None:
    configure(folder, acme(there))
    done = coatcheck("provider", "test", "acme", folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert (
        "· redirect URI: register this one at Acme, to the letter: http://localhost:8400/login/acme/callback" in lines
    )
    assert "✓ client: it knows this site" in done.stdout
    assert SECRET not in done.stdout

    there.answers["/token_endpoint"] = (401, {"error": "invalid_client"})
    done = coatcheck("provider", "test", "acme", folder=folder)
    assert done.returncode == 1
    assert "✗ client: it answers invalid_client: client_id, client_secret or key are not" in done.stdout

    nobody = coatcheck("provider", "test", "nobody", folder=folder)
    assert (nobody.returncode, nobody.stderr) == (1, "coatcheck: the settings name no provider 'nobody'\n")


def test_a_domain_is_proven_by_hand_and_forgotten(folder: Path, there: Answering) -> None:
    configure(folder, acme(there))
    done = coatcheck("provider", "prove-domain", "acme", "acme.example", "--by-hand", folder=folder)
    assert (done.returncode, done.stdout) == (0, "acme.example is proven: its people sign in by acme.\n"), done.stderr
    other = coatcheck("provider", "prove-domain", "acme", "other.example", "--by-hand", folder=folder)
    assert (other.returncode, other.stderr) == (
        1,
        "coatcheck: providers.acme.email_domains does not name other.example.\n",
    )
    assert coatcheck("provider", "forget-domain", "acme.example", folder=folder).returncode == 0
    again = coatcheck("provider", "forget-domain", "acme.example", folder=folder)
    assert (again.returncode, again.stderr) == (1, "coatcheck: acme.example is proven for no provider\n")
    events = coatcheck("audit", "show", "--json", folder=folder).stdout
    assert [events.count(f'"{name}"') for name in ("domain.proven", "domain.forgotten")] == [1, 1]
    assert '"by": "hand"' in events


async def test_troubles_say_what_to_do(folder: Path) -> None:
    none = coatcheck("provider", "troubles", folder=folder)
    assert (none.returncode, none.stdout) == (0, "No sign-in with a provider failed.\n")
    key: dict[str, Any] = {"secret": {"master_key_file": str(folder / "master.key")}}
    visit = structs.replace(VISIT, request_id="req_0123456789abcdef0123")
    async with open_site(f"sqlite:///{folder / 'coatcheck.db'}", folder, **key) as site:
        await note_failure(site.desk, visit, UpstreamFailed("other_host", "you started elsewhere"), provider="github")
    done = coatcheck("provider", "troubles", "github", folder=folder)
    assert done.returncode == 0, done.stderr
    for words in ("github: other_host", "you started elsewhere", "server.public_url", visit.request_id):
        assert words in done.stdout
    [told] = json.loads(
        coatcheck("provider", "troubles", "--request", visit.request_id, "--json", folder=folder).stdout
    )
    assert (told["trouble"], told["trace"]) == ("other_host", "you started elsewhere")
    unknown = coatcheck("provider", "troubles", "--request", "req_x", folder=folder)
    assert unknown.stdout.startswith("No failed sign-in has this id in the trail")
