"""Principle 2: do the limits limit, and does each address count as itself?"""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Final

from coatcheck.desk import Desk
from coatcheck.doctor import records
from coatcheck.doctor.finding import Finding, Outcome, Passed
from coatcheck.doctor.fixes import set_to, unless_found
from coatcheck.doctor.principles import LIMITS
from coatcheck.doctor.within.looked_at import LookedAt
from coatcheck.settings import LimitSettings
from coatcheck.settings.durations import in_words

MOST: Final = {"tries": 10, "account_per_day": 100, "address_per_hour": 500, "overall_per_second": 1000}
"""More than these is no limit any more. A hundred for an account is NIST's (SP 800-63B-4 section 3.2.2)."""

LEAST: Final = {"window": timedelta(minutes=5), "block": timedelta(minutes=15)}
"""Shorter than these, whoever guesses hardly waits."""

_WIDEST: Final = {4: 8, 6: 16}
_ENOUGH: Final = 10


def check_limits(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find limits that were raised until they are none."""
    limits = looked.settings.limits
    passed = Passed(
        "limits",
        LIMITS,
        f"{limits.tries} tries in {in_words(limits.window)}, then {in_words(limits.block)} of waiting; "
        f"{limits.account_per_day} a day for an account, {limits.address_per_hour} an hour for an address.",
    )
    return unless_found(_limits(limits), passed)


def _limits(limits: LimitSettings) -> Iterator[Finding]:
    usual = LimitSettings()
    for name, most in MOST.items():
        value = getattr(limits, name)
        if value > most:
            says = f"limits.{name} is {value}: with more than {most}, guessing is hardly limited."
            fix = set_to("limits", f"{name} = {getattr(usual, name)}")
            yield Finding(f"limits-{name.replace('_', '-')}-high", LIMITS, "high", says, fix)
    for name, least in LEAST.items():
        value = getattr(limits, name)
        if value < least:
            says = f"limits.{name} is {in_words(value)}: with less than {in_words(least)}, guessing hardly waits."
            fix = set_to("limits", f'{name} = "{in_words(getattr(usual, name))}"')
            yield Finding(f"limits-{name}-short", LIMITS, "medium", says, fix)


def check_proxies(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find networks of proxies so wide that a visitor may be one, and name any address as its own."""
    count = len(looked.settings.server.trusted_proxies)
    words = "Only the proxies in server.trusted_proxies may say" if count else "No proxy is configured that may say"
    passed = Passed("trusted-proxies", LIMITS, f"{words} where a visitor comes from.")
    return unless_found(_proxies(looked), passed)


def _proxies(looked: LookedAt) -> Iterator[Finding]:
    trusted = looked.settings.server.trusted_proxies
    for text in trusted:
        network = ip_network(text, strict=False)
        if network.prefixlen < _WIDEST[network.version]:
            kept = ", ".join(f'"{each}"' for each in trusted if each != text) or '"127.0.0.1"'
            yield Finding(
                "trusted-proxies-wide",
                LIMITS,
                "high",
                f"server.trusted_proxies has {text}: any visitor counts as a proxy and may invent an address for each "
                "try, so that no limit holds.",
                set_to("server", f"trusted_proxies = [{kept}]  # your proxies' own addresses"),
            )


async def check_addresses(desk: Desk) -> tuple[Outcome, ...]:
    """Find that visitors come without an address: then all of them share one count."""
    async with desk.database.reading() as db:
        addresses = await records.recent_addresses(db, 50)
    passed = Passed("addresses", LIMITS, "The addresses of visitors arrive here, as far as the audit trail shows.")
    if len(addresses) < _ENOUGH or any(addresses):
        return (passed,)
    header = desk.settings.server.client_address_header
    return (
        Finding(
            "addresses-unknown",
            LIMITS,
            "high",
            f"The last {len(addresses)} visitors had no address: the proxy does not send {header}, and one stranger's "
            "wrong tries block everybody.",
            "In the proxy's settings; with nginx:\nproxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        ),
    )
