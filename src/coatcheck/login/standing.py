"""Gather what the policy decides from: what the site has and asks, what the account has, which browser this is."""

from coatcheck.access import records as access
from coatcheck.accounts.account import Account
from coatcheck.desk import Desk
from coatcheck.limits import known_devices
from coatcheck.login.factors import ASSURANCES, Factor
from coatcheck.login.policy import Standing, Wanted
from coatcheck.login.sign_in import SignIn
from coatcheck.mfa.trusted import is_trusted_in
from coatcheck.passwords import records as passwords
from coatcheck.settings import Settings
from coatcheck.storage.database import Reading
from coatcheck.upstream import records as upstream
from coatcheck.upstream.configured import Providers, has_providers
from coatcheck.visit import Visit


def wanted_of(level: str) -> Wanted:
    """Give what a level of the settings, or of a request, asks for."""
    return Wanted(phr=True) if level == "phr" else Wanted(acr=level)  # type: ignore[arg-type]


def ways_of(settings: Settings) -> dict[Factor, bool]:
    """Tell of every way in whether this site has it; a start makes sure that each says what it proves."""
    return {
        "password": settings.passwords.enabled,
        "passkey": settings.sign_in.passkeys,
        "totp": settings.sign_in.totp,
        "backup_code": settings.sign_in.totp or settings.sign_in.passkeys,
        "email_code": True,
        "provider": has_providers(settings),
    }


def site_factors(settings: Settings) -> tuple[Factor, ...]:
    """Give the factors this site has; a mailed code is one of them even where no sign-in may begin with it."""
    has = ways_of(settings)
    return tuple(factor for factor in ASSURANCES if has[factor])


def first_factors(settings: Settings) -> tuple[Factor, ...]:
    """Give those a sign-in may begin with."""
    has = {"email_code": settings.sign_in.email_codes}
    return tuple(each for each in site_factors(settings) if ASSURANCES[each].begins and has.get(each, True))


def asks_for_second_factor(settings: Settings, account: Account) -> bool:
    """Tell whether a password of this account is always asked for together with a second factor."""
    return any(ASSURANCES[each].is_second for each in site_factors(settings) if each in account.factors)


async def has_use_for_codes(db: Reading, settings: Settings, account: Account) -> bool:
    """Tell whether a backup code would help an account in: beside its password, or where an app and a mailbox are all.

    Without a password, two factors that are a passkey's cannot be reached by a code.
    """
    if not asks_for_second_factor(settings, account):
        return False
    has_password = settings.passwords.enabled and await passwords.stored_hash(db, account.id) is not None
    return has_password or "passkey" not in account.factors


def standing_of_site(settings: Settings) -> Standing:
    """Give what is decided from while nobody is found: the same for everybody, so nothing can be learnt from it."""
    return Standing(
        site=site_factors(settings), begins=first_factors(settings), site_wants=wanted_of(settings.sign_in.level)
    )


async def standing_of(db: Reading, desk: Desk, visit: Visit, account: Account, sign_in: SignIn) -> Standing:
    """Gather what a sign-in is decided from, as it is now."""
    settings = desk.settings.sign_in
    return Standing(
        site=site_factors(desk.settings),
        begins=first_factors(desk.settings),
        enrolled=await enrolled_of(db, desk, account, sign_in),
        site_wants=wanted_of(settings.level),
        roles=await _roles(db, desk, account),
        asked=sign_in.asked_for.wanted,
        is_step_up=bool(sign_in.session),
        is_trusted=not sign_in.session and await is_trusted_in(db, desk, visit, account),
        is_stranger=settings.strangers != "as_usual"
        and not await known_devices.is_known_in(db, desk, visit, account.id),
    )


async def enrolled_of(db: Reading, desk: Desk, account: Account, sign_in: SignIn) -> frozenset[Factor]:
    """Give the factors an account has; its row names all but the password, the mailbox and its providers."""
    enrolled = set(account.factors)
    if account.email is not None:
        enrolled.add("email_code")
    is_proven = any(each.factor == "password" for each in sign_in.proofs)
    if is_proven or await passwords.stored_hash(db, account.id) is not None:
        enrolled.add("password")
    if has_providers(desk.settings) and await providers_of(db, desk, account.id):
        enrolled.add("provider")
    return frozenset(enrolled)


async def providers_of(db: Reading, desk: Desk, account: str) -> tuple[str, ...]:
    """Give the providers of this site that an account is signed in by."""
    known = {each.name for each in desk.keep(Providers).all()}
    linked = [each.provider for each in await upstream.list_of(db, account)]
    return tuple(dict.fromkeys(each for each in linked if each in known))


async def _roles(db: Reading, desk: Desk, account: Account) -> tuple[tuple[str, Wanted], ...]:
    levels = desk.settings.sign_in.level_of_role
    has = await access.roles_of(db, account.id, desk.now()) if levels else []
    return tuple((role, wanted_of(levels[role])) for role in has if role in levels)
