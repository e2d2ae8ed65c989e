"""An entry and the operator's settings make one provider; what is missing or contradicts stops the start, by name."""

import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from coatcheck.errors import ConfigurationError, NotFound
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.provider import Claim, Endpoints, Provider
from tests.site import Site
from tests.upstream.tables import KNOWN, OPEN_SERVER, provider, providers, write_key

TENANT = "aaaaaaaa-0000-4000-8000-00000000000a"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"


def wrong(base: Path = Path(), **tables: Any) -> str:
    """Give what a start says."""
    with pytest.raises(ConfigurationError) as refused:
        providers(base, **tables)
    assert "hush" not in str(refused.value)
    return str(refused.value)


def test_an_entry_and_the_settings_are_one_provider() -> None:
    made = provider(entry="github", title="Our GitHub", scopes=["repo", "read:user"], keeps_tokens=True)
    assert (made.name, made.title, made.kind, made.issuer) == ("github", "Our GitHub", "oauth2", "https://github.com")
    assert (made.client_id, made.client_auth, made.keeps_tokens) == ("client-1", "post", True)
    assert made.client_secret is not None
    assert made.client_secret.reveal() == "hush-hush"
    assert made.scopes == ("read:user", "user:email", "repo")
    assert made.claims.subject == Claim(source="userinfo", path=("id",), is_number=True)
    assert made.claims.email_flag == (
        Claim(source="emails", path=("primary",)),
        Claim(source="emails", path=("verified",)),
    )
    assert made.endpoints.grants == "https://api.github.com/applications/client-1/grant"
    assert "hush" not in repr(made)


def test_an_issuer_names_its_discovery() -> None:
    made = provider(entry="google")
    assert made.endpoints == Endpoints(discovery="https://accounts.google.com/.well-known/openid-configuration")
    assert (made.email_trust, made.other_issuers) == ("google", ("accounts.google.com",))


@pytest.mark.parametrize(
    ("tenant", "issuer", "tenants", "not_tenants"),
    [
        ("common", "{tenantid}", (), ()),
        ("organizations", "{tenantid}", (), (CONSUMERS,)),
        ("consumers", CONSUMERS, (CONSUMERS,), ()),
        (TENANT, TENANT, (TENANT,), ()),
    ],
)
def test_microsofts_issuer_is_the_tenants(tenant: str, issuer: str, tenants: Any, not_tenants: Any) -> None:
    made = provider(entry="microsoft", tenant=tenant)
    assert made.issuer == f"https://login.microsoftonline.com/{issuer}/v2.0"
    assert (made.tenants, made.not_tenants) == (tenants, not_tenants)
    assert made.endpoints.discovery == (
        f"https://login.microsoftonline.com/{tenant}/v2.0/.well-known/openid-configuration"
    )


def test_a_server_of_ones_own_is_believed_only_by_its_owners_word() -> None:
    ours = provider(entry="gitlab", domain="git.example.org")
    assert (ours.issuer, ours.email_trust) == ("https://git.example.org", "never")
    assert provider(entry="gitlab").email_trust == "flag"
    trusted = provider(entry="gitlab", domain="git.example.org", email_domains=["example.org"], trusts_email=True)
    assert (trusted.email_trust, trusted.domains) == ("owner", ("example.org",))
    enterprise = provider(entry="github", domain="code.example.org")
    assert enterprise.endpoints.emails == "https://code.example.org/api/v3/user/emails"
    assert (enterprise.issuer, enterprise.answer_issuer) == ("https://code.example.org", "")
    assert enterprise.email_trust == "never"


