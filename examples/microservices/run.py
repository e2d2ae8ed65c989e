"""Runs Coatcheck, two services and the gateway in front of them, all new at each start, until Ctrl-C.

python -m examples.microservices.run
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EMAIL = "ann@example.org"
_PATIENCE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """Say where everything is: what people reach through the gateway, and what is behind it.

    Args:
        folder: for data, secrets and logs; emptied at each start.
        nginx: the program.
        auth: the port of Coatcheck's public address, which the gateway has.
        notes: the port of the notes, which the gateway has.
        bills: the port of the bills, which the gateway has.
        inside: the ports behind it: Coatcheck, the notes, the bills.
    """

    folder: Path
    nginx: str
    auth: int = 8480
    notes: int = 8481
    bills: int = 8482
    inside: tuple[int, int, int] = (8490, 8491, 8492)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(15), repr=False)

    @property
    def issuer(self) -> str:
        """Coatcheck's address."""
        return f"http://localhost:{self.auth}"

    def audience(self, service: str) -> str:
        """A service's address, which is its audience too."""
        return f"http://localhost:{self.notes if service == 'notes' else self.bills}"


@contextmanager
def everything(place: Place) -> Iterator[None]:
    """Set up and run it all; end it with the block.

    Raises:
        RuntimeError: something does not start; the message names its log.
    """
    shutil.rmtree(place.folder, ignore_errors=True)
    place.folder.mkdir(parents=True)
    gateway_secret = secrets.token_urlsafe(32)
    _write(place, gateway_secret)
    _coatcheck(place, "account", "create", EMAIL, "--password-stdin", typed=place.password)
    reads = ("--permission", "bills:read", "--audience", place.audience("bills"))
    known = {"notes": _register(place, "notes", *reads), "bills": _register(place, "bills")}
    coatcheck, notes, bills = place.inside
    uvicorn = ("-m", "uvicorn", "--host", "127.0.0.1", "--no-access-log", "--port")
    with ExitStack() as stack:

        def run(name: str, port: int, ready: str | None, *command: str, **environ: str) -> None:
            process = stack.enter_context(_running(place, name, command, environ))
            _wait_for(process, port, ready, place.folder / f"{name}.log")

        serve = ("-m", "coatcheck", "serve", "--config", str(place.folder / "coatcheck.toml"))
        run("coatcheck", coatcheck, None, sys.executable, *serve, "--port", str(coatcheck))
        run("gateway", place.auth, None, place.nginx, "-e", "stderr", "-p", f"{place.folder}/", "-c", "nginx.conf")
        flask = ("-m", "flask", "--app", "examples.microservices.bills", "run", "--port", str(bills))
        run("bills", bills, "/ready", sys.executable, *flask, **_environ(place, "bills", known))
        app = "examples.microservices.notes:app"
        run("notes", notes, "/ready", sys.executable, *uvicorn, str(notes), app, **_environ(place, "notes", known))
        yield


def _write(place: Place, gateway_secret: str) -> None:
    """Write the settings of Coatcheck and of nginx."""
    audiences = [place.audience("notes"), place.audience("bills")]
    hosts = [f"{audience.removeprefix('http://')} = {audience}" for audience in audiences]
    (place.folder / "coatcheck.toml").write_text(
        f'[server]\npublic_url = "{place.issuer}"\ntrusted_proxies = ["127.0.0.1"]\n\n'
        f'[database]\nurl = "sqlite:///app.db"\n\n'
        f"[tokens]\naudience = {audiences}\n\n"
        f'[gateway]\nsecret = "{gateway_secret}"\nhosts = {hosts}\n'
    )
    coatcheck, notes, bills = place.inside
    values = {
        "COATCHECK_PORT": coatcheck,
        "NOTES_INSIDE": notes,
        "BILLS_INSIDE": bills,
        "AUTH_PORT": place.auth,
        "NOTES_PORT": place.notes,
        "BILLS_PORT": place.bills,
        "SECRET": gateway_secret,
    }
    for name in ("nginx.conf", "service.conf"):
        text = (HERE / name).read_text("utf-8")
        for word, value in values.items():
            text = text.replace(word, str(value))
        (place.folder / name).write_text(text)


def _coatcheck(place: Place, *words: str, typed: str | None = None) -> str:
    """Run one of Coatcheck's own commands."""
    command = [sys.executable, "-m", "coatcheck", *words, "--config", str(place.folder / "coatcheck.toml")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, input=typed, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"coatcheck {' '.join(words)}: {done.stderr or done.stdout}")
    return done.stdout


def _register(place: Place, name: str, *options: str) -> tuple[str, str]:
    """Register a service; give its id and secret."""
    said = _coatcheck(place, "service", "create", name, "--serves", place.audience(name), *options)
    told = dict(line.split(maxsplit=1) for line in said.splitlines() if line.startswith(("id ", "secret ")))
    return told["id"], told["secret"].split()[0]


def _environ(place: Place, service: str, known: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    service_id, secret = known[service]
    return {
        "ISSUER": place.issuer,
        "OWN_AUDIENCE": place.audience(service),
        "BILLS_AUDIENCE": place.audience("bills"),
        "BILLS_INSIDE": f"http://127.0.0.1:{place.inside[2]}",
        "SERVICE_ID": service_id,
        "SERVICE_SECRET": secret,
    }


@contextmanager
def _running(
    place: Place, name: str, command: tuple[str, ...], environ: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program until the block is left."""
    with (place.folder / f"{name}.log").open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environ}, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)


def _wait_for(process: "subprocess.Popen[bytes]", port: int, ready: str | None, log: Path) -> None:
    """Wait until somebody listens, and where there is an address that says so, until it is ready."""
    give_up = time.monotonic() + _PATIENCE_S
    while process.poll() is None and time.monotonic() < give_up:
        with suppress(OSError, httpx.TransportError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            if ready is None or httpx.get(f"http://127.0.0.1:{port}{ready}").is_success:
                return
        time.sleep(0.05)
    raise RuntimeError(f"it does not answer, see {log}: {log.read_text(errors='replace')[-2000:]}")


def main() -> None:
    """Run it all and say where it is."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        sys.exit("nginx is not installed")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what was started ends with us
    place = Place(folder=ROOT / "build" / "microservices", nginx=nginx)
    with everything(place):
        print(f"Coatcheck  {place.issuer}   sign in as {EMAIL}, {place.password}")
        print(f"notes      {place.audience('notes')}/notes and /owed")
        print(f"bills      {place.audience('bills')}/bills")
        print(f"\nTry it: python -m examples.microservices.try_it {place.password}\nCtrl-C stops it.", flush=True)
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
