"""The thread of its own: started on first use, ended without a trace, and not taken along by a fork."""

import os
import subprocess
import sys
import threading

from coatcheck.clock import SystemClock
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier.own_loop import OwnLoop
from tests.house.source import ROOT
from tests.verifier.issuer import Issuer


async def answer() -> int:
    return threading.get_ident()


def test_it_starts_on_first_use_and_again_after_its_end() -> None:
    loop = OwnLoop("test")
    assert not loop.is_running
    assert loop.submit(answer).result(10) != threading.get_ident()
    loop.close()
    assert not loop.is_running
    loop.submit(answer).result(10)
    loop.close()
    loop.close()
    assert "test" not in {thread.name for thread in threading.enumerate()}


def test_many_first_uses_start_one_thread() -> None:
    loop = OwnLoop("test")
    starting = [threading.Thread(target=loop.start) for _ in range(20)]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join()
    assert [thread.name for thread in threading.enumerate()].count("test") == 1
    loop.close()


FORK = """
import os, sys
from tests.verifier.issuer import Issuer, eventually, SERVICE, AUDIENCE
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier import Verifier

issuer = Issuer(ManualClock())
with issuer.serving():
    verifier = Verifier(issuer.url, audience=AUDIENCE, credentials=SERVICE, clock=issuer.clock)
    verifier.start()
    eventually(lambda: verifier.is_fresh)
    token, other = issuer.token(7), issuer.token(8)
    said, says = os.pipe()
    child = os.fork()
    if child == 0:
        verifier.check(token)   # the memory came along; the thread starts here
        os.write(says, b"1")
        def revoked():
            try:
                verifier.check(token)
            except Exception as error:
                return type(error).__name__ == "TokenRefused"
            return False
        eventually(revoked)
        verifier.check(other)
        os._exit(0)
    os.read(said, 1)
    issuer.end(7)
    _, status = os.waitpid(child, 0)
    issuer.end(8)
    def parent_hears():
        try:
            verifier.check(other)
        except Exception:
            return True
        return False
    eventually(parent_hears)
    verifier.close()
sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_a_forked_process_follows_the_feed_by_itself() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


FORK_WITHIN_A_LOCK = """
import os, signal, sys
from tests.verifier.issuer import Issuer, eventually, SERVICE, AUDIENCE
from tests.verifier.proofs import bound, jkt_of
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier import Asked, Verifier

issuer = Issuer(ManualClock())
with issuer.serving():
    verifier = Verifier(issuer.url, audience=AUDIENCE, credentials=SERVICE, clock=issuer.clock)
    verifier.start()
    eventually(lambda: verifier.is_fresh)
    token = issuer.token(7, cnf={"jkt": jkt_of()})
    url = AUDIENCE + "/notes"
    verifier._proofs._seen._lock.acquire()   # as another thread may at that moment
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        verifier.authenticate_sync(Asked(url=url, **bound(token, url, at=issuer.clock.now())))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    verifier._proofs._seen._lock.release()
    verifier.close()  # before its issuer goes
sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_a_forked_process_waits_for_no_lock_that_nobody_holds() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FORK_WITHIN_A_LOCK]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


LEFT_OPEN = """
import sys
from tests.verifier.issuer import eventually, SERVICE, AUDIENCE
from coatcheck.verifier import Verifier

verifier = Verifier(sys.argv[1], audience=AUDIENCE, credentials=SERVICE)
verifier.start()
eventually(lambda: verifier.is_fresh)
"""


def test_a_program_that_never_closes_it_ends_quietly() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    issuer = Issuer(ManualClock(SystemClock().now()))
    with issuer.serving():  # until the program has ended: else its verifier rightly says that it lost its issuer
        command = [sys.executable, "-c", LEFT_OPEN, issuer.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