def test_addresses_are_made_of_the_owners_words() -> None:
    made = provider(entry="okta", domain="acme.okta.com")
    assert made.issuer == "https://acme.okta.com"
    made = provider(entry="okta", domain="acme.okta.com", server="default")
    assert made.issuer == "https://acme.okta.com/oauth2/default"
    assert made.endpoints.discovery == "https://acme.okta.com/oauth2/default/.well-known/openid-configuration"
    made = provider(entry="keycloak", domain="id.example.org:8443/auth", realm="staff")
    assert made.issuer == "https://id.example.org:8443/auth/realms/staff"
    made = provider(entry="auth0", domain="acme.eu.auth0.com")
    assert made.issuer == "https://acme.eu.auth0.com/"
    assert made.endpoints.discovery == "https://acme.eu.auth0.com/.well-known/openid-configuration"
    made = provider(entry="cognito", realm="eu-central-1_AbCdEf123")
    assert made.issuer == "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf123"
    made = provider(entry="reddit", client_id="a/b")
    assert made.api_headers["User-Agent"] == made.token_headers["User-Agent"] == "web:a%2Fb:1 (coatcheck)"


def test_any_issuer_by_its_address() -> None:
    made = provider(entry="oidc", issuer="https://id.example.org/", groups="realm.groups", roles=["a = b"])
    assert made.issuer == "https://id.example.org/"
    assert made.endpoints.discovery == "https://id.example.org/.well-known/openid-configuration"
    assert (made.title, made.email_trust, made.client_auth) == ("Oidc", "never", "basic")
    assert made.claims.groups == Claim(source="profile", path=("realm", "groups"))
    assert made.roles == {"a": "b"}


def test_any_server_by_its_endpoints_and_a_mapping() -> None:
    made = provider(**OPEN_SERVER, name="profile.name", email="emails: email", email_flag="emails: ok")
    assert (made.issuer, made.sends_pkce) == ("https://id.example.org", True)
    assert made.endpoints.token == "https://id.example.org/token"
    assert made.claims.subject == Claim(source="userinfo", path=("id",), is_number=True)
    assert made.claims.name == Claim(source="userinfo", path=("profile", "name"))
    assert made.claims.email == Claim(source="emails", path=("email",))


def test_one_on_this_machine_may_stand_for_any_of_them() -> None:
    made = provider(entry="google", issuer="http://127.0.0.1:9000")
    assert (made.issuer, made.other_issuers, made.email_trust) == ("http://127.0.0.1:9000", (), "google")
    fake = provider(
        entry="github",
        authorization="http://127.0.0.1:9000/authorization",
        token="http://127.0.0.1:9000/token",
    )
    assert (fake.endpoints.token, fake.issuer) == ("http://127.0.0.1:9000/token", "https://github.com")


def test_apple_proves_us_by_a_key(tmp_path: Path) -> None:
    file = write_key(tmp_path / "key.p8", ec.generate_private_key(ec.SECP256R1()))
    made = provider(tmp_path, entry="apple", key_file=file, key_id="FAKEKEY001", team_id="FAKETEAM01")
    assert made.client_key is not None
    assert (made.client_auth, made.client_secret, made.client_key.algorithm) == ("apple", None, "ES256")
    assert (made.client_key.key_id, made.client_key.team_id) == ("FAKEKEY001", "FAKETEAM01")
    assert "PRIVATE" not in repr(made)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
        (rsa.generate_private_key(65537, 2048), "RS256"),
    ],
)
def test_a_key_goes_before_a_secret(tmp_path: Path, key: Any, algorithm: str) -> None:
    file = write_key(tmp_path / "key.pem", key)
    made = provider(tmp_path, entry="oidc", issuer="https://id.example.org", key_file=file)
    assert made.client_key is not None
    assert (made.client_auth, made.client_key.algorithm) == ("private_key_jwt", algorithm)
    by_secret = provider(tmp_path, entry="oidc", issuer="https://id.example.org", key_file=file, client_auth="post")
    assert (by_secret.client_auth, by_secret.client_key) == ("post", None)


