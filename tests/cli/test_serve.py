"""`coatcheck serve`: one process or two, one set-up link for all of them, and a clean end."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from coatcheck.clock import parse_rfc3339
from tests.cli.running import Running, coatcheck, running
from tests.site import FORM_TOKEN, PASSWORD

URL = re.compile(r"serves (http://localhost:\d+)")
LINK = re.compile(r"http://localhost:\d+/admin/set-up\?token=([\w-]+)")
FROM_OUR_PAGE = {"sec-fetch-site": "same-origin", "accept": "text/html"}


def greeting(server: Running, url: str) -> None:
    """Wait until the server answers: it listens before its workers have started, so a request waits for them."""
    assert httpx.get(f"{url}/healthz", timeout=60).json() == {"status": "ok"}, server.log.read_text()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_set_up_link_makes_one_administrator(folder: Path, workers: int) -> None:
    command = ["-m", "coatcheck", "serve", "--port", "0", "--workers", str(workers)]
    with running(command, folder) as server:
        said = server.until("/dev/mail")
        url, [token] = URL.findall(said)[0], LINK.findall(said)
        greeting(server, url)
        link = f"{url}/admin/set-up?token={token}"
        # A connection each: with two workers the kernel hands them to either.
        assert [httpx.get(link, timeout=30).status_code for _ in range(8)] == [200] * 8
        assert submit(link, "ann@example.org") == 303
        assert submit(link, "ben@example.org") == 410, "it works once, in whichever worker"
        signed_in = httpx.post(f"{url}/api/sign-in", json={"identifier": "ann@example.org", "password": PASSWORD})
        assert signed_in.status_code == 200, signed_in.text
        assert httpx.get(f"{url}/api/session").status_code == 401
        assert server.interrupt() == 0
    log = server.log.read_text()
    assert token not in log
    assert "Traceback" not in log
    lines = [json.loads(line) for line in log.splitlines()]
    assert all(line["event"] for line in lines), "the log is JSON lines and nothing else"
    assert {line["event"] for line in lines} >= {"request", "audit.checkpoint"}
    assert all(parse_rfc3339(line["at"]) for line in lines), "each says when, in one way"
    assert not any("timestamp" in line for line in lines)
    requests = [line for line in lines if "request_id" in line]
    assert len({line["request_id"] for line in requests}) == len(requests), "one line a request"
    refused = [(line["event"], line["status"], line["because"]) for line in requests if line.get("code")]
    assert ("request", 401, "no credential was presented") in refused


def submit(link: str, email: str) -> int:
    """Send the form behind the set-up link, from a browser of its own."""
    token = link.partition("token=")[2]
    with httpx.Client(headers=FROM_OUR_PAGE, timeout=30) as browser:
        shown = browser.get(link)
        # Whoever comes late sees no form; a token of another page of ours gets them as far as the link itself.
        found = FORM_TOKEN.search(shown.text) or FORM_TOKEN.search(
            browser.get(link.partition("/admin")[0] + "/sign-in").text
        )
        assert found is not None
        fields = {"token": token, "email": email, "password": PASSWORD, "form_token": found[1]}
        return browser.post(link.partition("?")[0], data=fields).status_code


SLOW = """
import pathlib, sys, time
if "--multiprocessing-fork" in sys.argv:
    with pathlib.Path(__file__).with_name("starts").open("a") as starts:
        starts.write("started\\n")
    time.sleep(8)
"""


@pytest.mark.long
def test_workers_that_start_slowly_are_waited_for(folder: Path, tmp_path: Path) -> None:
    """On a busy machine a worker imports for longer than uvicorn waits for an answer, five seconds, by default."""
    (tmp_path / "sitecustomize.py").write_text(SLOW)
    command = ["-m", "coatcheck", "serve", "--port", "0", "--workers", "2"]
    with running(command, folder, {"PYTHONPATH": str(tmp_path)}) as server:
        greeting(server, URL.findall(server.until("/dev/mail"))[0])
        assert server.interrupt() == 0
    assert (tmp_path / "starts").read_text().count("started") == 2, "none was ended and started anew"


def test_no_link_once_there_is_an_administrator(folder: Path) -> None:
    assert coatcheck("account", "create", "ann@example.org", "--no-password", folder=folder).returncode == 0
    granted = coatcheck("role", "grant", "admin", "ann@example.org", folder=folder)
    assert granted.returncode == 0, granted.stderr
    with running(["-m", "coatcheck", "serve", "--port", "0"], folder) as server:
        assert LINK.search(server.until("/dev/mail")) is None


SIGNAL_IN_A_CALLBACK = """
import os, signal, weakref
from coatcheck.cli.serve import _end_well
signal.signal(signal.SIGTERM, _end_well)
class Thing: pass
thing = Thing()
ref = weakref.ref(thing, lambda gone: os.kill(os.getpid(), signal.SIGTERM))
print("said")
del thing
print("went on")
"""


def test_it_ends_also_while_an_object_is_cleaned_up() -> None:
    command = [sys.executable, "-c", SIGNAL_IN_A_CALLBACK]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("said\n", "")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_headers_are_bounded(folder: Path, workers: str) -> None:
    with running(["-m", "coatcheck", "serve", "--port", "0", "--workers", workers], folder) as server:
        url = URL.findall(server.until("/dev/mail"))[0]
        answer = httpx.get(f"{url}/healthz", headers={"x": "y" * 70_000}, timeout=60)
        assert (answer.status_code, answer.json()["code"]) == (431, "headers_too_large")


@pytest.mark.parametrize(
    ("arguments", "environ", "says"),
    [
        (["--host", "0.0.0.0"], {}, "server.public_url is not set"),  # noqa: S104 (it must be refused)
        (["--workers", "2"], {"COATCHECK_EPHEMERAL__URL": "memory"}, "ephemeral.url: memory"),
        ([], {"COATCHECK_KEYS__ALGORITHM": "HS256"}, "list SHARED_SECRET_TOKENS in server.unsafe"),
        (
            ["--workers", "2"],
            {"COATCHECK_KEYS__ALGORITHM": "HS256", "COATCHECK_SERVER__UNSAFE": "SHARED_SECRET_TOKENS"},
            "keys.algorithm: HS256 is for one process",
        ),
        (["--config", "elsewhere.toml"], {}, "`coatcheck init` makes one"),
    ],
)
def test_what_it_refuses(folder: Path, arguments: list[str], environ: dict[str, str], says: str) -> None:
    refused = coatcheck("serve", "--port", "0", *arguments, folder=folder, environ=environ)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert says in refused.stderr
    assert refused.stderr.count("\n") == 1, "one sentence, no traceback"


def test_a_port_in_use(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = coatcheck("serve", "--port", str(port), folder=folder)
    assert refused.returncode == 2
    assert (
        f"cannot listen on port {port} of 127.0.0.1 (Address already in use): choose another --port" in refused.stderr
    )
