"""Says how large the browser SDK is: all that is served of it, as it is and compressed.

python -m tools.measure_sdk
"""

import gzip

from tools.build_sdk import DIST

MOST = 15 * 1024
"""How many bytes it may have, compressed."""


def modules() -> list[bytes]:
    """Read each module, as a browser loads it."""
    return [path.read_bytes() for path in sorted(DIST.glob("*.js"))]


def compressed() -> int:
    """Count the bytes of all modules together, compressed."""
    return len(gzip.compress(b"".join(modules()), mtime=0))


def report() -> str:
    """Say it in one line."""
    one_by_one = sum(len(gzip.compress(each, mtime=0)) for each in modules())
    sizes = f"{sum(map(len, modules())):,} bytes, {compressed():,} compressed together, {one_by_one:,} one by one"
    return f"the browser SDK: {len(modules())} modules, {sizes}; at most {MOST:,} together"


if __name__ == "__main__":
    print(f"{'✓' if compressed() < MOST else '✗'} {report()}")
