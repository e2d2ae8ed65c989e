"""Attack 58: django-allauth before 65.16.1: some of its providers ran without any `state`.

Here state is put into every request by the one function that makes them, and no entry can leave it out: each of them
is left for through the site, and sends one of its own each time. An answer without it is refused at every callback.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from coatcheck.upstream.configured import Providers
from coatcheck.upstream.entries.entry import entry_names, read_entry
from coatcheck.upstream.provider import Endpoints, Provider
from tests.attacks.lying import Lying
from tests.login.providers import trouble_of
from tests.upstream.oauth.acme import HERE
from tests.upstream.saml.company import connection
from tests.upstream.tables import OPEN_SERVER, provider, write_key

TEMPLATES: dict[str, dict[str, Any]] = {"oidc": {"issuer": "https://id.example.org"}, "oauth2": OPEN_SERVER}
SAMPLES = {"domain": "acme.example", "realm": "eu-central-1_a", "tenant": "common"}


def made(name: str, folder: Path, lying: Lying) -> Provider:
    """Make an entry a provider; what it would ask for over the network is answered by ours."""
    asked: dict[str, Any] = TEMPLATES.get(name) or {each: SAMPLES[each] for each in read_entry(name).asks}
    if name == "apple":
        file = write_key(folder / "key.p8", ec.generate_private_key(ec.SECP256R1()))
        asked = {"key_file": file, "key_id": "FAKEKEY001", "team_id": "FAKETEAM01"}
    found = provider(folder, **{**asked, "entry": name})
    if not found.endpoints.discovery:
        return replace(found, name=name)
    endpoints = Endpoints(discovery=f"{lying.acme.url}/.well-known/openid-configuration")
    return replace(found, name=name, issuer=lying.acme.url, endpoints=endpoints, private_network=HERE)


@pytest.mark.parametrize("name", sorted(entry_names()))
async def test_a_state_of_its_own_each_time(lying: Lying, tmp_path: Path, name: str) -> None:
    lying.site.desk.keep(Providers).use([made(name, tmp_path, lying)])
    browser = lying.site.browser()
    states = set()
    for _ in range(3):
        address = (await browser.get(f"/login/{name}")).headers["location"]
        [state] = parse_qs(urlsplit(address).query)["state"]
        states.add(state)
    assert len(states) == 3
    assert min(map(len, states)) >= 32
    for method, given in (("GET", {"params": {"code": "x"}}), ("POST", {"data": {"code": "x"}})):
        answer = await browser.request(method, f"/login/{name}/callback", **given)  # type: ignore[arg-type]
        assert trouble_of(answer) == "trip_unknown", method


async def test_a_saml_connection_too(lying: Lying) -> None:
    lying.site.desk.keep(Providers).use([connection()])
    browser = lying.site.browser()
    addresses = [(await browser.get("/login/acme")).headers["location"] for _ in range(3)]
    states = {parse_qs(urlsplit(each).query)["RelayState"][0] for each in addresses}
    assert len(states) == 3
    assert min(map(len, states)) >= 32
    assert trouble_of(await browser.post("/saml/acme/acs", data={"SAMLResponse": "x"})) == "trip_unknown"


def test_there_are_all_entries() -> None:
    assert len(entry_names()) == 28
