"""A service on plain WSGI. Run it with `python -m examples.wsgi_app.app 8400`."""

import json
import sys
from collections.abc import Iterable
from typing import Any
from wsgiref.simple_server import make_server

from coatcheck.integrations.wsgi import AuthenticationMiddleware, current_user, require
from examples.verifier import verifier


def notes(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """List the notes of whoever asks."""
    start_response("200 OK", [("content-type", "application/json")])
    return [json.dumps({"notes": [], "of": current_user(environ).subject}).encode()]


clear = require(permission="notes:delete")(notes)


def route(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Choose by the method; nobody unknown comes this far."""
    return (clear if environ["REQUEST_METHOD"] == "DELETE" else notes)(environ, start_response)


app = AuthenticationMiddleware(route, verifier)

if __name__ == "__main__":
    make_server("localhost", int(sys.argv[1]), app).serve_forever()
