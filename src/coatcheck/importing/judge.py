"""Judge an account of another system: whether it may come over, and as what. Nothing is kept or looked up here.

What nobody proved there is not proven here. An address that nobody confirmed is left behind beside a username. Where it
is the only name, or the one that people know, it comes marked, and no session opens before its mailbox was read
(`login/confirm_mailbox.py`).
"""

from collections.abc import Iterable

from coatcheck.accounts.account import Account
from coatcheck.accounts.identifiers import EmailAddress, NotAnIdentifier, Username, parse_email, parse_username
from coatcheck.importing.account import BadRow, ImportedAccount, ImportedIdentity
from coatcheck.importing.arriving import Arriving
from coatcheck.importing.choices import Measure
from coatcheck.importing.factors import LostFactors, carried_factors, fit_text
from coatcheck.mfa.backup_codes import COUNT, normalised
from coatcheck.mfa.enrolled import BACKUP_CODE
from coatcheck.passwords import schemes
from coatcheck.secret import new_id
from coatcheck.upstream.identity import MAX_SUBJECT, NOBODY, Identity

LONGEST_ID = 255
_LONGEST_SHOWN = 320


class Unfit(Exception):
    """Say why an account cannot come over; the message is for the operator and holds no secret."""


class Notes:
    """Gather what does not come as it was."""

    def __init__(self) -> None:
        self._notes: list[tuple[str, str]] = []

    def add(self, kind: str, what: str = "") -> None:
        """Note one thing, by its name in `NOTES`."""
        self._notes.append((kind, what))

    def all(self) -> tuple[tuple[str, str], ...]:
        """Give them in their order."""
        return tuple(self._notes)


def judge(row: ImportedAccount, by: Measure) -> Arriving | BadRow:
    """Say whether an account may come over, and as what."""
    try:
        return _arriving(row, by)
    except (Unfit, LostFactors) as unfit:
        return BadRow(fit_text(row.external_id, LONGEST_ID) or "?", str(unfit))


def _arriving(row: ImportedAccount, by: Measure) -> Arriving:
    if not row.external_id or fit_text(row.external_id, LONGEST_ID) != row.external_id:
        raise Unfit(f"its id is empty, has more than {LONGEST_ID} characters, or one that cannot be printed")
    notes, account_id = Notes(), new_id("acc_")
    email, is_proven, username = _names(row, by, notes)
    factors = carried_factors(row, account_id, by, notes)
    identities = _identities(row.identities, by, notes)
    if not (email or username or identities or factors.passkeys):
        raise Unfit("it has no address, no username and no other way in that works here")
    if email and not is_proven:
        notes.add("unconfirmed")
    if row.locked:
        notes.add("locked")
    codes = _codes(row.backup_codes, notes, has_factor=bool(factors.names))
    account = Account(
        id=account_id,
        email=email.text if email else None,
        username=username.text if username else None,
        status="locked" if row.locked else "active",
        epoch=1,
        created_at=max(0, min(row.created_at if row.created_at is not None else by.now, by.now)),
        factors=factors.names | ({BACKUP_CODE} if codes else set()),
        email_proven=is_proven,
    )
    hashed, label = _password(row, by, notes)
    return Arriving(
        external_id=row.external_id,
        account=account,
        hash=hashed,
        label=label,
        totp=factors.totp,
        codes=codes,
        passkeys=factors.passkeys,
        identities=identities,
        roles=_roles(row.roles, by, notes, is_unconfirmed=email is not None and not is_proven),
        notes=notes.all(),
    )


def _names(row: ImportedAccount, by: Measure, notes: Notes) -> tuple[EmailAddress | None, bool, Username | None]:
    """Give the address, whether it is proven, and the username, as they may be here."""
    typed, is_verified = (row.email or "").strip(), row.email_verified
    name = (row.username or "").strip()
    if "@" in name:  # an address in the place of a username, as many Django sites have it
        if not typed:
            typed, is_verified = name, False
        elif name.casefold() != typed.casefold():
            notes.add("username_left")
        name = ""
    email, username = _email(typed, notes), _username(name, notes)
    is_spare = email is not None and username is not None and not by.choices.keep_addresses
    if is_spare and not is_verified:
        notes.add("address_left")
        return None, True, username
    return email, is_verified or email is None, username


def _email(typed: str, notes: Notes) -> EmailAddress | None:
    try:
        return parse_email(typed) if typed else None
    except NotAnIdentifier:
        notes.add("address_unfit")
        return None


def _username(typed: str, notes: Notes) -> Username | None:
    try:
        return parse_username(typed) if typed else None
    except NotAnIdentifier:
        notes.add("username_left")
        return None


def _password(row: ImportedAccount, by: Measure, notes: Notes) -> tuple[str | None, str]:
    """Give the hash and its label; the errors of the schemes never hold a hash."""
    if row.password is None:
        return None, ""
    try:
        stored = schemes.read(row.password.text)
        stored.refuse_above_ceiling()
    except (schemes.CostTooHigh, schemes.UnknownHash) as problem:
        raise Unfit(f"its password: {problem}") from None
    if not by.has_passwords:
        notes.add("password_left")
        return None, ""
    return row.password.text, stored.label


def _codes(raw: Iterable[str], notes: Notes, *, has_factor: bool) -> tuple[str, ...]:
    given = list(raw)
    fit = dict.fromkeys(code for code in map(normalised, given) if code is not None) if has_factor else {}
    kept = tuple(fit)[:COUNT]
    if len(kept) < len(given):
        notes.add("codes_left")
    return kept


def _identities(links: Iterable[ImportedIdentity], by: Measure, notes: Notes) -> tuple[Identity, ...]:
    found: dict[bytes, Identity] = {}
    for link in links:
        ours = by.choices.providers.get(link.provider, link.provider)
        issuer = by.issuers.get(ours)
        if ours not in by.issuers:
            notes.add("provider_left", link.provider)
        elif issuer is None or not _is_subject(link.subject):
            notes.add("provider_unlike", link.provider)
        else:
            email = fit_text(link.email or "", _LONGEST_SHOWN) or None
            identity = Identity(provider=ours, issuer=issuer, subject=link.subject, email=email)
            found.setdefault(identity.key, identity)
    return tuple(found.values())


def _is_subject(text: str) -> bool:
    return bool(text.strip()) and fit_text(text, MAX_SUBJECT) == text and text.lower() not in NOBODY


def _roles(names: Iterable[str], by: Measure, notes: Notes, *, is_unconfirmed: bool) -> tuple[str, ...]:
    """Give the roles it gets. None without a proven name: whoever reads the mailbox may be somebody else."""
    held: dict[str, None] = {}
    for name in dict.fromkeys(names):
        if name not in by.choices.roles:
            notes.add("role_left", name)
        elif is_unconfirmed:
            notes.add("role_unconfirmed", name)
        else:
            held[by.choices.roles[name]] = None
    return tuple(held)
