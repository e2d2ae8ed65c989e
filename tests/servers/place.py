"""Where a test server keeps its data: a temporary directory that an unprivileged user can reach."""

import fcntl
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.servers.programs import Program


@dataclass(frozen=True, kw_only=True)
class Who:
    """The user that a server runs as; PostgreSQL refuses root."""

    uid: int
    gid: int


def who() -> Who | None:
    """Name the unprivileged user to step down to, or nobody if we are not root."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Who(uid=nobody.pw_uid, gid=nobody.pw_gid)


def in_reach(path: Path) -> bool:
    """Tell whether everybody may enter a folder, or execute a program, and each folder on the way to it."""
    whole = path.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (whole, *whole.parents))


class Place:
    """A directory for one server, removed with it, or by the next run if this one is killed."""

    def __init__(self, name: str) -> None:
        root = _temporary_root()
        _sweep(root)
        made = Path(tempfile.mkdtemp(prefix=".coatcheck-", dir=root))
        self._lock = os.open(made / "lock", os.O_CREAT | os.O_RDWR)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        # Renamed only now: a sweep sees no directory that is not locked yet.
        self.path = made.rename(root / made.name.replace(".coatcheck-", f"coatcheck-{name}-"))
        self.who = who()
        if self.who:
            os.chown(self.path, self.who.uid, self.who.gid)

    def bring(self, program: Program) -> Path:
        """Return a program's path within reach of the server's user, copying it if need be.

        Args:
            program: The program; what it needs keeps its place relative to it.

        Raises:
            OSError: If the copy fails.
        """
        if self.who is None or in_reach(program.path):
            return program.path
        above = Path(os.path.commonpath(program.needs))
        copy = self.path / "programs"
        for folder in program.needs:
            shutil.copytree(folder, copy / folder.relative_to(above), symlinks=True)
        for copied in (copy, *copy.rglob("*")):
            os.chown(copied, self.who.uid, self.who.gid, follow_symlinks=False)
        return copy / program.path.relative_to(above)

    def remove(self) -> None:
        """Delete the directory."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _temporary_root() -> Path:
    chosen = Path(tempfile.gettempdir())
    return chosen if who() is None or in_reach(chosen) else Path("/tmp")  # noqa: S108  reachable for all


def _sweep(root: Path) -> None:
    for lock in root.glob("coatcheck-*/lock"):
        try:
            held = os.open(lock, os.O_RDWR)
        except OSError:  # another user's, or gone since
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
        except BlockingIOError:  # in use
            pass
        finally:
            os.close(held)
