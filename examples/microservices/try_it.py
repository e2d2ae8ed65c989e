"""Signs in, calls both services, signs out, and tells when each of them accepted the last request.

python -m examples.microservices.try_it PASSWORD
"""

import sys
import threading
import time
from collections.abc import Callable, Mapping

import httpx

EMAIL = "ann@example.org"
ISSUER = "http://localhost:8480"
SERVICES = {
    "notes, through the gateway": "http://localhost:8481/notes",
    "bills, through the gateway": "http://localhost:8482/bills",
    "notes, by its Verifier": "http://127.0.0.1:8491/notes",
    "bills, by its Verifier": "http://127.0.0.1:8492/bills",
}
"""Where a token is presented: to the gateway, which asks Coatcheck, or to a service itself, which asks nobody."""

_PATIENCE_S = 15.0


def sign_in(issuer: str, password: str) -> tuple[dict[str, str], str]:
    """Sign in by tokens.

    Returns:
        The header that presents the access token, and the refresh token.
    """
    body = {"identifier": EMAIL, "password": password, "present": "tokens"}
    answer = httpx.post(f"{issuer}/api/sign-in", json=body).raise_for_status().json()
    return {"authorization": f"Bearer {answer['access_token']}"}, answer["refresh_token"]


def sign_out(issuer: str, refresh_token: str) -> float:
    """End the session; give the moment at which the answer was there."""
    httpx.post(f"{issuer}/api/token/revoke", json={"token": refresh_token}).raise_for_status()
    return time.monotonic()


def last_accepted(services: Mapping[str, str], header: Mapping[str, str], end: Callable[[], float]) -> dict[str, float]:
    """Call every service again and again while a session is ended.

    Args:
        end: ends it, and gives the moment from when it must not count any more.

    Returns:
        By service, how many seconds after that moment the last request was sent that was accepted; none is 0.

    Raises:
        RuntimeError: a service goes on accepting.
    """
    callers = {name: _Caller(url, header) for name, url in services.items()}
    for caller in callers.values():
        caller.start()
    for caller in callers.values():
        caller.accepted_one.wait(_PATIENCE_S)
    ended_at = end()
    for name, caller in callers.items():
        caller.join(_PATIENCE_S)
        if caller.is_alive() or caller.last is None:
            raise RuntimeError(f"{name}: never accepted, or never refused")
    return {name: max(0.0, (caller.last or 0.0) - ended_at) for name, caller in callers.items()}


class _Caller(threading.Thread):
    """Call one service until it refuses."""

    def __init__(self, url: str, header: Mapping[str, str]) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._header = dict(header)
        self.accepted_one = threading.Event()
        self.last: float | None = None

    def run(self) -> None:
        with httpx.Client(headers=self._header) as client:
            while True:
                sent = time.monotonic()
                status = client.get(self._url).status_code
                if status == 200:
                    self.last = sent
                    self.accepted_one.set()
                elif status == 401 and self.accepted_one.is_set():
                    return


def main() -> None:
    """Do it once, and print it."""
    password = sys.argv[1]
    header, refresh_token = sign_in(ISSUER, password)
    for name, url in {**SERVICES, "notes, which ask the bills": "http://localhost:8481/owed"}.items():
        print(f"{name:28} {httpx.get(url, headers=header).raise_for_status().text}")
    told = last_accepted(SERVICES, header, lambda: sign_out(ISSUER, refresh_token))
    for name, seconds in told.items():
        print(f"{name:28} last accepted {seconds * 1000:.0f} ms after the sign-out was answered")


if __name__ == "__main__":
    main()
