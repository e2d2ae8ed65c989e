"""The browser that other tests stand on: it opens a page served from this machine."""

import asyncio

from playwright.async_api import Browser

PAGE = b"<!doctype html><title>Here</title><h1>A page</h1>"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one page to whoever asks, in the shortest HTTP there is."""
    await reader.readuntil(b"\r\n\r\n")
    head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(PAGE)}\r\nconnection: close\r\n\r\n"
    writer.write(head.encode() + PAGE)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def test_a_page_from_loopback_opens(browser: Browser) -> None:
    served = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with served:
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{served.sockets[0].getsockname()[1]}/")
        assert await page.title() == "Here"
        assert await page.get_by_role("heading").inner_text() == "A page"


async def test_contexts_do_not_share_cookies(browser: Browser) -> None:
    one, other = await browser.new_context(), await browser.new_context()
    await one.add_cookies([{"name": "a", "value": "b", "url": "http://127.0.0.1/"}])
    assert len(await one.cookies()) == 1
    assert await other.cookies() == []
