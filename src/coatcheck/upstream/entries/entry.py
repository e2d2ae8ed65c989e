"""What an entry holds: what a provider is asked and believed, and what people should know of it. Read strictly."""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from coatcheck.errors import ConfigurationError
from coatcheck.upstream.entries import FOLDER
from coatcheck.upstream.provider import (
    ClientAuth,
    EmailTrust,
    Endpoints,
    IssInAnswer,
    Kind,
    ProvesTo,
    RevocationCall,
    UserinfoCall,
)

Ask: TypeAlias = Literal[
    "domain",
    "tenant",
    "realm",
    "server",
    "issuer",
    "authorization",
    "token",
    "userinfo",
    "emails",
    "subject",
]
"""What a provider's table in the settings must say beside how we are known there."""

_Date: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d{2}-\d{2}|not read)$")]


class Page(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say which page an entry was read from, and how much of it was seen."""

    page: str
    seen: str


class ClaimPlaces(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say where the words about a person stand, each as `claim.parse_claim` reads it; see `provider.Claims`."""

    subject: str = ""
    subject_within: str = ""
    email: str = ""
    email_flag: tuple[str, ...] = ()
    email_list: tuple[str, ...] = ()
    email_needs_no_flag: bool = False
    accepts_text_flag: bool = False
    name: str = ""
    demands: Mapping[str, str | bool] = {}


class SelfHosted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say what is otherwise where `domain` names a server of the operator's own (GitHub Enterprise, GitLab)."""

    issuer: str
    email_trust: EmailTrust
    endpoints: Mapping[str, str] = {}


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold one provider as its documentation describes it; most fields are those of `provider.Provider`.

    `{domain}`, `{tenant}`, `{realm}`, `{server}` and `{region}` (of a Cognito pool) stand for the operator's settings;
    `{tenantid}` is left for the ID token's own word. What stands in `[…]` is left out where its word is not set.

    Args:
        title: what people call it.
        asks: which settings its table must have.
        takes: which it may have besides, each with what counts where it is not set.
        self_hosted: what is otherwise where `domain` is set to another than usual.
        client_auth: how we may prove ourselves, the best first.
        claims: where the words about a person stand.
        email_trust: when its word about an address counts.
        email_worth: the same in words, with the reason.
        never_subject: what looks like a lasting id there and is none.
        register_at: where the site is registered.
        docs: the pages it was read from.
        read: when, as 2026-11-27; or `not read`.
        tried_live: whether somebody signed in with it.
        from_memory: what of it stands in none of these pages.
        quirks: what people should know.
    """

    title: str
    kind: Kind
    issuer: str
    register_at: str = ""
    asks: tuple[Ask, ...] = ()
    takes: Mapping[str, str] = {}
    self_hosted: SelfHosted | None = None
    client_auth: tuple[ClientAuth, ...]
    proves_to: ProvesTo = "issuer"
    other_issuers: tuple[str, ...] = ()
    endpoints: Mapping[str, str] = {}
    scopes: tuple[str, ...] = ()
    scopes_offline: tuple[str, ...] = ()
    scope_separator: str = " "
    granted_separator: str = " "
    granted_name: str = "scope"
    authorize: Mapping[str, str] = {}
    authorize_offline: Mapping[str, str] = {}
    token_headers: Mapping[str, str] = {}
    api_headers: Mapping[str, str] = {}
    token_takes_json: bool = False
    userinfo_call: UserinfoCall = "get"
    signs_calls: bool = False
    revocation_call: RevocationCall = "rfc7009"
    sends_pkce: bool
    sends_nonce: bool
    iss_in_answer: IssInAnswer = "when_there"
    answer_issuer: str = ""
    posts_answer: bool = False
    algorithms: tuple[str, ...] = ()
    reauthenticates: bool = False
    claims: ClaimPlaces
    email_trust: EmailTrust
    email_worth: str
    never_subject: tuple[str, ...] = ()
    docs: tuple[Page, ...]
    read: _Date
    tried_live: bool
    from_memory: tuple[str, ...] = ()
    quirks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (*self.endpoints, *(self.self_hosted.endpoints if self.self_hosted else ())):
            if name not in Endpoints.__struct_fields__:
                raise ValueError(f"endpoints has no {name}")

    def __repr__(self) -> str:
        return f"Entry({self.title})"

    @property
    def called(self) -> str:
        """What sentences call it; the templates have no title."""
        return self.title or "a provider of this kind"


def entry_names(folder: Path = FOLDER) -> list[str]:
    """List the entries there are, the two templates `oidc` and `oauth2` among them."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def read_entry(name: str, folder: Path = FOLDER) -> Entry:
    """Read one entry.

    Args:
        name: such as `github`; its file is `github.toml`.

    Raises:
        ConfigurationError: there is no such entry, or its file holds what no entry has; the message names it.
    """
    if name not in entry_names(folder):
        near = get_close_matches(name, entry_names(folder), n=1)
        hint = f"did you mean {near[0]}?" if near else "take oidc or oauth2 for a provider that has none"
        raise ConfigurationError(f"there is no entry {name!r:.60}; {hint}")
    path = folder / f"{name}.toml"
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Entry)
    except (ValueError, msgspec.ValidationError) as wrong:
        raise ConfigurationError(f"{path.name}: {wrong}") from None
