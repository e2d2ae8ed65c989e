"""`make demo`: the app, the mailbox and three people with passwords; for one of them `make demo-code` is the phone."""

import asyncio
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import httpx

from coatcheck.doctor.outside.examine import examine
from tests.cli.running import ROOT, running

OURS = {"sec-fetch-site": "same-origin"}


def test_demo(tmp_path: Path) -> None:
    with running(["-m", "tools.demo", "--port", "0", "--data", str(tmp_path / "demo")], ROOT) as demo:
        said = demo.until("Ctrl-C stops it.")
        url = re.findall(r"The app +(http://localhost:\d+)/", said)[0]
        passwords = dict(re.findall(r"(\w+@example\.org) +((?:[a-z]+-){4}[a-z]+)", said))
        assert set(passwords) == {"ann@example.org", "ben@example.org", "cleo@example.org"}

        with browser(url) as nobody:
            sent = nobody.get("/", headers={"accept": "text/html"})
            assert (sent.status_code, sent.headers["location"]) == (303, "/auth/sign-in?return_to=%2F")
            assert nobody.get("/auth/dev/mail").status_code == 200
        found = asyncio.run(examine(f"{url}/auth")).findings
        assert {each.code for each in found} == {"plain-http", "mailbox-open"}, "what a demo is, and nothing else"
        with browser(url) as ann, browser(url) as ben:
            for email, person in (("ann@example.org", ann), ("ben@example.org", ben)):
                body = {"identifier": email, "password": passwords[email]}
                assert person.post("/auth/api/sign-in", json=body).status_code == 200
            assert ben.post("/notes", data={"text": "<b>Hello</b>"}).status_code == 303
            assert "&lt;b&gt;Hello" in ann.get("/").text
            assert ben.post("/notes/1/delete").status_code == 403
            evil = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
            assert ann.post("/notes/1/delete", headers=evil).status_code == 403, "another site's form"
            assert "Hello" in ann.get("/").text
            assert ann.post("/notes/1/delete").status_code == 303
            assert "Hello" not in ann.get("/").text
            assert "note.deleted" in ann.get("/auth/admin/audit").text
            assert ben.get("/auth/admin").status_code == 403
        with browser(url) as cleo:
            body = {"identifier": "cleo@example.org", "password": passwords["cleo@example.org"]}
            waiting = cleo.post("/auth/api/sign-in", json=body).json()
            assert waiting["options"] == ["totp"]
            body = {"continuation": waiting["continuation"], "code": shown(tmp_path / "demo")}
            path = f"/auth/api/sign-in/{waiting['sign_in']}/totp"
            assert cleo.post(path, json=body).json()["session"]["acr"] == "aal2"
        with browser(url) as dora:
            assert come_from_the_provider(dora, "dora@example.org") == "/"
            assert "dora@example.org" in dora.get("/").text
        with browser(url) as ann:
            asked = ann.get(come_from_the_provider(ann, "ann@example.org")).text
            assert "There is an account with <strong>ann@example.org</strong> already" in asked
        assert demo.interrupt() == 0


def come_from_the_provider(person: httpx.Client, email: str) -> str:
    """Sign in at the demo's provider as somebody, and give where that leads here."""
    leaving = person.get("/auth/login/demo").headers["location"]
    back = httpx.post(leaving, data={"person": email.partition("@")[0]}).headers["location"]
    parked = person.get(back, headers={"sec-fetch-site": "cross-site"})
    [onward] = re.findall(r'content="0; url=([^"]+)"', parked.text)
    return person.get(unescape(onward)).headers["location"]


def shown(data: Path) -> str:
    """Give the code that `make demo-code` prints."""
    command = [sys.executable, "-m", "tools.demo_code", "--data", str(data)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.split()[0]


def browser(url: str) -> httpx.Client:
    """Open a browser with a cookie jar of its own."""
    return httpx.Client(base_url=url, headers=OURS, timeout=30)
