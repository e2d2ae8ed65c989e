"""How long Coatcheck takes to its first answer, and what an idle worker weighs."""

import subprocess
import sys
from pathlib import Path

from bench.place import coatcheck_in, new_folder
from bench.processes import running, seconds_of
from bench.table import Line
from bench.turns import in_turns

LIST_MODULES = (
    "import sys, bench.servers.ours, uvloop, httptools, uvicorn.protocols.http.httptools_impl; "
    "print(*(name for name, module in sys.modules.items() if getattr(module, '__file__', None)"
    " and name.split('.')[0] not in ('coatcheck', 'bench', '__main__')))"
)


async def measure() -> list[Line]:
    """Measure the start against importing the same modules, and the memory against a bare app's."""
    with new_folder() as folder:
        auth = coatcheck_in(folder)
        await auth.open()
        await auth.close()
        imports = _write_imports(folder)

        async def start() -> float:
            with running("ours", folder, answers="/healthz") as server:
                return server.seconds

        async def import_alone() -> float:
            return seconds_of(str(imports))

        async def ours() -> float:
            with running("ours", folder, answers="/healthz") as server:
                return server.own_mib()

        async def bare() -> float:
            with running("bare_fastapi", folder, answers="/healthz") as server:
                return server.own_mib()

        starts = await in_turns(11, {"ours": start, "other": import_alone})
        weights = await in_turns(3, {"ours": ours, "other": bare})
    return [
        _line("Start to first answer : importing the dependencies alone", starts, "s", 1.5),
        _line("Idle worker (USS) : a bare FastAPI and SQLAlchemy app", weights, "MiB", 1.4),
    ]


def _line(what: str, medians: dict[str, float], unit: str, target: float) -> Line:
    return Line(what=what, **medians, unit=unit, bound="at most", target=target)


def _write_imports(folder: Path) -> Path:
    """Write a program that imports all that our server imports, ourselves left out, and then ends."""
    listed = subprocess.run([sys.executable, "-c", LIST_MODULES], capture_output=True, check=True, text=True)
    program = folder / "imports.py"
    program.write_text(
        "import importlib, os\n"
        "from contextlib import suppress\n"
        f"for name in {listed.stdout.split()!r}:\n"
        "    with suppress(ImportError):  # some names are aliases that only their package makes\n"
        "        importlib.import_module(name)\n"
        "os._exit(0)\n"
    )
    return program
