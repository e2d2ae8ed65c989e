"""API keys in real Chromium, without JavaScript: made, used by a program, seen by an administrator, revoked."""

from pathlib import Path

import httpx
from playwright.async_api import Browser, expect

from coatcheck.admin.people import resolve_account
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.visit import Visit
from tests.api_keys.making import presenting
from tests.browser.house import BEN, ROOT, House, notes_app
from tests.browser.steps import IPHONE, heading, open_mail, sign_in, visitor
from tests.browser.test_pages import API_KEYS, keep, pictures, press
from tests.web.live import served


async def _let_ben_write(auth: Coatcheck) -> None:
    await create_role(auth.desk, Visit(), role="writer", permissions=["notes:read", "notes:write"], actor="operator")
    ben = await resolve_account(auth.desk, BEN)
    await grant_role(auth.desk, Visit(), account=ben.id, role="writer", actor="operator")


async def test_from_the_first_key_to_its_end(browser: Browser, tmp_path: Path) -> None:
    with served(lambda port: notes_app(port, tmp_path, also=_let_ben_write)) as port, pictures(API_KEYS):
        house = House(f"http://localhost:{port}", "")
        page = await visitor(browser, user_agent=IPHONE)
        await sign_in(page, house, BEN)
        await page.goto(house.at("/account"))
        await page.get_by_role("link", name="API keys").click()
        await expect(page.get_by_text("You have no API keys.")).to_be_visible()
        await keep(page, "api-keys-none")
        await page.get_by_role("link", name="Make an API key").click()
        await keep(page, "api-key-new")
        await page.get_by_label("Name").fill(" ")
        await page.get_by_label("notes:read").check()
        await press(page, "Make the key")
        await expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_label("notes:read")).to_be_checked()
        await keep(page, "api-key-refused")
        await page.get_by_label("Name").fill("Backup of the notes, every night")
        await page.get_by_label("30 days").check()
        await press(page, "Make the key")
        assert await heading(page) == "Your API key"
        await keep(page, "api-key-made")
        key = await page.locator(".secret code").inner_text()

        async with httpx.AsyncClient(base_url=house.url, headers=presenting(key)) as program:
            assert (await program.get("/notes")).status_code == 200
            assert (await program.get("/auth/account")).status_code == 403
            assert (await program.post("/share", data={"with": "all"})).status_code == 403

            await page.get_by_role("link", name="I have kept it").click()
            await expect(page.get_by_text("Backup of the notes, every night", exact=True)).to_be_visible()
            assert key not in await page.content()
            await keep(page, "api-keys")
            assert (await open_mail(page, house, "An API key was made")).startswith(house.url)

            root = await visitor(browser)
            await sign_in(root, house, ROOT)
            await root.goto(house.at("/admin"))
            await root.get_by_role("link", name=BEN).click()
            await keep(root, "admin-person-keys")

            await page.goto(house.at("/account/api-keys"))
            await press(page, "Revoke")
            await expect(page.get_by_role("status")).to_contain_text("revoked")
            assert (await program.get("/notes", headers={"accept": "application/json"})).status_code == 401
