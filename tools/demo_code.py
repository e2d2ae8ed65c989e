"""Prints the code that the authenticator app of the demo's Cleo would show now: `make demo-code`."""

import argparse
import asyncio
import sys
from pathlib import Path

from coatcheck.accounts import records as accounts
from coatcheck.accounts.identifiers import parse_email
from coatcheck.clock import Instant
from coatcheck.mfa.authenticator import key_of
from coatcheck.mfa.totp import STEP_MS, code_at, step_of
from coatcheck.server.coatcheck import Coatcheck
from tools.demo import ROOT, WITH_AN_APP


def main() -> None:
    """Print the code, for how long it is shown, and whose it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "build" / "demo", help="the folder that the demo runs in")
    config = parser.parse_args().data.absolute() / "coatcheck.toml"
    if not config.exists():
        sys.exit("No demo has run: start it with `make demo`, then ask in another terminal.")
    key, now = asyncio.run(look_up(config))
    if key is None:
        sys.exit(f"{WITH_AN_APP} has no authenticator app any more: the next `make demo` gives a new one.")
    left = (STEP_MS - now % STEP_MS) // 1000
    print(f"{code_at(key, step_of(now))}  for {WITH_AN_APP}, {left} seconds more")


async def look_up(config: Path) -> tuple[bytes | None, Instant]:
    """Read the key from the demo's own database."""
    auth = Coatcheck.from_config(config)
    desk = await auth.open()
    try:
        async with desk.database.reading() as db:
            account = await accounts.find_by(db, parse_email(WITH_AN_APP))
            key = None if account is None else await key_of(db, desk, account.id)
    finally:
        await auth.close()
    return key, desk.now()


if __name__ == "__main__":
    main()
