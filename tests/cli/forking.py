"""Runs `coatcheck` commands, each in a process of its own, without importing everything anew for each.

    tests --one JSON line a command--> this program --fork--> coatcheck.cli.main()
          <--its exit code------------

Importing takes a hundred times as long as most commands do. The process that forks has no threads and opens nothing.
"""

import json
import os
import sys

from coatcheck.cli import main


def become(arguments: list[str], folder: str, environ: dict[str, str], files: list[str]) -> None:
    """Turn this process into a command.

    Args:
        arguments: the command line, without the program.
        folder: where it runs.
        environ: its whole environment.
        files: paths of its standard input, output and error.
    """
    for number, path in enumerate(files):
        os.dup2(os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT, 0o600), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["coatcheck", *arguments]
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 (what was read ahead of the tests' lines is not the command's)
    main()


def serve() -> None:
    """Fork for each line until the tests are gone."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            become(**json.loads(line))
            sys.exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
