"""docs/integrations.md: every example on the page is run as it stands, and asked."""

import re
import subprocess
import sys
from typing import Any

import pytest
from flask import Flask

from coatcheck.testing.authenticator import FixedAuthenticator
from coatcheck.verifier import Principal
from tests.house.source import ROOT
from tests.integrations.callers import call_asgi, call_wsgi
from tests.integrations.live import Client

PAGE = (ROOT / "docs" / "integrations.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
ANN = [("authorization", "Bearer ann")]
IN_DJANGO = """
from coatcheck.testing.authenticator import FixedAuthenticator
from coatcheck.verifier import Principal
from tests.integrations.callers import call_wsgi

verifier = FixedAuthenticator({{"ann": Principal(subject="acc_ann")}})
{block}
import asyncio
import sys

from django.core.handlers.wsgi import WSGIHandler
from django import setup

setup()
app = WSGIHandler()
headers = [("authorization", "Bearer ann")]
for method, path in (("GET", "/me"), ("DELETE", "/notes"), ("GET", "/")):
    for given in (headers, []):
        print(asyncio.run(call_wsgi(app, method, path, given)).body.decode())
"""


def block_with(words: str) -> str:
    [found] = [block for block in BLOCKS if words in block]
    return str(found)


def app_in(block: str) -> Any:
    verifier = FixedAuthenticator({"ann": Principal(subject="acc_ann", session="ses_ann")})
    given: dict[str, Any] = {"verifier": verifier, "__name__": __name__}
    exec(compile(block, "docs/integrations.md", "exec", dont_inherit=True), given)  # noqa: S102
    return given["app"]


@pytest.mark.parametrize("words", ["import FastAPI\n", "Starlette(", "CoatcheckPlugin(", "integrations.asgi"])
async def test_an_example_on_asgi(words: str) -> None:
    app = app_in(block_with(words))
    assert (await call_asgi(app, "GET", "/me")).document["code"] == "not_signed_in"
    assert (await call_asgi(app, "GET", "/me", ANN)).document == {"subject": "acc_ann"}
    if words != "integrations.asgi":
        assert (await call_asgi(app, "DELETE", "/notes", ANN)).document["code"] == "not_allowed"


@pytest.mark.parametrize("words", ["import Flask\n", "integrations.wsgi"])
async def test_an_example_on_wsgi(words: str) -> None:
    app = app_in(block_with(words))
    assert (await call_wsgi(app, "GET", "/me")).document["code"] == "not_signed_in"
    assert (await call_wsgi(app, "GET", "/me", ANN)).document == {"subject": "acc_ann"}
    if isinstance(app, Flask):
        assert (await call_wsgi(app, "DELETE", "/notes", ANN)).document["code"] == "not_allowed"


def test_the_example_on_django() -> None:
    """Django's settings are one to a process, so it has its own."""
    script = IN_DJANGO.format(block=block_with("integrations.django"))
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    me, me_refused, clear, clear_refused, front, front_of_nobody = done.stdout.splitlines()
    assert (me, front, front_of_nobody) == ('{"subject": "acc_ann"}', '{"somebody": true}', '{"somebody": false}')
    assert "not_signed_in" in me_refused
    assert "not_allowed" in clear
    assert "not_signed_in" in clear_refused


async def test_the_socket() -> None:
    client = Client(app_in(block_with("authenticated_socket")))
    await client.accepted()
    client.present("ann")
    client.say("hello")
    assert await client.hear() == "acc_ann: hello"


async def test_the_stream() -> None:
    answer = await call_asgi(app_in(block_with("live_events")), "GET", "/news", ANN)
    assert answer.body == b"data: hello\n\n"


def test_every_example_is_tried() -> None:
    tried = ["import FastAPI\n\nfrom", "Starlette(", "CoatcheckPlugin(", "integrations.asgi", "import Flask\n"]
    tried += ["integrations.wsgi", "integrations.django", "authenticated_socket", "live_events"]
    assert sorted(block_with(words) for words in tried) == sorted(BLOCKS)
