"""The services behind the gateway are run as their page says, called through, and refuse a session that has ended."""

import sys
from collections.abc import Iterator
from functools import partial

import httpx
import pytest

from examples.microservices.run import EMAIL, Place, everything
from examples.microservices.try_it import SERVICES, last_accepted, sign_in, sign_out
from tests.servers.programs import Program
from tests.servers.server import free_port

ROUNDS = 12
GATEWAY_S, VERIFIER_S = 1.0, 10.0
"""The bounds that are promised, in seconds: between workers, and for a verifier."""


@pytest.fixture(scope="module")
def place(nginx_program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Run it all, on ports that are free."""
    auth, notes, bills, *inside = (free_port() for _ in range(6))
    place = Place(
        folder=tmp_path_factory.mktemp("microservices") / "place",
        nginx=str(nginx_program.path),
        auth=auth,
        notes=notes,
        bills=bills,
        inside=(inside[0], inside[1], inside[2]),
    )
    with everything(place):
        yield place


def here(place: Place) -> dict[str, str]:
    """Give where the services of the page are this time."""
    _, notes, bills = place.inside
    moved = {"8481": place.notes, "8482": place.bills, "8491": notes, "8492": bills}
    addresses = dict(SERVICES)
    for name, url in addresses.items():
        for known, port in moved.items():
            addresses[name] = addresses[name].replace(f":{known}/", f":{port}/")
        assert addresses[name] != url
    return addresses


def test_a_session_is_known_to_both(place: Place) -> None:
    header, _ = sign_in(place.issuer, place.password)
    seen = {name: httpx.get(url, headers=header).json()["of"] for name, url in here(place).items()}
    assert len(set(seen.values())) == 1
    assert all(who.startswith("acc_") for who in seen.values())


def test_a_cookie_is_known_through_the_gateway_alone(place: Place) -> None:
    with httpx.Client() as browser:
        body = {"identifier": EMAIL, "password": place.password}
        browser.post(f"{place.issuer}/api/sign-in", json=body).raise_for_status()
        statuses = {name: browser.get(url).status_code for name, url in here(place).items() if "gateway" in name}
        assert set(statuses.values()) == {200}
        cookie = {"cookie": "; ".join(f"{each.name}={each.value}" for each in browser.cookies.jar)}
    for name, url in here(place).items():
        assert httpx.get(url, headers=cookie).status_code == (200 if "gateway" in name else 401)
        assert httpx.get(url).status_code == 401


def test_one_service_asks_the_other_in_its_own_name(place: Place) -> None:
    header, _ = sign_in(place.issuer, place.password)
    answer = httpx.get(f"{place.audience('notes')}/owed", headers=header).raise_for_status().json()
    assert answer["owed"] == [12]
    of_others = f"http://127.0.0.1:{place.inside[2]}/bills/of/{answer['of']}"
    assert httpx.get(of_others, headers=header).status_code == 403, "a person has no such permission"


def test_a_session_that_has_ended_is_refused_by_all(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    told: dict[str, list[float]] = {name: [] for name in SERVICES}
    for _ in range(ROUNDS):
        header, refresh_token = sign_in(place.issuer, place.password)
        end = partial(sign_out, place.issuer, refresh_token)
        for name, seconds in last_accepted(here(place), header, end).items():
            told[name].append(seconds)
    with capsys.disabled():
        for name, times in told.items():
            line = ", ".join(f"{seconds * 1000:.0f}" for seconds in times)
            p99 = sorted(times)[int(len(times) * 0.99)] * 1000
            print(f"\n{name}: last accepted {line} ms after the sign-out; p99 {p99:.0f} ms", end="", file=sys.stderr)  # noqa: T201 (CI shows it)
    for name, times in told.items():
        assert max(times) < (GATEWAY_S if "gateway" in name else VERIFIER_S), name
