"""Headers that a client makes up: `Host`, `X-Forwarded-*` and their kind. None of them may decide anything."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import set_to, write
from coatcheck.doctor.outside.asking import NoAnswer, Seen
from coatcheck.doctor.outside.check import Check, shown
from coatcheck.doctor.outside.probe import STRANGER, CannotTell, Case, Probe
from coatcheck.doctor.outside.set_cookie import ours_in
from coatcheck.doctor.principles import INPUTS, LIMITS

HOST: Final = Check("host-believed", INPUTS, "high")
FORWARDED: Final = Check("forwarded-believed", INPUTS, "high")
ADDRESS: Final = Check("client-address-believed", LIMITS, "high")

_PLACES: Final = ("/sign-in", "/account", "/.well-known/oauth-authorization-server")
_MADE_UP: Final = "192.0.2.66"  # of a network that is nobody's (RFC 5737)
_NAMED: Final[Mapping[str, str]] = {
    "x-forwarded-host": STRANGER,
    "x-forwarded-server": STRANGER,
    "x-forwarded-prefix": f"/{STRANGER}",
    "x-forwarded-proto": "http",
    "x-original-host": STRANGER,
    "x-host": STRANGER,
    "forwarded": f"for={_MADE_UP};host={STRANGER};proto=http",
}
_OTHER_PATH: Final[Mapping[str, str]] = {"x-original-url": "/healthz", "x-rewrite-url": "/healthz"}
_ADDRESSES: Final[Mapping[str, str]] = dict.fromkeys(
    ("x-forwarded-for", "x-real-ip", "cf-connecting-ip", "true-client-ip", "fly-client-ip", "x-client-ip"), _MADE_UP
)


async def look_at_hosts(case: Case) -> AsyncIterator[Outcome]:
    """Make up each header, and look for what was made up in the answers."""
    yield HOST.judged(
        await _believed(case, {"host": STRANGER}),
        fix=set_to("server", f'public_url = "{case.target.url}"') + "\n# and in nginx: proxy_set_header Host $host;",
        right="another Host leads nowhere",
    )
    yield FORWARDED.judged(
        await _believed(case, _NAMED) or await _other_path(case),
        fix=write(
            "An app or a server around Coatcheck believes it; start that without",
            "--proxy-headers",
            "--forwarded-allow-ips '*'",
        ),
        right="X-Forwarded-* and their kind decide nothing",
    )


async def look_at_address(case: Case) -> AsyncIterator[Outcome]:
    """Sign in from an address that is made up, and look which one the account's own list of sessions tells.

    Raises:
        CannotTell: the list does not name the session.
    """
    seen = await case.admitted(_ADDRESSES, present="tokens")
    token = {"authorization": f"Bearer {seen.words.get('access_token', '')}"}
    listed = (await case.asking.get("/api/sessions", case.with_permit(token))).words.get("sessions", [])
    told = [each.get("address", "") for each in listed if each.get("current")]
    if not told:
        raise CannotTell("the account's list of sessions does not name this one")
    believed = _MADE_UP in told
    yield ADDRESS.judged(
        f"a client that says it is {_MADE_UP} is taken for it, so no limit by address holds" if believed else None,
        fix=set_to("server", 'trusted_proxies = ["…"]  # the addresses of your own proxies, and no others')
        + "\n# and in nginx: proxy_set_header X-Forwarded-For $remote_addr;",
        right="the client's address is not the client's to say",
    )


PROBE: Final = Probe((HOST, FORWARDED), look_at_hosts)
ADDRESS_PROBE: Final = Probe((ADDRESS,), look_at_address, needs_permit=True)


async def _believed(case: Case, made_up: Mapping[str, str]) -> str | None:
    for path in _PLACES:
        try:
            seen = await case.asking.get(path, {"accept": "text/html", **made_up})
        except NoAnswer:
            continue  # hung up on: one way to refuse
        place = _place_of(seen)
        if place is None and _lax(seen) and not _lax(await case.asking.get(path, {"accept": "text/html"})):
            place = f"the cookie {_lax(seen)[0]} without Secure"
        if place is not None:
            return f"{path} with {', '.join(f'{name}: {value}' for name, value in made_up.items())} gives {place}"
    return None


def _place_of(seen: Seen) -> str | None:
    """Say where what was made up came back, in an answer that is none of an error."""
    if seen.status >= 400:
        return None
    if STRANGER in seen.leads_to:
        return f"Location: {shown(seen.leads_to)}"
    if any(STRANGER in line for line in seen.cookies):
        return f"a cookie of {STRANGER}"
    return f"a page that names {STRANGER}" if STRANGER in seen.body else None


def _lax(seen: Seen) -> list[str]:
    return [each.name for each in ours_in(seen.cookies) if "secure" not in each.attributes]


async def _other_path(case: Case) -> str | None:
    seen = await case.asking.get("/sign-in", _OTHER_PATH)
    is_other = seen.words.get("status") == "ok"
    return "X-Original-URL: /healthz is answered in the place of /sign-in" if is_other else None
