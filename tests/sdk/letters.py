"""What tests of the queue do over and over: cut the network, add requests, and see what has arrived."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from playwright.async_api import BrowserContext, Page

from tests.sdk.house import PATIENCE_MS, House, Person, Tab


async def cut(where: BrowserContext | Page) -> None:
    """Cut the network; the page itself can still be loaded."""
    await where.route(lambda url: "/api/" in url, lambda route: route.abort("internetdisconnected"))


async def join(where: BrowserContext | Page) -> None:
    """Bring the network back; the browser says so, as it does."""
    await where.unroute_all()
    for page in where.pages if isinstance(where, BrowserContext) else [where]:
        await page.evaluate("dispatchEvent(new Event('online'))")


@asynccontextmanager
async def offline(tab: Tab) -> AsyncIterator[None]:
    """Be without the network for as long as the block lasts."""
    await cut(tab.page.context)
    await tab.page.evaluate("dispatchEvent(new Event('offline'))")
    yield
    await join(tab.page.context)


async def add(tab: Tab, *texts: str, **more: Any) -> list[int]:
    """Put letters into the queue; give their ids."""
    code = (
        "const ids = []; for (const text of texts) ids.push(await coatcheck.queue.add("
        "{ method: 'POST', url: '/api/inbox', json: { text }, ...more })); return ids;"
    )
    ids: list[int] = await tab.run(code, texts=texts, more=more)
    return ids


async def arrived(house: House, person: Person) -> list[dict[str, Any]]:
    """Show all that has arrived of a person."""
    async with httpx.AsyncClient(base_url=house.url) as asking:
        found: list[dict[str, Any]] = (await asking.get(f"/arrived/{person.id}")).json()
        return found


async def bodies(house: House, person: Person) -> list[str]:
    """Show the bodies of all that has arrived of a person."""
    return [each["body"] for each in await arrived(house, person)]


async def will_answer(house: House, person: Person, *answers: tuple[int, dict[str, str]]) -> None:
    """Say what the service answers next to a person."""
    async with httpx.AsyncClient(base_url=house.url) as asking:
        (await asking.put(f"/answers/{person.id}", json=answers)).raise_for_status()


def letter(text: str) -> str:
    """Give a letter as it arrives."""
    return f'{{"text":"{text}"}}'


async def until(page: Page, condition: str) -> None:
    """Wait until an expression that may be a promise gives something true."""
    look = f"const look = async () => (await ({condition})) ? done() : setTimeout(look, 20); look().catch(failed);"
    async with asyncio.timeout(PATIENCE_MS / 1000):
        await page.evaluate(f"new Promise((done, failed) => {{ {look} }})")