def test_nothing_proves_a_public_client_but_its_owners_word() -> None:
    table = {"entry": "oidc", "issuer": "https://id.example.org", "client_id": "1"}
    [made] = providers(a={**table, "client_auth": "none"})
    assert made.client_auth == "none"
    assert wrong(a=table).startswith("providers.a.client_secret: set it")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "github.client_id: set it; it is given where this site is registered, at https://github.com/settings/dev"),
        (
            {"client_id": "1"},
            "github.client_secret: set it, best in the environment as COATCHECK_PROVIDERS__GITHUB__CLI",
        ),
        ({**KNOWN, "client_secret": ""}, "github.client_secret: set it, best in the environment"),
        ({**KNOWN, "entry": "githb"}, "github.entry: there is no entry 'githb'; did you mean github?"),
        ({**KNOWN, "entry": "nonsense"}, "github.entry: there is no entry 'nonsense'; take oidc or oauth2"),
        ({**KNOWN, "entry": "../github"}, "github.entry: there is no entry '../github'"),
        ({**KNOWN, "client_auth": "basic"}, "github.client_auth: GitHub takes post"),
        (
            {"client_id": "1", "key_file": "k"},
            "github.key_file: GitHub takes no key; set providers.github.client_secret",
        ),
        ({**KNOWN, "issuer": "https://other.example"}, "github.issuer: GitHub has no use for it; another server is"),
        ({**KNOWN, "token": "https://other.example"}, "github.token: GitHub has no use for it"),
        ({**KNOWN, "subject": "login"}, "github.subject: GitHub has no use for it"),
        ({**KNOWN, "tenant": "common"}, "github.tenant: GitHub has no use for it"),
        (
            {**KNOWN, "domain": "evil.example/?"},
            "github.domain: 'evil.example/?' must be a host such as id.example.org",
        ),
        ({**KNOWN, "domain": "a@b.example"}, "github.domain: 'a@b.example' must be a host"),
        ({**KNOWN, "email": "email"}, "github.email: leave it out; it is known where GitHub says it"),
        ({**KNOWN, "name": "a..b"}, "github.name: 'a..b' must be names with dots between"),
        ({**KNOWN, "name": "person: x"}, "github.name: 'person: x': there is no source person"),
        ({**KNOWN, "trusts_email": True}, "github.trusts_email: set providers.github.email_domains too"),
        (
            {**KNOWN, "trusts_email": True, "email_domains": ["a.example"]},
            "github.trusts_email: leave it out; what GitHub says of emails is known",
        ),
        ({**KNOWN, "entry": "microsoft"}, "github.tenant: set it; Microsoft needs it"),
        ({**KNOWN, "entry": "microsoft", "tenant": "acme"}, "github.tenant: 'acme' must be a tenant's id, or common"),
        ({**KNOWN, "entry": "oidc"}, "github.issuer: set it; a provider of this kind needs it"),
        (
            {**KNOWN, "entry": "oidc", "issuer": "http://id.example.org"},
            "github.issuer: http://id.example.org must be ht",
        ),
        ({**KNOWN, "entry": "oidc", "issuer": "id.example.org"}, "github.issuer: 'id.example.org' must be an address"),
        (
            {**KNOWN, "entry": "oidc", "issuer": "https://a:b@c.example"},
            "must have a host, and no user and no fragment",
        ),
        ({**KNOWN, "entry": "oidc", "issuer": "https://[::1"}, "github.issuer: 'https://[::1' must be an address"),
        (
            {**KNOWN, "entry": "oidc", "issuer": "https://a:99999"},
            "github.issuer: 'https://a:99999' must be an address",
        ),
        ({**KNOWN, "entry": "oidc", "issuer": "https://c.example?x"}, "must be an address without a question mark"),
        (
            {**KNOWN, **OPEN_SERVER, "token": "http://id.example.org/t"},
            "github.token: http://id.example.org/t must be ht",
        ),
        ({**KNOWN, **OPEN_SERVER, "subject": ""}, "github.subject: set it; a provider of this kind needs it"),
        (
            {**KNOWN, "entry": "okta", "domain": "acme.okta.com", "client_id": ""},
            "registered, at https://acme.okta.com/",
        ),
        ({**KNOWN, "entry": "keycloak", "domain": "id.example.org", "realm": "a/b"}, "github.realm: 'a/b' must be its"),
        ({**KNOWN, "entry": "apple"}, "github.key_file: set it to the private key, at https://developer.apple.com/"),
    ],
)
def test_what_is_missing_or_of_no_use_stops_the_start(table: dict[str, Any], said: str) -> None:
    message = wrong(github=table)
    assert message.startswith("providers.github.")
    assert said in message


