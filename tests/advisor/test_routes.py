"""The advisor over HTTP: the guide's example by page and call, shareable addresses, and what is wrong, in words."""

import json
from urllib.parse import urlencode

import pytest

from tests.advisor.facts import EXAMPLE
from tests.attacks.census import row_counts
from tests.site import Site

SCORES = {"session": -4, "jwt": 11, "oauth": 3}
QUERY = urlencode({name: str(value).lower() for name, value in EXAMPLE.items()})


async def test_the_guides_example_by_call(site: Site) -> None:
    client = site.machine()
    by_address = await client.get(f"/api/advisor?{QUERY}&rules=guide")
    by_body = await client.post("/api/advisor", json={**EXAMPLE, "rules": "guide"})
    assert by_address.status_code == by_body.status_code == 200
    assert by_address.json() == by_body.json()
    told = by_address.json()
    assert (told["recommendation"], told["scores"]) == ("jwt", SCORES)
    assert told["reasoning"] == ["Stateless scalability", "Cross-domain support", "Mobile-friendly implementation"]


async def test_the_guides_example_by_page(site: Site) -> None:
    page = await site.browser().get(f"/advisor?{QUERY}&rules=guide")
    assert page.status_code == 200
    text = " ".join(page.text.split())
    assert '<p class="verdict"><strong>jwt</strong>' in text
    for name, score in SCORES.items():
        row = text.partition(f"<code>{name}</code>")[2].partition("</p>")[0]
        assert row.endswith(f'<span class="score">{score}</span>'), row


async def test_an_address_can_be_passed_on(site: Site) -> None:
    """Whoever opens it sees the advice, comes from elsewhere and is nobody, and finds the answers filled in."""
    stranger = site.browser(headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
    page = await stranger.get(f"/advisor?{QUERY}&utm_source=mail")
    assert page.status_code == 200
    assert "<strong>jwt+oauth</strong>" in page.text
    assert 'name="app_type" value="spa" checked' in page.text
    assert "coatcheck advise --app-type spa" in page.text
    assert "<script" not in page.text
    link = page.text.partition('href="/api/advisor?')[2].partition('"')[0].replace("&amp;", "&")
    assert (await stranger.get(f"/api/advisor?{link}")).json()["recommendation"] == "jwt+oauth"


async def test_without_answers_it_asks(site: Site) -> None:
    page = await site.browser().get("/advisor")
    assert page.status_code == 200
    assert "Recommended" not in page.text
    assert page.text.count("<fieldset>") == 11


async def test_bad_answers_are_told_in_words(site: Site) -> None:
    client = site.machine()
    wrong = {**EXAMPLE, "app_type": "website", "cross_domain": "maybe", "services": 0, "appType": "spa"}
    answer = await client.post("/api/advisor", json=wrong)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["fields"] == {
        "app_type": "app_type must be one of traditional_web, spa, mobile, api, microservices, not 'website'.",
        "cross_domain": "cross_domain must be true or false, not 'maybe'.",
        "services": "services must be a whole number from 1 to 10000, not '0'.",
        "appType": "appType is none of the questions: did you mean app_type?",
    }
    page = await site.browser().get("/advisor?app_type=website")
    assert page.status_code == 422
    assert (
        "app_type must be one of traditional_web, spa, mobile, api, microservices, not &#39;website&#39;." in page.text
    )
    assert "security_level is missing: it must be one of low, medium, high." in page.text


@pytest.mark.parametrize(
    ("query", "field"),
    [("", "app_type"), (f"{QUERY}&app_type=spa", "app_type"), (f"{QUERY}&rules=mine", "rules"), (f"{QUERY}&x=1", "x")],
)
async def test_what_is_wrong_in_an_address(site: Site, query: str, field: str) -> None:
    answer = await site.machine().get(f"/api/advisor?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert field in answer.json()["fields"]


@pytest.mark.parametrize(
    "body", [[], "spa", 7, None, {"rules": ["guide"], **EXAMPLE}, {**EXAMPLE, "app_type": ["spa"]}]
)
async def test_what_is_no_answer_at_all(site: Site, body: object) -> None:
    answer = await site.machine().post("/api/advisor", json=body)
    assert answer.status_code == 422, answer.text


async def test_what_was_sent_is_escaped(site: Site) -> None:
    page = await site.browser().get("/advisor?app_type=<script>alert(1)</script>&services=%22><b>")
    assert page.status_code == 422
    assert "<script" not in page.text
    assert '"><b>' not in page.text


async def test_nothing_is_kept(site: Site) -> None:
    before = await row_counts(site)
    await site.machine().post("/api/advisor", json=EXAMPLE)
    await site.browser().get(f"/advisor?{QUERY}")
    assert await row_counts(site) == before


async def test_the_document_of_the_api_names_the_choices(site: Site) -> None:
    document = (await site.machine().get("/api/openapi.json")).json()
    got = {each["name"]: each["schema"] for each in document["paths"]["/api/advisor"]["get"]["parameters"]}
    assert got["app_type"]["enum"] == ["traditional_web", "spa", "mobile", "api", "microservices"]
    body = document["paths"]["/api/advisor"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "app_type" in body["required"], json.dumps(body)
