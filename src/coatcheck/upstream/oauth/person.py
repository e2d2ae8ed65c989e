"""What a provider's answers say about a person, each word read where the entry says it stands, and by its type."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from coatcheck.accounts.identifiers import EmailAddress, NotAnIdentifier, parse_email
from coatcheck.upstream.identity import MAX_SUBJECT, NOBODY
from coatcheck.upstream.oauth.tenants import CONSUMERS, HOLE
from coatcheck.upstream.provider import Claim, Provider, Source
from coatcheck.upstream.trouble import UpstreamFailed

Said: TypeAlias = Mapping[Source, Any]
"""What was answered, by where."""

LONGEST_NAME: Final = 100
_LONGEST_EMAIL: Final = 320
_MOST_GROUPS: Final = 1000
_NAMES: Final = ("firstName", "lastName")


def subject_of(provider: Provider, said: Said) -> str:
    """Give the one name of the person that never changes hands.

    Raises:
        UpstreamFailed: `no_subject`; nothing that is not plainly of its type is made one.

    See: OpenID Connect Core 1.0 section 2 (`sub`).
    """
    claims = provider.claims
    subject = _name_for_ever(claims.subject, said)
    if claims.subject_within is not None:
        within = _name_for_ever(claims.subject_within, said)
        if "/" in within:
            raise _no_subject(claims.subject_within, "has a slash in it")
        subject = f"{within}/{subject}"
    if len(subject) > MAX_SUBJECT:
        raise _no_subject(claims.subject, f"has more than {MAX_SUBJECT} characters")
    return subject


def _name_for_ever(claim: Claim, said: Said) -> str:
    found = _signed(claim, said)
    if claim.is_number:
        if type(found) is not int or found <= 0:
            raise _no_subject(claim, "is missing, or no number above zero")
        return str(found)
    if not isinstance(found, str) or not found.strip() or not found.isprintable() or found.lower() in NOBODY:
        raise _no_subject(claim, "is missing, empty, or no text")
    return found


def _no_subject(claim: Claim, because: str) -> UpstreamFailed:
    return UpstreamFailed("no_subject", f"{'.'.join(claim.path)} of {claim.source} {because}")


def check_demands(provider: Provider, said: Said) -> None:
    """Refuse an account that its provider calls closed, or the like.

    Raises:
        UpstreamFailed: a demand of the entry is not met.
    """
    for demand in provider.claims.demands:
        found = _signed(demand.claim, said)
        if type(found) is not type(demand.value) or found != demand.value:
            name = ".".join(demand.claim.path)
            raise UpstreamFailed("refused_there", f"{name} of {demand.claim.source} is not {demand.value!r}")


def email_of(provider: Provider, said: Said) -> tuple[EmailAddress | None, bool]:
    """Give the person's address, and whether the provider may be believed that the mailbox is theirs."""
    claims = provider.claims
    if claims.email is None:
        return None, False
    if claims.email.source == "emails":
        said = {**said, "emails": _chosen(provider, said)}
    address = _address(_signed(claims.email, said))
    if address is None:
        return None, False
    return address, _is_believed(provider, address, said)


def _chosen(provider: Provider, said: Said) -> Any:
    """Give the one entry of the list for which all flags are true; there is no second best."""
    entries = _at(said.get("emails"), provider.claims.email_list)
    if not isinstance(entries, list):
        return None
    return next((each for each in entries if _is_flagged(provider, {**said, "emails": each})), None)


def _address(found: object) -> EmailAddress | None:
    if not isinstance(found, str) or len(found) > _LONGEST_EMAIL:
        return None
    try:
        return parse_email(found)
    except NotAnIdentifier:
        return None


def _is_believed(provider: Provider, address: EmailAddress, said: Said) -> bool:
    domain, flagged = address.text.rpartition("@")[2], _is_flagged(provider, said)
    token = said.get("id_token") or {}
    match provider.email_trust:
        case "never":
            return False
        case "flag":
            return flagged
        case "google":
            # Google's word on other addresses is as old as the day they were checked.
            hosted = token.get("hd")
            return flagged and (domain == "gmail.com" or (isinstance(hosted, str) and bool(hosted)))
        case "microsoft":
            return flagged or (HOLE in provider.issuer and token.get("tid") == CONSUMERS)
        case "owner":
            return domain in provider.domains


def _is_flagged(provider: Provider, said: Said) -> bool:
    flags = provider.claims.email_flag
    if not flags:
        return provider.claims.email_needs_no_flag
    return all(_is_true(_signed(each, said), as_text=provider.claims.accepts_text_flag) for each in flags)


def _is_true(found: object, *, as_text: bool) -> bool:
    return found is True or (as_text and (found in ("true", "1") or (type(found) is int and found == 1)))


def name_of(provider: Provider, said: Said) -> str:
    """Give what the person is called, fit to be shown; empty where nobody says it."""
    found = _at(said.get(provider.claims.name.source), provider.claims.name.path) if provider.claims.name else None
    if isinstance(found, dict):  # Apple's comes in two halves
        halves: list[Any] = [found.get(name) for name in _NAMES]
        found = " ".join(half for half in halves if isinstance(half, str))
    if not isinstance(found, str):
        return ""
    return "".join(each for each in found if each.isprintable()).strip()[:LONGEST_NAME]


def groups_of(provider: Provider, said: Said) -> tuple[str, ...] | None:
    """Give the groups that roles are mapped from; None where they are not all there, which is not "none"."""
    claim = provider.claims.groups
    if claim is None or _is_cut_short(claim, said.get(claim.source)):
        return None
    found = _signed(claim, said)
    listed = [found] if isinstance(found, str) else found
    if not isinstance(listed, list) or len(listed) > _MOST_GROUPS:
        return None
    return tuple(listed) if all(isinstance(each, str) for each in listed) else None


def _is_cut_short(claim: Claim, source: Any) -> bool:
    """Tell whether the list is only pointed to, as it is too long (OpenID Connect Core 1.0 section 5.6.2)."""
    elsewhere = source.get("_claim_names") if isinstance(source, dict) else None
    named = elsewhere if isinstance(elsewhere, dict) else {}
    return claim.path[0] in named or (isinstance(source, dict) and source.get("hasgroups") is True)


def has_second_factor(provider: Provider, said: Said) -> bool:
    """Tell whether the ID token names a second factor that the operator takes for one."""
    token = said.get("id_token") or {}
    methods, context = token.get("amr"), token.get("acr")
    named = [*(methods if isinstance(methods, list) else []), context]
    return any(isinstance(each, str) and each in provider.second_factor for each in named)


def _signed(claim: Claim, said: Said) -> Any:
    # What is posted to the callback is signed by nobody: a name to be shown, and nothing that decides.
    return None if claim.source == "form" else _at(said.get(claim.source), claim.path)


def _at(found: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if isinstance(found, list):
            found = found[int(name)] if name.isascii() and name.isdigit() and int(name) < len(found) else None
        elif isinstance(found, dict):
            found = found.get(name)
        else:
            return None
    return found
