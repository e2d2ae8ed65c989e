"""Coatcheck by the settings in its folder, with its request log on."""

import json
import sys
from pathlib import Path

from bench.place import SETTINGS, coatcheck_in
from bench.servers.one_worker import serve
from coatcheck.server.bounded_http import BoundedHttp

if __name__ == "__main__":
    folder = Path(sys.argv[2])
    auth = coatcheck_in(folder, **json.loads((folder / SETTINGS).read_text()))
    auth.log_requests()
    serve(auth.app, int(sys.argv[1]), BoundedHttp)
