"""Coatcheck alone, signing by ES256, with its request log on."""

import sys
from pathlib import Path

from bench.place import coatcheck_in
from bench.servers.one_worker import serve
from coatcheck.server.bounded_http import BoundedHttp

if __name__ == "__main__":
    auth = coatcheck_in(Path(sys.argv[2]), keys={"algorithm": "ES256"})
    auth.log_requests()
    serve(auth.app, int(sys.argv[1]), BoundedHttp)
