"""What reads XML is loaded with the first answer: a site without SAML has neither its memory nor its time."""

import subprocess
import sys

LIGHT = (
    "coatcheck.server.coatcheck",
    "coatcheck.upstream.saml",
    "coatcheck.upstream.saml.configured",
    "coatcheck.upstream.saml.metadata",
)
SCRIPT = """
import sys
import {modules}
print(*[name for name in ("lxml", "signxml") if name in sys.modules])
from coatcheck.upstream.saml.answer import Refused
from coatcheck.upstream.saml.read import read_idp_metadata
try:
    read_idp_metadata(b"")
except Refused:
    print(*[name for name in ("lxml", "signxml") if name in sys.modules])
"""


def test_only_what_reads_loads_lxml() -> None:
    script = SCRIPT.format(modules=", ".join(LIGHT))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split("\n")[:2] == ["", "lxml"]
