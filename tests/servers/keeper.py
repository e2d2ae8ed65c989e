"""Becomes a test server, as an unprivileged user, beside a keeper that ends the server when the tests are gone.

    tests --stdin--> this program --exec--> server
                          '--fork--> keeper: waits for the end of stdin, then signals the server

A pipe closes however the tests die. PR_SET_PDEATHSIG would not do: it fires when the *thread* that started the server
ends, and a test may restart one from a thread.
"""

import os
import sys


def main(number: int, uid: int, gid: int, command: list[str]) -> None:
    """Step down, leave a keeper and become the server.

    Args:
        number: The signal that ends the server at once.
        uid: The user to run as; -1 stays who we are.
        gid: The group to run as.
        command: The server, its first word an absolute path.

    Raises:
        OSError: If the server cannot be executed.
    """
    if uid != -1:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    server = os.getpid()
    if os.fork() == 0:
        keep(server, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    os.execv(command[0], command)  # noqa: S606  no shell is wanted


def keep(server: int, number: int) -> None:
    """Wait for the tests to let go of stdin and end a server that is still there."""
    os.setsid()
    os.read(sys.stdin.fileno(), 1)
    # A dead server is no longer our parent, and its number may be somebody else's by now.
    if os.getppid() == server:
        os.kill(server, number)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
