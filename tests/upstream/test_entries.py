"""Entries are data: each is read strictly, says where it comes from, and rests on a name that never changes hands."""

import re
from pathlib import Path
from time import process_time
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from coatcheck.errors import ConfigurationError
from coatcheck.upstream.entries import FOLDER
from coatcheck.upstream.entries.claim import parse_claim
from coatcheck.upstream.entries.entry import Entry, entry_names, read_entry
from coatcheck.upstream.provider import Claim
from tests.upstream.tables import KNOWN, provider, providers, write_key

TEMPLATES = {"oidc", "oauth2"}
NAMED = sorted(set(entry_names()) - TEMPLATES)
MUTABLE = {
    "login", "username", "user_name", "email", "mail", "upn", "preferred_username", "nickname", "handle", "name",
    "display_name", "unique_name", "screen_name", "discriminator", "vanity",
}  # fmt: skip
NEW = """
title = "Quillstone"
kind = "oauth2"
issuer = "https://quillstone.example"
client_auth = ["post"]
sends_pkce = true
sends_nonce = false
email_trust = "never"
email_worth = "Nothing."
read = "2026-11-27"
tried_live = false
docs = [{ page = "https://quillstone.example/docs", seen = "whole" }]
[endpoints]
authorization = "https://quillstone.example/a"
token = "https://quillstone.example/t"
userinfo = "https://quillstone.example/u"
[claims]
subject = "id"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "quillstone.toml").write_text(NEW)
    return tmp_path


def test_there_are_as_many_as_were_promised() -> None:
    assert {
        "github", "google", "microsoft", "apple", "gitlab", "bitbucket", "discord", "slack", "linkedin", "facebook",
        "x", "twitch", "spotify", "dropbox", "atlassian", "zoom", "notion", "figma", "reddit", "paypal", "salesforce",
        "hubspot", "okta", "auth0", "keycloak", "cognito",
    } == set(NAMED)  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_every_entry_makes_a_provider(name: str, tmp_path: Path) -> None:
    samples: dict[str, Any] = {"domain": "acme.example", "realm": "eu-central-1_a", "tenant": "common"}
    asked: dict[str, Any] = {each: samples[each] for each in read_entry(name).asks}
    file = write_key(tmp_path / "key.p8", ec.generate_private_key(ec.SECP256R1()))
    if name == "apple":
        asked = {"key_file": file, "key_id": "FAKEKEY001", "team_id": "FAKETEAM01"}
    made = provider(tmp_path, entry=name, **asked)
    assert not re.search(r"[{}\[\]]", f"{made.issuer.replace('{tenantid}', '')}{made.endpoints}")
    assert made.email_trust != "owner", "it takes the operator's word"


def test_adding_a_provider_is_adding_a_file(folder: Path) -> None:
    made = provider(folder=folder, entry="quillstone")
    assert (made.title, made.issuer, made.client_auth) == ("Quillstone", "https://quillstone.example", "post")
    assert made.claims.subject == Claim(source="userinfo", path=("id",))


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("title =", "titel = 'x'\ntitle =", "`titel`"),
        ("subject =", "mail = 'x'\nsubject =", "`mail`"),
        ("token =", "tokens = 'https://x.example'\ntoken =", "endpoints has no tokens"),
        ('"oauth2"', '"magic"', "'magic'"),
        ("sends_pkce = true", "sends_pkce = 1", "`bool`"),
        ("[claims]", "[claims", "at line"),
    ],
)
def test_an_entry_is_read_strictly(folder: Path, right: str, wrong: str, named: str) -> None:
    assert right in NEW
    (folder / "quillstone.toml").write_text(NEW.replace(right, wrong, 1))
    with pytest.raises(ConfigurationError) as refused:
        read_entry("quillstone", folder)
    assert str(refused.value).startswith("quillstone.toml: ")
    assert named in str(refused.value)


@pytest.mark.parametrize(
    "missing", ["docs", "read", "tried_live", "email_trust", "email_worth", "sends_pkce", "issuer"]
)
def test_what_an_entry_must_say_is_demanded(folder: Path, missing: str) -> None:
    lines = [line for line in NEW.splitlines() if not line.startswith(f"{missing} =")]
    (folder / "quillstone.toml").write_text("\n".join(lines))
    with pytest.raises(ConfigurationError, match=f"`{missing}`"):
        read_entry("quillstone", folder)


@pytest.mark.parametrize("name", entry_names())
def test_every_entry_says_where_it_comes_from(name: str) -> None:
    entry = read_entry(name)
    assert entry.docs
    assert all(page.page.startswith("https://") and page.seen for page in entry.docs)
    assert re.fullmatch(r"2026-\d\d-\d\d|not read", entry.read)
    assert entry.read != "not read" or entry.from_memory, "say what stands in no page"
    assert entry.tried_live is False
    assert len(entry.email_worth) > 20


@pytest.mark.parametrize("name", NAMED)
def test_every_entry_rests_on_a_name_that_never_changes_hands(name: str) -> None:
    entry = read_entry(name)
    claim = parse_claim(entry.claims.subject, usual="userinfo")
    assert claim.path[-1] not in MUTABLE
    assert not any(each.partition(" ")[0] == ".".join(claim.path) for each in entry.never_subject)


@pytest.mark.parametrize("name", NAMED)
def test_every_address_is_https_and_every_word_in_it_is_known(name: str) -> None:
    entry = read_entry(name)
    own = (entry.issuer, entry.register_at, *entry.endpoints.values(), *(each.page for each in entry.docs))
    theirs = (entry.self_hosted.issuer, *entry.self_hosted.endpoints.values()) if entry.self_hosted else ()
    for url in (*own, *theirs):
        assert url.startswith("https://")
        assert set(re.findall(r"{(\w+)}", url)) <= {*entry.asks, *entry.takes, "tenantid", "client_id", "region"}
    if entry.kind == "oauth2":
        assert {"authorization", "token"} <= entry.endpoints.keys()


@pytest.mark.parametrize("name", NAMED)
def test_what_an_email_is_worth_fits_where_it_is_read(name: str) -> None:
    entry = read_entry(name)
    flagged = bool(entry.claims.email_flag) or entry.claims.email_needs_no_flag
    assert (entry.email_trust in ("flag", "google", "microsoft")) <= flagged
    for place in entry.claims.email_flag:
        parse_claim(place, usual="userinfo")


def test_an_entry_cannot_be_changed() -> None:
    entry = read_entry("github")
    with pytest.raises(AttributeError):
        entry.title = "x"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        replace(provider(entry="github"), name="x").name = "y"  # type: ignore[misc]


def test_the_entries_stand_in_the_package() -> None:
    assert (FOLDER / "github.toml").exists()
    assert FOLDER.parent.parent.name == "coatcheck"


def test_only_what_the_settings_name_is_read(folder: Path) -> None:
    (folder / "broken.toml").write_text("no toml")
    assert [each.name for each in providers(folder=folder, quillstone=KNOWN)] == ["quillstone"]


def test_reading_five_takes_less_than_five_milliseconds() -> None:
    names = ("github", "google", "microsoft", "apple", "gitlab")
    took = []
    for _ in range(5):
        began = process_time()
        for name in names:
            read_entry(name)
        took.append(process_time() - began)
    assert min(took) < 0.005


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("id", Claim(source="userinfo", path=("id",))),
        ("data.0.id", Claim(source="userinfo", path=("data", "0", "id"))),
        ("id (number)", Claim(source="userinfo", path=("id",), is_number=True)),
        ("id_token: sub", Claim(source="id_token", path=("sub",))),
        ('id_token: "https://a.example/t.x".id', Claim(source="id_token", path=("https://a.example/t.x", "id"))),
    ],
)
def test_a_place_is_read(text: str, claim: Claim) -> None:
    assert parse_claim(text, usual="userinfo") == claim


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", "a b", 'a."', '""', "nowhere: a", "a(number", "id_token:"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must (read|be)|there is no source"):
        parse_claim(text, usual="userinfo")


def test_entries_are_what_msgspec_makes_of_them() -> None:
    assert msgspec.structs.fields(Entry)
    assert repr(read_entry("github")) == "Entry(GitHub)"
