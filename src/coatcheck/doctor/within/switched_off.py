"""Under whichever principle it belongs to: protections that were switched off by their names in `coatcheck.unsafe`."""

from collections.abc import Iterator
from typing import Final

from coatcheck import unsafe
from coatcheck.doctor.finding import Finding, Outcome, Passed
from coatcheck.doctor.fixes import set_to, unless_found
from coatcheck.doctor.principles import HTTPS, LOGOUT, SECRETS
from coatcheck.doctor.within.looked_at import LookedAt

PRINCIPLE_OF: Final = {
    unsafe.PLAIN_HTTP.name: HTTPS,
    unsafe.SHARED_SECRET_TOKENS.name: SECRETS,
    unsafe.NO_REVOCATION.name: LOGOUT,
    unsafe.ACCEPT_STALE.name: LOGOUT,
}


def check_unsafe(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find every protection that the settings switch off; what a service switches off stands in its own code."""
    passed = Passed(
        "unsafe",
        HTTPS,
        "server.unsafe is empty: no protection is switched off. What a service switches off in its Verifier stands in "
        "its own code.",
    )
    return unless_found(_unsafe(looked), passed)


def _unsafe(looked: LookedAt) -> Iterator[Finding]:
    chosen = looked.settings.server.unsafe
    for name in chosen:
        left = ", ".join(f'"{each}"' for each in chosen if each != name)
        code, says = f"unsafe-{name.lower().replace('_', '-')}", f"server.unsafe has {name}: {unsafe.ALL[name].risk}."
        yield Finding(code, PRINCIPLE_OF[name], "high", says, set_to("server", f"unsafe = [{left}]"))
