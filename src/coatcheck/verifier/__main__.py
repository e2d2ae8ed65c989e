"""`python -m coatcheck.verifier - --issuer URL`: explain the token on standard input, check by check."""

import argparse
import asyncio
import sys

from coatcheck.clock import SystemClock
from coatcheck.verifier.explain import Mark, explain
from coatcheck.verifier.fetching import CannotFetch, Fetcher
from coatcheck.verifier.metadata import parse_issuer

GOOD, REFUSED, CANNOT_RUN = 0, 1, 2
_LONGEST_INPUT = 65_536


def main() -> int:
    """Explain a token: 0 if it is good, 1 if a verifier refuses it, 2 if that could not be told."""
    asked = _arguments()
    token = sys.stdin.buffer.read(_LONGEST_INPUT).decode("utf-8", "replace").strip()
    try:
        issuer = parse_issuer(asked.issuer)
        return asyncio.run(_show(token, issuer, asked.audience or issuer))
    except (CannotFetch, ValueError) as problem:
        sys.stderr.write(f"Cannot tell: {problem}\n")
        return CANNOT_RUN


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m coatcheck.verifier", description=__doc__)
    # A token among the arguments would be seen by every user of the machine, and kept in the shell's history.
    parser.add_argument("input", metavar="-", help="the token is read from standard input")
    parser.add_argument("--issuer", required=True, metavar="URL", help="who must have issued the token")
    parser.add_argument("--audience", metavar="URL", help="whom it must be meant for; the issuer when left out")
    asked, more = parser.parse_known_args()
    if asked.input != "-" or more:  # what stands there instead may be a token: it is not repeated
        parser.error("write - and give the token on standard input")
    return asked


async def _show(token: str, issuer: str, audience: str) -> int:
    failed = False
    async with Fetcher() as fetcher:
        async for found in explain(token, issuer=issuer, audience=audience, clock=SystemClock(), fetcher=fetcher):
            failed |= found.mark is Mark.FAILS
            sys.stdout.write(f"{found.mark.value} {found.name:<10} {found.says}\n")
    return REFUSED if failed else GOOD


if __name__ == "__main__":
    sys.exit(main())
