"""Makes a table of the settings and its entry one `Provider`: what is missing, wrong or of no use is said."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, get_args

from coatcheck.errors import ConfigurationError
from coatcheck.secret import Secret
from coatcheck.settings import ProviderSettings, Settings
from coatcheck.settings.read import variable
from coatcheck.upstream.addresses import (
    CONSUMERS,
    TENANT_ID,
    check_address,
    discovery_of,
    filled,
    is_loopback,
    origin_of,
    words_of,
)
from coatcheck.upstream.claims_of import claims_of
from coatcheck.upstream.client_keys import read_key
from coatcheck.upstream.entries import FOLDER
from coatcheck.upstream.entries.entry import Ask, Entry, SelfHosted, read_entry
from coatcheck.upstream.provider import SIGNED_BY, ClientAuth, ClientKey, EmailTrust, Endpoints, Provider

_BY_KEY: Final = ("private_key_jwt", "apple")
_ASKED: Final[tuple[Ask, ...]] = get_args(Ask)
_REPLACED: Final = ("authorization", "token", "userinfo", "emails")


def read_provider(settings: Settings, name: str, base: Path, *, folder: Path = FOLDER) -> Provider:
    """Make one table of `providers` a provider.

    Raises:
        ConfigurationError: see `read_providers`.
    """
    where, given = f"providers.{name}", settings.providers[name]
    entry = _entry(where, given, name, folder)
    _check_asked(where, given, entry)
    if not given.client_id:
        raise ConfigurationError(
            f"{where}.client_id: set it; it is given where this site is registered{_at(given, entry)}"
        )
    words = words_of(where, given, entry.takes)
    issuer = _issuer(where, given, entry, words)
    client_auth = _client_auth(where, given, entry)
    tenant = words["tenant"]
    return Provider(
        name=name,
        title=given.title or entry.title or name.replace("-", " ").capitalize(),
        kind=entry.kind,
        issuer=issuer.replace("{tenantid}", _tenant_id(tenant) or "{tenantid}"),
        client_id=given.client_id,
        client_secret=Secret(given.client_secret) if given.client_secret and client_auth not in _BY_KEY else None,
        client_auth=client_auth,
        client_key=_client_key(where, given, base, client_auth),
        proves_to=entry.proves_to,
        tenants=(_tenant_id(tenant),) if _tenant_id(tenant) else (),
        not_tenants=(CONSUMERS,) if tenant == "organizations" else (),
        other_issuers=() if given.issuer else entry.other_issuers,
        endpoints=_endpoints(where, given, entry, words, issuer),
        scopes=tuple(dict.fromkeys((*entry.scopes, *given.scopes))),
        scopes_offline=entry.scopes_offline,
        scope_separator=entry.scope_separator,
        granted_separator=entry.granted_separator,
        granted_name=entry.granted_name,
        authorize=entry.authorize,
        authorize_offline=entry.authorize_offline,
        token_headers={header: filled(value, words) for header, value in entry.token_headers.items()},
        api_headers={header: filled(value, words) for header, value in entry.api_headers.items()},
        token_takes_json=entry.token_takes_json,
        userinfo_call=entry.userinfo_call,
        signs_calls=entry.signs_calls,
        revocation_call=entry.revocation_call,
        sends_pkce=entry.sends_pkce,
        sends_nonce=entry.sends_nonce,
        iss_in_answer=entry.iss_in_answer,
        answer_issuer="" if given.issuer or _self_hosted(given, entry) else entry.answer_issuer,
        posts_answer=entry.posts_answer,
        algorithms=entry.algorithms or SIGNED_BY,
        claims=claims_of(where, given, entry),
        email_trust=_email_trust(where, given, entry),
        domains=given.email_domains,
        roles=given.role_of_group,
        second_factor=given.second_factor,
        reauthenticates=entry.reauthenticates,
        keeps_tokens=given.keeps_tokens,
        makes_accounts=given.makes_accounts,
        private_network=given.private_network,
    )


def _entry(where: str, given: ProviderSettings, name: str, folder: Path) -> Entry:
    try:
        return read_entry(given.entry or name, folder)
    except ConfigurationError as wrong:
        raise ConfigurationError(f"{where}.entry: {wrong}") from None


def _at(given: ProviderSettings, entry: Entry) -> str:
    """Say where a site is registered, as the end of a sentence."""
    return f", at {entry.register_at.replace('{domain}', given.domain)}" if entry.register_at else ""


def _check_asked(where: str, given: ProviderSettings, entry: Entry) -> None:
    """Demand what the entry asks for, and refuse what it has no use for: a setting that does nothing misleads."""
    for name in entry.asks:
        if not getattr(given, name):
            raise ConfigurationError(f"{where}.{name}: set it; {entry.called} needs it")
    for name in _ASKED:
        value = getattr(given, name)
        if not value or name in entry.asks or name in entry.takes or (name != "subject" and is_loopback(value)):
            continue
        raise ConfigurationError(
            f"{where}.{name}: {entry.called} has no use for it; another server is another entry, such as oidc or oauth2"
        )


def _self_hosted(given: ProviderSettings, entry: Entry) -> SelfHosted | None:
    """Give what is otherwise where the operator names a server of their own."""
    return entry.self_hosted if given.domain not in ("", entry.takes.get("domain")) else None


def _issuer(where: str, given: ProviderSettings, entry: Entry, words: Mapping[str, str]) -> str:
    own = filled((_self_hosted(given, entry) or entry).issuer, words)
    issuer = given.issuer or own or origin_of(given.authorization)
    if "?" in issuer:
        raise ConfigurationError(f"{where}.issuer: {issuer!r:.120} must be an address without a question mark")
    check_address(f"{where}.issuer", issuer)
    return issuer


def _endpoints(where: str, given: ProviderSettings, entry: Entry, words: Mapping[str, str], issuer: str) -> Endpoints:
    own = {name: filled(url, words) for name, url in (_self_hosted(given, entry) or entry).endpoints.items()}
    own |= {name: getattr(given, name) for name in _REPLACED if getattr(given, name)}
    if entry.kind == "oidc":
        own["discovery"] = discovery_of(issuer, words)
    for name, url in own.items():
        check_address(f"{where}.{name}", url)
    return Endpoints(**own)


def _tenant_id(tenant: str) -> str:
    """Give the one tenant that a setting names, or nothing."""
    return CONSUMERS if tenant == "consumers" else tenant if TENANT_ID.fullmatch(tenant) else ""


def _client_auth(where: str, given: ProviderSettings, entry: Entry) -> ClientAuth:
    """Choose how we prove ourselves: as the settings say, or the best that the secret or key allows."""
    able: list[ClientAuth] = [each for each in entry.client_auth if _has_what_it_takes(each, given)]
    if given.client_auth is None:
        if able:
            return able[0]
        raise ConfigurationError(_what_is_missing(where, given, entry))
    chosen: ClientAuth | None = next((each for each in entry.client_auth if each == given.client_auth), None)
    if chosen is None:
        raise ConfigurationError(f"{where}.client_auth: {entry.called} takes {' or '.join(entry.client_auth)}")
    if chosen not in able:
        raise ConfigurationError(_what_is_missing(where, given, entry, chosen))
    return chosen


def _has_what_it_takes(auth: ClientAuth, given: ProviderSettings) -> bool:
    if auth in _BY_KEY:
        return given.key_file is not None
    return bool(given.client_secret) or (auth == "none" and given.client_auth == "none")


def _what_is_missing(where: str, given: ProviderSettings, entry: Entry, chosen: ClientAuth | None = None) -> str:
    if (chosen or entry.client_auth[0]) in _BY_KEY and (chosen or len(entry.client_auth) == 1):
        return f"{where}.key_file: set it to the private key{_at(given, entry)}"
    if given.key_file is not None and not set(_BY_KEY) & set(entry.client_auth):
        return f"{where}.key_file: {entry.called} takes no key; set {where}.client_secret instead"
    return (
        f"{where}.client_secret: set it, best in the environment as {variable(where, 'client_secret')}; it is given "
        f"where this site is registered{_at(given, entry)}"
    )


def _client_key(where: str, given: ProviderSettings, base: Path, auth: ClientAuth) -> ClientKey | None:
    if auth not in _BY_KEY or given.key_file is None:
        return None
    pem, algorithm = read_key(base / given.key_file, setting=f"{where}.key_file")
    if auth == "apple":
        if algorithm != "ES256":
            raise ConfigurationError(f"{where}.key_file: Apple's key is on P-256; take the .p8 file that it gave you")
        for name in ("key_id", "team_id"):
            if not re.fullmatch(r"[A-Z0-9]{10}", getattr(given, name)):
                raise ConfigurationError(f"{where}.{name}: set it; Apple's are 10 capitals and digits")
    return ClientKey(pem=pem, algorithm=algorithm, key_id=given.key_id, team_id=given.team_id)


def _email_trust(where: str, given: ProviderSettings, entry: Entry) -> EmailTrust:
    """Say when the provider's word about an address counts; where only its owner can know, the operator decides."""
    trust = (_self_hosted(given, entry) or entry).email_trust
    if given.checks_emails:
        if trust != "owner" or given.trusts_email:
            raise ConfigurationError(
                f"{where}.checks_emails: leave it out beside trusts_email; what {entry.called} is worth, its entry says"
            )
        return "flag"
    if not given.trusts_email:
        return "never" if trust == "owner" else trust
    if not given.email_domains:
        raise ConfigurationError(f"{where}.trusts_email: set {where}.email_domains too: for which domains it speaks")
    if trust != "owner" and not TENANT_ID.fullmatch(given.tenant):
        raise ConfigurationError(f"{where}.trusts_email: leave it out; what {entry.called} says of emails is known")
    return "owner"