def test_a_key_of_the_wrong_kind_stops_the_start(tmp_path: Path) -> None:
    apple = {**KNOWN, "key_id": "FAKEKEY001", "team_id": "FAKETEAM01"}
    big = write_key(tmp_path / "rsa.pem", rsa.generate_private_key(65537, 2048))
    assert "Apple's key is on P-256" in wrong(tmp_path, apple={**apple, "key_file": big})
    p384 = write_key(tmp_path / "p384.pem", ec.generate_private_key(ec.SECP384R1()))
    assert "must be a key on P-256, of Ed25519, or of RSA" in wrong(tmp_path, apple={**apple, "key_file": p384})
    good = write_key(tmp_path / "good.p8", ec.generate_private_key(ec.SECP256R1()))
    assert "providers.apple.team_id: set it" in wrong(tmp_path, apple={**apple, "key_file": good, "team_id": "short"})
    assert "providers.apple.key_id: set it" in wrong(tmp_path, apple={**apple, "key_file": good, "key_id": ""})


def test_a_key_that_cannot_be_read_or_that_others_read_stops_the_start(tmp_path: Path) -> None:
    apple = {**KNOWN, "key_id": "FAKEKEY001", "team_id": "FAKETEAM01", "key_file": "key.p8"}
    assert "key.p8 cannot be read (No such file or directory)" in wrong(tmp_path, apple=apple)
    write_key(tmp_path / "key.p8", ec.generate_private_key(ec.SECP256R1()))
    (tmp_path / "key.p8").chmod(0o644)
    assert wrong(tmp_path, apple=apple).endswith(f"run `chmod 600 {tmp_path / 'key.p8'}`")
    (tmp_path / "key.p8").chmod(0o600)
    (tmp_path / "key.p8").write_text("hush")
    assert "is no private key in PEM" in wrong(tmp_path, apple=apple)


def test_two_that_speak_for_the_same_people_stop_the_start() -> None:
    assert wrong(
        google={**KNOWN, "email_domains": ["a.example"]}, gitlab={**KNOWN, "email_domains": ["a.example"]}
    ) == ("providers.gitlab.email_domains: a.example is signed in by providers.google already")
    assert "it has the issuer of providers.gitlab" in wrong(gitlab=KNOWN, other={**KNOWN, "entry": "gitlab"})
    ours = {**KNOWN, "entry": "microsoft", "tenant": TENANT}
    everybody = {**KNOWN, "entry": "microsoft", "tenant": "common"}
    assert "it has the issuer of providers.microsoft" in wrong(microsoft=everybody, ours=ours)
    assert "it has the issuer of providers.ours" in wrong(ours=ours, microsoft=everybody)
    assert len(providers(gitlab=KNOWN, ours={**KNOWN, "entry": "gitlab", "domain": "git.example.org"})) == 2


async def test_a_site_keeps_its_providers(site: Site) -> None:
    kept = site.desk.keep(Providers)
    assert kept.all() == ()
    kept.use(providers(google={**KNOWN, "email_domains": ["acme.example"]}, github=KNOWN))
    assert [each.name for each in kept.all()] == ["google", "github"]
    assert kept.get("github").title == "GitHub"
    assert kept.for_email("acme.example") == kept.get("google")
    assert kept.for_email("other.example") is None
    with pytest.raises(NotFound):
        kept.get("gitlab")


async def test_a_wrong_provider_stops_the_start(tmp_path: Path) -> None:
    auth = Coatcheck(f"sqlite:///{tmp_path / 'app.db'}", providers={"github": {"client_id": "1"}})
    with pytest.raises(ConfigurationError, match=r"providers\.github\.client_secret: set it"):
        await auth.open()
    assert os.listdir(tmp_path) == []  # before anything is made


async def test_a_right_provider_is_there_after_the_start(tmp_path: Path) -> None:
    auth = Coatcheck(f"sqlite:///{tmp_path / 'app.db'}", providers={"github": KNOWN})
    desk = await auth.open()
    try:
        found = desk.keep(Providers).get("github")
        assert isinstance(found, Provider)
        assert found.client_id == "client-1"
    finally:
        await auth.close()
