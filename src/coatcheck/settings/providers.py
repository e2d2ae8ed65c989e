"""Settings of providers: those that people sign in with, one table each, by a name of the operator's choice."""

import re
from functools import cached_property
from ipaddress import ip_network
from typing import ClassVar, Final

from coatcheck.secret import Veiled

CLIENT_AUTHS: Final = ("basic", "post", "private_key_jwt", "apple", "none")
_NAME = re.compile(r"[a-z0-9-]{1,40}")
_DOMAIN = re.compile(r"(?=.{3,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_SCOPE = re.compile(r"[!#-\[\]-~]{1,200}")


class ProviderSettings(Veiled, frozen=True, kw_only=True, dict=True):
    """Say how one provider is used: `[providers.github]`, or `[providers.acme]` with `entry = "okta"`.

    See: docs/providers.md.
    """

    veils: ClassVar = frozenset({"client_secret"})

    entry: str = ""
    """Which provider it is: one that `coatcheck provider list --all` names, `oidc` for any OpenID Connect issuer or
    `oauth2` for any OAuth 2.0 server. Unset, it is the table's own name; set it to use one kind of provider twice."""

    title: str = ""
    """What its button says, such as `Acme staff`. Unset, what the provider is called."""

    client_id: str = ""
    """What the provider calls this site. It is given where the site is registered there."""

    client_secret: str | None = None
    """What this site proves itself by. Better in the environment than in a file that is committed."""

    client_auth: str | None = None
    """How this site proves itself: `basic`, `post` (with a secret), `private_key_jwt`, `apple` (with a key) or `none`.
    Unset, what the entry prefers of those that the secret or key allow."""

    key_file: str | None = None
    """A PEM file with the private key for `private_key_jwt` or Apple, readable by its owner alone. A key that never
    leaves this machine cannot leak at the provider."""

    key_id: str = ""
    """What the provider calls that key: it may hold several, so that they can be changed one after the other."""

    team_id: str = ""
    """Apple's name of the developer team, 10 characters: its signed secrets say whose they are."""

    issuer: str = ""
    """For `oidc`: the issuer's address to the letter, as its discovery document says it. There is no default for whom
    to believe."""

    domain: str = ""
    """Where the provider is, for entries that ask for it: `acme.okta.com`, or your own GitLab's host."""

    tenant: str = ""
    """Microsoft: a tenant's id, or `common`, `organizations` or `consumers`. It decides whose accounts may come in."""

    realm: str = ""
    """Keycloak: the realm. AWS Cognito: the pool's id, such as `eu-central-1_AbCdEf123`."""

    server: str = ""
    """Okta: the authorization server's id, such as `default`. Unset, the organisation's own."""

    authorization: str = ""
    """For `oauth2`: where the browser is sent, as nothing names it there."""

    token: str = ""
    """For `oauth2`: the address at which codes are redeemed."""

    userinfo: str = ""
    """For `oauth2`: the address that says who somebody is."""

    emails: str = ""
    """For `oauth2`: the address of a list of the person's emails, where `userinfo` does not say which is verified."""

    scopes: tuple[str, ...] = ()
    """What to ask for besides what a sign-in needs: what the app is to do at the provider in the person's name."""

    subject: str = ""
    """For `oauth2`: where the person's one lasting id stands, such as `data.id`, or `id (number)`. Never a name or an
    email, which change hands. A name with dots is put in quotes: `"https://acme.example/id"`."""

    email: str = ""
    """Where the email stands, if not where the entry says; `emails: email` reads it from the list."""

    email_flag: str = ""
    """Where it stands that the email is verified; it must be true there."""

    name: str = ""
    """Where the person's name stands, if not where the entry says."""

    groups: str = ""
    """Where the groups stand that `roles` reads, such as `groups` or `realm_access.roles`. There is no usual place."""

    roles: tuple[str, ...] = ()
    """Which group gives which role, such as `Acme Admins = admin`. Without lines a provider gives no role."""

    email_domains: tuple[str, ...] = ()
    """Company sign-in: the email domains whose people this connection signs in. Each counts once it is proven, by
    `coatcheck provider prove-domain`: otherwise whoever runs a connection could speak for anybody's addresses."""

    trusts_email: bool = False
    """Whether the emails of `email_domains` count as the person's own on the provider's word. Its administrator can set
    any address, so it is off until you say so, and counts for proven domains alone."""

    checks_emails: bool = False
    """Whether this server, your own, makes sure of each address, whatever its domain, before it says `email_verified`.
    Off: at most such servers an administrator can set any address, and would get an account by it."""

    second_factor: tuple[str, ...] = ()
    """Values of `amr` or `acr` that count as a second factor here, such as `mfa`. None by default: what such a value is
    worth only you can know."""

    keeps_tokens: bool = False
    """Whether the provider's tokens are kept, sealed, for the app to act with. Off: what is not kept cannot leak."""

    makes_accounts: bool = True
    """Whether somebody who comes for the first time gets an account. Off for connections that may only be linked."""

    private_network: tuple[str, ...] = ()
    """Your own networks that the provider may be in, such as `10.1.0.0/16`. Without it no address of a provider may
    lead into a private network: a discovery document could make this server ask its neighbours."""

    def __post_init__(self) -> None:
        if self.client_auth is not None and self.client_auth not in CLIENT_AUTHS:
            raise ValueError(f"client_auth must be one of {', '.join(CLIENT_AUTHS)}")
        for name in ("client_id", "client_secret"):
            value = getattr(self, name) or ""
            if value != value.strip() or not value.isprintable():
                raise ValueError(f"{name}: a blank or a line break was copied along")
        for domain in self.email_domains:
            if not _DOMAIN.fullmatch(domain):
                raise ValueError(f"email_domains: {domain!r:.80} must read like example.org, in lower case")
        for scope in self.scopes:
            if not _SCOPE.fullmatch(scope):
                raise ValueError(f"scopes: {scope!r:.80} is no scope: one text each, without spaces")
        self._check_roles()
        self._check_network()

    def _check_roles(self) -> None:
        for line in self.roles:
            group, equals, role = (part.strip() for part in line.rpartition("="))
            if not equals or not group or not role:
                raise ValueError(f"roles: {line!r:.80} must read like Acme Admins = admin")
        if bool(self.roles) != bool(self.groups):
            raise ValueError("groups and roles go together: where the groups stand, and which role each gives")

    def _check_network(self) -> None:
        for network in self.private_network:
            try:
                ip_network(network)
            except ValueError:
                raise ValueError(f"private_network: {network!r:.80} must read like 10.1.0.0/16") from None

    @cached_property
    def role_of_group(self) -> dict[str, str]:
        """The role that each group gives."""
        parts = (line.rpartition("=") for line in self.roles)
        return {group.strip(): role.strip() for group, _, role in parts}


def is_table_name(name: str) -> bool:
    """Tell whether a provider or connection may be called so: it stands in addresses and in the database."""
    return _NAME.fullmatch(name) is not None
