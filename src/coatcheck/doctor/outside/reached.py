"""Plain HTTP: whether the deployment is reached by it, or beside HTTPS serves it as well."""

from collections.abc import AsyncIterator
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import set_to, write
from coatcheck.doctor.outside.asking import NoAnswer, Seen
from coatcheck.doctor.outside.check import Check, shown
from coatcheck.doctor.outside.probe import Case, Probe
from coatcheck.doctor.outside.target import Target, end_of
from coatcheck.doctor.principles import HTTPS

PLAIN: Final = Check("plain-http", HTTPS, "high")
SERVED: Final = Check("plain-http-served", HTTPS, "high")

_PROXY: Final = "# and in front a proxy with TLS: examples/proxies has nginx, Caddy, Envoy and Traefik"


async def look_at_plain_http(case: Case) -> AsyncIterator[Outcome]:
    """Ask by plain HTTP."""
    target = case.target
    if not target.is_https:
        name = "auth.example.org" if target.is_this_machine else target.host
        yield PLAIN.found(
            f"{target.url} is plain HTTP: passwords and cookies cross the network in clear",
            set_to("server", f'public_url = "https://{name}{target.mount}"', "unsafe = []", _PROXY),
        )
        yield SERVED.not_run("it is reached by plain HTTP alone")
        return
    yield PLAIN.passed(f"{target.url} is reached by HTTPS")
    if case.plain_port is None:
        yield SERVED.not_run(f"its HTTPS is at port {target.port}; say where plain HTTP would be with --plain-port")
        return
    try:
        seen = await case.asking.get_plainly(f"{target.mount}/sign-in", case.plain_port)
    except NoAnswer:
        yield SERVED.passed(f"nobody answers plain HTTP at port {case.plain_port}")
        return
    yield SERVED.judged(
        _wrong(seen, target, case.plain_port),
        fix=write(
            "In nginx, in the place of all else that listens there for this name",
            "server {",
            f"    listen {case.plain_port};",
            f"    server_name {target.host};",
            f"    return 308 {target.origin}$request_uri;",
            "}",
        ),
        right=f"plain HTTP at port {case.plain_port} is sent on to HTTPS, or refused",
    )


PROBE: Final = Probe((PLAIN, SERVED), look_at_plain_http)


def _wrong(seen: Seen, target: Target, port: int) -> str | None:
    at = f"http://{target.host}:{port}{seen.path}"
    if seen.cookies:
        return f"{at} sets a cookie by plain HTTP"
    if seen.leads_to:
        if end_of(at, seen.leads_to) != ("https", target.host):
            return f"{at} leads to {shown(seen.leads_to)}, which is not {target.origin}"
        return None
    return f"{at} is served ({seen.status}) instead of sent on to HTTPS" if seen.status < 400 else None
