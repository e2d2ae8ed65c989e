"""Discovery: what the server says of itself, held to where it was reached and to what is there."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import set_to, take_out, write
from coatcheck.doctor.outside.check import Check, shown
from coatcheck.doctor.outside.probe import Case, Probe
from coatcheck.doctor.principles import SECRETS

WELL_KNOWN: Final = "/.well-known/oauth-authorization-server"
MISSING: Final = Check("discovery-missing", SECRETS, "medium")
ISSUER: Final = Check("issuer-differs", SECRETS, "high")
INCOHERENT: Final = Check("discovery-incoherent", SECRETS, "medium")
NONE_OFFERED: Final = Check("none-offered", SECRETS, "high")

_ALGORITHMS: Final = "_alg_values_supported"


async def look_at_discovery(case: Case) -> AsyncIterator[Outcome]:
    """Read the metadata at both of its addresses."""
    target = case.target
    seen = [await case.asking.get(WELL_KNOWN)]
    if target.mount:
        seen.append(await case.asking.get_from_root(WELL_KNOWN + target.mount))
    away = [each.path for each in seen if each.status != 200 or not each.words]
    yield MISSING.judged(
        f"{' and '.join(away)} gives no metadata, so no service finds the keys" if away else None,
        fix=write(
            f"In nginx, in the server of {target.host}",
            "location /.well-known/ { proxy_pass http://coatcheck; proxy_set_header Host $host; }",
        ),
        right="services find the metadata",
    )
    told = next((each.words for each in seen if each.words), None)
    if told is None:
        for check in (ISSUER, INCOHERENT, NONE_OFFERED):
            yield check.not_run("there is no metadata")
        return
    issuer = told.get("issuer")
    yield ISSUER.judged(
        None if issuer == target.url else f"the issuer is {shown(str(issuer))}, but this is {target.url}",
        fix=set_to("server", f'public_url = "{target.url}"'),
        right=f"the issuer is {target.url}",
    )
    yield INCOHERENT.judged(
        await _incoherent(case, told, str(issuer)),
        fix=take_out("location … { return 404; }", "sub_filter …;"),
        right="each address in it is there, and of this issuer",
    )
    weak = [name for name, values in told.items() if name.endswith(_ALGORITHMS) and _has_weak(values)]
    yield NONE_OFFERED.judged(
        f"{', '.join(weak)} offers an algorithm without a signature" if weak else None,
        fix=take_out("location = /.well-known/oauth-authorization-server { … }"),
        right="it offers signatures alone",
    )


PROBE: Final = Probe((MISSING, ISSUER, INCOHERENT, NONE_OFFERED), look_at_discovery)


async def _incoherent(case: Case, told: Mapping[str, Any], issuer: str) -> str | None:
    addresses = {name: str(value) for name, value in told.items() if name.endswith(("_endpoint", "_uri"))}
    for name, address in addresses.items():
        if not address.startswith(f"{issuer}/"):
            return f"{name} is {shown(address)}, which is not of the issuer"
        status = await _status(case, address.removeprefix(issuer))
        if status == 404 or status >= 500:
            return f"{name} names {shown(address)}, where {status} is answered"
    return None if "jwks_uri" in addresses else "it names no jwks_uri"


async def _status(case: Case, path: str) -> int:
    """Give how an address answers that may take POST alone; GET of it could be another one's."""
    status = (await case.asking.get(path)).status
    return status if status != 404 else (await case.asking.get(path, method="OPTIONS")).status


def _has_weak(values: object) -> bool:
    return isinstance(values, list) and any(str(each).lower() in ("none", "hs256", "hs384", "hs512") for each in values)
