"""Every little service of examples/ is run by the command that stands in it, on a real server, and asked."""

import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent.name for path in ROOT.glob("examples/*_app/app.py"))
COMMAND = re.compile(r"Run it with `(.+)`")
SAID = re.compile(r"Bearer (\S+)\"")
FEW_LINES = 39


@dataclass(frozen=True)
class Service:
    """Hold a service that runs, and the token it knows."""

    port: int
    token: str

    @property
    def bearer(self) -> dict[str, str]:
        """The header that presents the token."""
        return {"authorization": f"Bearer {self.token}"}

    def ask(self, method: str, path: str = "/notes", headers: object = None) -> httpx.Response:
        """Ask the service, as soon as it answers."""
        with httpx.Client(transport=httpx.HTTPTransport(retries=8), base_url=f"http://localhost:{self.port}") as client:
            return client.request(method, path, headers=headers)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=FOLDERS)
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    """Run one of them."""
    text = (ROOT / "examples" / request.param / "app.py").read_text("utf-8")
    found = COMMAND.search(text)
    assert found is not None, "its docstring says how to run it"
    port = free_port()
    program, *arguments = shlex.split(found[1].replace("8400", str(port)))
    command = [sys.executable, *([] if program == "python" else ["-m", program]), *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        said = SAID.search(process.stdout.readline() or "") or SAID.search(process.stdout.readline())
        assert said is not None, "it says its token"
        yield Service(port, said[1])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_it_lets_in_whom_it_knows(service: Service) -> None:
    answer = service.ask("GET", headers=service.bearer)
    assert (answer.status_code, answer.json()) == (200, {"notes": [], "of": "acc_ann"})


def test_it_refuses_all_others(service: Service) -> None:
    nobody = service.ask("GET")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "not_signed_in")
    assert nobody.headers["www-authenticate"] == 'Bearer realm="coatcheck", DPoP algs="ES256 EdDSA RS256 PS256"'
    bad = service.ask("GET", headers={"authorization": "Bearer bad"})
    assert (bad.status_code, bad.json()["code"]) == (401, "invalid_token")
    lacking = service.ask("DELETE", headers=service.bearer)
    assert (lacking.status_code, lacking.json()["code"]) == (403, "not_allowed")
    assert 'scope="notes:delete"' in lacking.headers["www-authenticate"]
    assert service.ask("HEAD").content == b""


def test_it_refuses_two_tokens(service: Service) -> None:
    """The real server decides how two headers of one name reach the app."""
    twice = [("authorization", f"Bearer {service.token}"), ("authorization", f"Bearer {service.token}")]
    assert service.ask("GET", headers=twice).status_code in (400, 401)
    spelled = [("authorization", "Bearer bad"), ("Authorization", f"Bearer {service.token}")]
    assert service.ask("GET", headers=spelled).status_code in (400, 401)


@pytest.mark.parametrize("service", ["fastapi_app"], indirect=True)
def test_its_socket(service: Service) -> None:
    service.ask("GET")
    address = f"ws://localhost:{service.port}/chat"
    with connect(address) as live:
        live.send(f'{{"authorization": "Bearer {service.token}"}}')
        live.send("hello")
        assert live.recv(timeout=20) == "acc_ann: hello"
    with connect(address) as live:
        live.send('{"authorization": "Bearer bad"}')
        with pytest.raises(ConnectionClosedError) as closed:
            live.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401


@pytest.mark.parametrize("service", ["starlette_app"], indirect=True)
def test_its_events(service: Service) -> None:
    assert service.ask("GET", "/news").status_code == 401
    url = f"http://localhost:{service.port}/news"
    with httpx.Client() as client, client.stream("GET", url, headers=service.bearer) as streamed:
        assert next(streamed.iter_lines()) == "data: nothing new"


def test_they_are_short() -> None:
    sizes = {name: len((ROOT / "examples" / name / "app.py").read_text("utf-8").splitlines()) for name in FOLDERS}
    assert {name: size for name, size in sizes.items() if size > FEW_LINES} == {}
