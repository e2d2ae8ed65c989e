"""Whether a configuration still does what today's answers ask for: what no longer fits, and what is left to do."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from coatcheck.advisor.advice import Advice
from coatcheck.advisor.advised import Advised
from coatcheck.advisor.answers import text_of
from coatcheck.advisor.configuration import advised_settings
from coatcheck.settings import Settings
from coatcheck.settings.durations import in_words


class Misfit(msgspec.Struct, frozen=True):
    """Hold what does not fit.

    Args:
        what: the setting, or `recommendation`.
        says: what is wrong, with what was found.
        fix: what to do.
        is_to_do: nobody can reach the site yet, so there is time.
    """

    what: str
    says: str
    fix: str
    is_to_do: bool = False


def misfits(advice: Advice, settings: Settings, before: Mapping[str, Any] | None = None) -> tuple[Misfit, ...]:
    """Compare a configuration with what an advice asks for.

    Args:
        advice: by today's answers.
        settings: what is set, by the file and the environment.
        before: the advice that the configuration was written by, as its JSON; None where nobody kept it.
    """
    changed = () if before is None else tuple(_changed(advice, before))
    wrong = [each for each in advised_settings(advice) if not each.fits(_found(settings, each))]
    live = is_live(settings)
    return (*changed, *(_misfit(each, settings, is_to_do=each.when_live and not live) for each in wrong))


def is_live(settings: Settings) -> bool:
    """Tell whether people elsewhere can reach it."""
    return urlsplit(settings.server.public_url or "").hostname not in (None, "localhost", "127.0.0.1", "::1")


def _changed(advice: Advice, before: Mapping[str, Any]) -> Iterator[Misfit]:
    was = before.get("recommendation")
    if was == advice.recommendation or not isinstance(was, str):
        return
    then, today = before.get("answers"), advice.answers.facts
    known = then if isinstance(then, Mapping) else {}
    answers = [f"{name} is {text_of(value)}" for name, value in today.items() if name in known and known[name] != value]
    because = f", as {' and '.join(answers)} now" if answers else ""
    yield Misfit(
        "recommendation",
        f"This was written for {was}; today's answers ask for {advice.recommendation}{because}.",
        "Write it anew into an empty folder (coatcheck advise --write), and take over what changed.",
    )


def _found(settings: Settings, each: Advised) -> object:
    section = getattr(settings, each.section)
    if each.section == "providers":
        return {**settings.providers, **settings.saml}
    return getattr(section, each.name)


def _misfit(each: Advised, settings: Settings, *, is_to_do: bool) -> Misfit:
    written = each.writes or each.example
    if not each.name:
        fix = f"In coatcheck.toml: {written.partition(chr(10))[0]} and so on."
    else:
        fix = f"In coatcheck.toml: [{each.section}] {each.name} = {written}" if written else f"Remove {each.full_name}."
    found = _words(_found(settings, each), each)
    says = f"{each.full_name} is {found}; the advice asks for {each.wants}. {each.because}"
    return Misfit(each.full_name, says, fix, is_to_do)


def _words(found: object, each: Advised) -> str:
    """Say what was found; an address may hold a password, so of those only the kind is told."""
    if found in (None, (), {}, ""):
        return "not set"
    if isinstance(found, timedelta):
        return in_words(found)
    if each.name in ("url", "smtp_url", "secret"):
        return str(found).partition(":")[0] if each.name != "secret" else "set"
    return ", ".join(map(str, found)) if isinstance(found, tuple) else text_of(found)
