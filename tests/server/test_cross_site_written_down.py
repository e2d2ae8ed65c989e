"""Requests that another site caused are refused, and counted in the audit trail: one row a minute for an address."""

from datetime import timedelta

from coatcheck.audit.seal import Sealer
from coatcheck.audit.show import show
from tests.site import Site


async def test_one_row_a_minute(site: Site) -> None:
    stranger = site.browser(headers={"sec-fetch-site": "cross-site"})
    for _ in range(7):
        refused = await stranger.post("/api/sign-out")
        assert (refused.status_code, refused.json()["code"]) == (403, "cross_site_refused")
    site.clock.advance(timedelta(minutes=2))
    await site.desk.keep(Sealer).turn()
    rows = await show(site.desk, event="audit.tally")
    assert [(row.outcome, row.details["event"], row.details["count"]) for row in rows] == [
        ("refused", "cross_site.refused", 7)
    ]
