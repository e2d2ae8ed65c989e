"""Packs the browser SDK for npm, into build/sdk: as it is served, with types made of the JSDoc.

    python -m tools.pack_sdk

Then `npm publish build/sdk/coatcheck-VERSION.tgz`. The types are made here and kept nowhere: the JSDoc is their source.
"""

import shutil
import subprocess
from pathlib import Path

from tests.servers.programs import BUILD, NODE_SDK, node_package, node_program, npm_program
from tools.build_sdk import SDK
from tools.install_node_packages import SDK_TOOLS, install

CONFIGURATIONS = (SDK / "tsconfig.json",)
"""How the modules are checked: as a page loads them. What a service worker alone has, its module says by itself."""

_EMIT = ("--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--noEmitOnError")


def pack(folder: Path) -> Path:
    """Pack the SDK into a folder; give the package's file.

    Raises:
        ProgramMissingError: Node or TypeScript is not installed.
        subprocess.CalledProcessError: the types are wrong, or npm refuses.
    """
    content = folder / "content"
    shutil.rmtree(content, ignore_errors=True)
    shutil.copytree(SDK, content)
    for configuration in CONFIGURATIONS:
        done = tsc("-p", str(configuration), *_EMIT, "--outDir", str(content / "types"))
        done.check_returncode()
    command: list[str | Path] = [node_program(), npm_program(), "pack", "--silent", "--pack-destination", folder]
    done = subprocess.run(command, cwd=content, capture_output=True, text=True, check=True, timeout=100)
    return folder / done.stdout.split()[-1]


def tsc(*arguments: str, cwd: Path = SDK) -> subprocess.CompletedProcess[str]:
    """Run TypeScript's compiler; what it finds is in `stdout`.

    Raises:
        ProgramMissingError: Node or TypeScript is not installed.
    """
    command: list[str | Path] = [node_program(), node_package("typescript", NODE_SDK) / "bin" / "tsc", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=100)


def main() -> None:
    """Pack it."""
    install(SDK_TOOLS)
    folder = BUILD / "sdk"
    folder.mkdir(parents=True, exist_ok=True)
    print(pack(folder))


if __name__ == "__main__":
    main()
