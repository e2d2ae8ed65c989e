"""The advisor's page in a real browser, without a script: questions, a refusal, the advice by both rule sets."""

from playwright.async_api import Browser, expect

from tests.browser.house import House
from tests.browser.steps import heading, visitor
from tests.browser.test_pages import ADVISOR, keep, pictures, press

ANSWERS = {
    "What is it?": "A single-page app",
    "How much must it bear?": "Many machines",
    "What would a stolen account cost?": "People's data",
    "Do browsers use it from more than one host?": "Yes",
    "Is there an app on phones, too?": "Yes",
    "Does it keep connections open?": "No",
    "Are others part of it?": "Yes",
}


async def test_the_guides_example_on_the_page(browser: Browser, house: House) -> None:
    with pictures(ADVISOR):
        page = await visitor(browser)
        await page.goto(house.at("/advisor"))
        assert await heading(page) == "Sessions, tokens or OAuth?"
        await keep(page, "advisor")
        for question, answer in ANSWERS.items():
            await page.get_by_role("group", name=question).get_by_label(answer).check()
        await page.get_by_label("How many services").fill("0")
        await press(page, "Advise")
        await expect(page.get_by_role("alert")).to_contain_text("services must be a whole number from 1 to 10000")
        await keep(page, "advisor-refused")
        await page.get_by_label("How many services").fill("3")
        await press(page, "Advise")
        await expect(page.locator(".verdict strong")).to_have_text("jwt+oauth")
        assert "app_type=spa" in page.url, "the address can be passed on"
        for summary in (await page.locator("summary").all())[:3]:
            await summary.click()
        await keep(page, "advisor-advice")
        await page.get_by_label("The guide's own table").check()
        await press(page, "Advise")
        await expect(page.locator(".verdict strong")).to_have_text("jwt")
        scores = [await row.inner_text() for row in await page.locator(".score").all()]
        assert scores == ["11", "3", "-4"]
        await keep(page, "advisor-guide")
