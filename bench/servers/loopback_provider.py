"""A provider on this machine that says at once who somebody is: the public fake of Google. It prints where it is."""

import asyncio

import uvloop

from coatcheck.testing.providers import FakeGoogle


async def _serve() -> None:
    async with FakeGoogle() as provider:
        print(provider.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve())
