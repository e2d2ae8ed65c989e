"""The policy: from the proofs given, what a sign-in still needs. The only place that decides; it does nothing else."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from coatcheck.login.factors import (
    ASSURANCES,
    ENROLMENTS,
    Factor,
    Level,
    Proof,
    kinds_of,
    level_of,
    methods_of,
)
from coatcheck.verifier.principal import resists_phishing


class Wanted(Struct, frozen=True, kw_only=True):
    """Say what somebody asks of a sign-in.

    Args:
        acr: the least level.
        phr: whether one proof must be one that no false site can pass on.
        another: whether a second proof of any other kind is needed, a mailbox too.
        beyond: whether a password alone will not do, and anything beside it or instead will, a mailbox too.
        mailbox: whether the mailbox must be read, whatever else is proven.
    """

    acr: Level = "aal1"
    phr: bool = False
    another: bool = False
    beyond: bool = False
    mailbox: bool = False


NO_MORE: Final = Wanted()
"""What asks for nothing."""


class Standing(Struct, frozen=True, kw_only=True):
    """Hold everything that is decided from, beside the proofs.

    Args:
        site: the factors this site has.
        begins: those of them that a sign-in may begin with.
        enrolled: what the account has of them, its mailbox (`email_code`) too; empty while nobody is found.
        site_wants: what this site asks of everybody.
        roles: what the site asks of the roles that the account holds, by role.
        asked: what the application asked for, or the page that wants a step-up.
        is_step_up: whether the proofs are to raise a session that there is.
        is_trusted: whether this browser was trusted by a complete sign-in, so that one factor will do.
        is_stranger: whether this browser never signed the account in, and the site asks strangers for more.
        is_unconfirmed: whether nobody has ever read the mailbox of the account's address, which an import brought.
    """

    site: tuple[Factor, ...]
    begins: tuple[Factor, ...]
    enrolled: frozenset[Factor] = frozenset()
    site_wants: Wanted = NO_MORE
    roles: tuple[tuple[str, Wanted], ...] = ()
    asked: Wanted = NO_MORE
    is_step_up: bool = False
    is_trusted: bool = False
    is_stranger: bool = False
    is_unconfirmed: bool = False


class Enough(Struct, frozen=True):
    """Say that a sign-in is proven, how well, by what, and why that will do."""

    acr: Level
    amr: tuple[str, ...]
    reasons: tuple[str, ...] = ()


class StillNeeded(Struct, frozen=True):
    """Say which factors would bring a sign-in further, and why; without options nothing the account has would."""

    options: tuple[Factor, ...]
    reasons: tuple[str, ...] = ()


Decision: TypeAlias = Enough | StillNeeded
_Rule: TypeAlias = Callable[[Standing], Iterator[tuple[Wanted, str]]]


def _of_the_site(standing: Standing) -> Iterator[tuple[Wanted, str]]:
    yield standing.site_wants, f"this site asks everybody for {words_of(standing.site_wants)}"


def _of_roles(standing: Standing) -> Iterator[tuple[Wanted, str]]:
    for role, wanted in standing.roles:
        yield wanted, f"the role {role} asks for {words_of(wanted)}"


def _of_the_application(standing: Standing) -> Iterator[tuple[Wanted, str]]:
    yield standing.asked, f"what was asked for takes {words_of(standing.asked)}"


def _of_the_account(standing: Standing) -> Iterator[tuple[Wanted, str]]:
    has = _usable(standing)
    seconds = [factor for factor in has if ASSURANCES[factor].is_second]
    if seconds and (standing.is_step_up or not standing.is_trusted):
        # A mailbox and an app lift nobody to aal2, and are asked for together all the same.
        is_reachable = meets(map(_at_best, has), Wanted(acr="aal2"))
        wanted = Wanted(acr="aal2") if is_reachable else Wanted(another=True)
        yield wanted, f"the account has {ASSURANCES[seconds[0]].words}, so two factors are asked for"


def _of_strangers(standing: Standing) -> Iterator[tuple[Wanted, str]]:
    if standing.is_stranger and "email_code" in standing.enrolled:
        yield Wanted(beyond=True), "this browser is new to the account, so a password alone will not do"


def _of_the_unconfirmed(standing: Standing) -> Iterator[tuple[Wanted, str]]:
    if standing.is_unconfirmed:
        yield Wanted(mailbox=True), "nobody has confirmed the account's address yet, so its mailbox is asked for"


RULES: Final[tuple[_Rule, ...]] = (
    _of_the_site,
    _of_roles,
    _of_the_application,
    _of_the_account,
    _of_strangers,
    _of_the_unconfirmed,
)
"""Every rule; a sign-in must satisfy each demand of each of them. None of them takes back what another asks."""


def demands_of(standing: Standing) -> list[tuple[Wanted, str]]:
    """List what is asked of a sign-in, each with who asks for it and why."""
    return [(wanted, why) for rule in RULES for wanted, why in rule(standing) if wanted != NO_MORE]


def decide(proofs: Iterable[Proof], standing: Standing) -> Decision:
    """Decide what a sign-in still needs.

    See: NIST SP 800-63B-4 sections 2 and 3; RFC 8176; ASVS 6.3.3, 6.3.4.
    """
    proven = tuple(dict.fromkeys(replace(each, by="") if each.by else each for each in proofs))
    demands = demands_of(standing)
    reasons = tuple(why for _, why in demands)
    wanted = _all_of(wanted for wanted, _ in demands)
    if not proven:
        return StillNeeded(_begin(standing), reasons or ("nothing has been proven",))
    if meets(proven, wanted):
        given = " and ".join(ASSURANCES[each.factor].words for each in proven)
        acr = level_of(proven)
        trusted = ("this browser is trusted",) if standing.is_trusted and not standing.is_step_up else ()
        return Enough(acr, methods_of(proven), (*reasons, *trusted, f"{given} reached {acr}"))
    return StillNeeded(_helpful(proven, standing, wanted), reasons)


def _begin(standing: Standing) -> tuple[Factor, ...]:
    """Give what may come first. While nobody is found it is the same for all, so nothing can be learnt from it."""
    if not standing.is_step_up:
        return standing.begins
    return tuple(factor for factor in standing.begins if factor in standing.enrolled)


def _helpful(proven: tuple[Proof, ...], standing: Standing, wanted: Wanted) -> tuple[Factor, ...]:
    """Give what would bring a sign-in further: a factor of the account, at its best; else to enrol one."""
    done = {each.factor for each in proven}
    has = [factor for factor in _usable(standing) if factor not in done]
    best = (*proven, *map(_at_best, has))
    if meets(best, wanted):
        return _nearest(proven, has, wanted)
    news = {
        offer: _at_best(factor)
        for offer, factor in ENROLMENTS.items()
        if factor in standing.site and _at_best(factor) not in proven
    }
    if not any(meets((*best, new), wanted) for new in news.values()):
        return ()
    # Owed before a factor is enrolled within a sign-in: what the account has already, as no stranger may bring one of
    # their own in its place; then its mailbox.
    own = _all_of(wanted for wanted, _ in _of_the_account(replace(standing, is_trusted=False)))
    if meets(best, own) and not meets(proven, own):
        return _nearest(proven, has, own)
    if "email_code" in has and "verification" not in kinds_of(proven):
        return ("email_code",)
    return tuple(offer for offer, new in news.items() if meets((*proven, new), wanted)) or tuple(has)


def _nearest(proven: tuple[Proof, ...], has: list[Factor], wanted: Wanted) -> tuple[Factor, ...]:
    left = {factor: _shortfall((*proven, _at_best(factor)), wanted) for factor in has}
    nearest = min(left.values())
    return tuple(factor for factor in has if left[factor] == nearest)


def _usable(standing: Standing) -> list[Factor]:
    return [factor for factor in ASSURANCES if factor in standing.enrolled and factor in standing.site]


def _at_best(factor: Factor) -> Proof:
    is_passkey = factor == "passkey"
    return Proof(factor=factor, is_verified=is_passkey, is_attested=is_passkey)


def meets(proofs: Iterable[Proof], wanted: Wanted) -> bool:
    """Tell whether proofs are what is wanted."""
    return _shortfall(tuple(proofs), wanted) == 0


def _shortfall(proofs: tuple[Proof, ...], wanted: Wanted) -> int:
    """Count what is missing: steps of the level, the mark of phishing resistance, another kind of proof."""
    levels = max(0, int(wanted.acr[-1]) - int(level_of(proofs)[-1]))
    phr = wanted.phr and not resists_phishing(methods_of(proofs))
    kinds = kinds_of(proofs)
    alone = (wanted.another and len(kinds) < 2) + (wanted.beyond and kinds <= {"knowledge"})
    unread = wanted.mailbox and "mailbox" not in kinds
    return levels + int(phr) + alone + unread


def _all_of(demands: Iterable[Wanted]) -> Wanted:
    given = [NO_MORE, *demands]
    return Wanted(
        acr=max(each.acr for each in given),
        phr=any(each.phr for each in given),
        another=any(each.another for each in given),
        beyond=any(each.beyond for each in given),
        mailbox=any(each.mailbox for each in given),
    )


def words_of(wanted: Wanted) -> str:
    """Give what is wanted as people say it."""
    phr = ("a proof that no false site can pass on",) if wanted.phr else ()
    another = ("a second proof of another kind",) if wanted.another else ()
    mailbox = ("a mailed code",) if wanted.mailbox else ()
    level = (wanted.acr,) if wanted.acr != NO_MORE.acr or not (phr or another or mailbox) else ()
    return " and ".join((*level, *phr, *another, *mailbox))
