"""TLS: old versions, certificates that nobody trusts, that are another's, that run out."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final

from coatcheck.clock import Instant, rfc3339
from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import write
from coatcheck.doctor.outside.check import Check, shown
from coatcheck.doctor.outside.handshake import Handshake, old_version
from coatcheck.doctor.outside.probe import Case, Probe
from coatcheck.doctor.principles import HTTPS

OLD: Final = Check("tls-old", HTTPS, "medium")
UNTRUSTED: Final = Check("certificate-untrusted", HTTPS, "high")
EXPIRED: Final = Check("certificate-expired", HTTPS, "high")
ENDS_SOON: Final = Check("certificate-ends-soon", HTTPS, "medium")

_DAY_MS: Final = 86_400_000
_SOON_MS: Final = 14 * _DAY_MS
_RENEW: Final = write("Renew it, and have that done by itself", "certbot renew", "systemctl enable --now certbot.timer")


async def look_at_tls(case: Case) -> AsyncIterator[Outcome]:
    """Look at how TLS begins with each node."""
    if not case.target.is_https:
        for check in PROBE.checks:
            yield check.not_run("it is reached by plain HTTP")
        return
    old = [(each.node, spoken) for each in case.handshakes if (spoken := await old_version(each.node, case.target))]
    yield OLD.judged(
        ", ".join(f"{node.authority} takes up {spoken}, which is broken (RFC 8996)" for node, spoken in old),
        fix=write("In nginx, in http and in each server that says otherwise", "ssl_protocols TLSv1.2 TLSv1.3;"),
        right="TLS 1.1 and older are refused",
    )
    hands, now = case.handshakes, case.clock.now()
    yield EXPIRED.judged(
        _those(hands, "expired", lambda each: f"ran out on {rfc3339(each.ends)}"),
        fix=_RENEW,
        right="it counts now",
    )
    yield UNTRUSTED.judged(
        _those(hands, "name", lambda _: f"is not for {case.target.host}")
        or _those(hands, "untrusted", lambda each: f"is not trusted: {shown(each.reason)}"),
        fix=write(
            f"In nginx, a certificate for {case.target.host} with its chain (or here, your own authority by --trust)",
            "ssl_certificate     /etc/nginx/fullchain.pem;",
        ),
        right=f"the certificate is trusted, and for {case.target.host}",
    )
    soon = [each for each in hands if each.trouble != "expired" and _ends_soon(each, now)]
    yield ENDS_SOON.judged(
        _all(soon, lambda each: f"runs out in {_days(each.ends - now)}, on {rfc3339(each.ends)}"),
        fix=_RENEW,
        right=f"the certificate counts until {rfc3339(min(each.ends for each in hands))}",
    )


PROBE: Final = Probe((OLD, UNTRUSTED, EXPIRED, ENDS_SOON), look_at_tls)


def _those(hands: Iterable[Handshake], trouble: str, what: Callable[[Handshake], str]) -> str:
    return _all((each for each in hands if each.trouble == trouble), what)


def _all(hands: Iterable[Handshake], what: Callable[[Handshake], str]) -> str:
    return ", ".join(f"the certificate at {each.node.authority} {what(each)}" for each in hands)


def _ends_soon(hand: Handshake, now: Instant) -> bool:
    """Tell whether it is time: two weeks before the end; one that lives for days is renewed in its last quarter."""
    return hand.ends - now < min(_SOON_MS, (hand.ends - hand.begins) // 4)


def _days(milliseconds: int) -> str:
    days = milliseconds // _DAY_MS
    return f"{days} day{'' if days == 1 else 's'}" if days > 0 else "less than a day"
