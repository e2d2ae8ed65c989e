"""npm's oidc-provider, one process of Node."""

import os
import sys
from pathlib import Path

from tests.servers.programs import node_program
from tools.install_node_packages import BENCH

if __name__ == "__main__":
    node, script = str(node_program()), str(Path(__file__).with_suffix(".mjs"))
    os.environ["NODE_ENV"] = "production"
    os.execv(node, [node, script, str(BENCH.folder), sys.argv[1], sys.argv[2]])  # noqa: S606 (Node takes the place of this process)
