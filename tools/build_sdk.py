"""Builds the browser SDK into sdk/dist, as it is served and packed: its modules together, and made small.

    python -m tools.build_sdk

What is written is sdk/src, which a browser loads as it is; what travels is a third of that. It is kept in the
repository, so that a server needs no Node; a test builds it again and compares.
"""

import subprocess
from pathlib import Path

from tests.servers.programs import NODE_SDK, node_package, node_program
from tools.install_node_packages import SDK_TOOLS, install

SDK = Path(__file__).parents[1] / "sdk"
DIST = SDK / "dist"
ENTRIES = ("index.js", "worker.js")
"""What apps import, in a page and in a service worker; what both need is a module of its own."""

_HOW = ("--bundle", "--splitting", "--format=esm", "--minify", "--target=es2022", "--chunk-names=shared-[hash]")


def build(folder: Path) -> None:
    """Build the SDK into a folder, in the place of all modules there.

    Raises:
        ProgramMissingError: Node or esbuild is not installed.
        subprocess.CalledProcessError: a module is wrong.
    """
    for former in folder.glob("*.js"):
        former.unlink()
    esbuild = node_package("esbuild", NODE_SDK) / "bin" / "esbuild"
    options = [*_HOW, f"--outdir={folder}", "--log-level=error"]
    subprocess.run([node_program(), esbuild, *ENTRIES, *options], cwd=SDK / "src", check=True, timeout=100)


if __name__ == "__main__":
    install(SDK_TOOLS)
    build(DIST)
    print(", ".join(f"{path.name} {path.stat().st_size:,}" for path in sorted(DIST.glob("*.js"))))
