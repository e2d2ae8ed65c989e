"""Keeping a batch: what must be one account's alone, found among those that are here and within the batch."""

import pytest
from sqlalchemy.exc import IntegrityError

from coatcheck.accounts.account import Account
from coatcheck.importing.arriving import Arriving
from coatcheck.importing.keep import keep_batch, sort_out
from coatcheck.secret import new_id
from coatcheck.storage.tables.importing import imported_accounts
from tests.importing.sites import OPERATOR, count_of, found
from tests.site import Site


def arriving(number: int, email: str | None, username: str | None = None) -> Arriving:
    """Give an account that was judged."""
    account = Account(id=new_id("acc_"), email=email, username=username, status="active", epoch=1, created_at=1)
    return Arriving(external_id=str(number), account=account)


async def test_the_first_of_two_comes(site: Site) -> None:
    batch = [arriving(1, "a@example.org"), arriving(2, "a@example.org", "ann"), arriving(3, None, "ann")]
    kept = await keep_batch(site.desk, OPERATOR, source="old", batch=batch, actor="operator")
    assert [each.external_id for each in kept.came] == ["1", "3"], "who did not come has taken no name"
    assert [because for _, because in kept.collided] == ["another account has its address"]
    assert await count_of(site, imported_accounts) == 2


async def test_an_address_is_no_username(site: Site) -> None:
    seen: set[int] = set()
    async with site.desk.database.reading() as db:
        first = await sort_out(db, [arriving(1, "ann@localhost", None)], seen)
        second = await sort_out(db, [arriving(2, None, "ann"), arriving(3, "ann@localhost")], seen)
    assert (len(first.came), len(second.came), len(second.collided)) == (1, 1, 1)


async def test_a_batch_is_all_or_nothing(site: Site) -> None:
    good, wrong = arriving(1, "a@example.org"), arriving(2, "b@example.org")
    broken = Arriving(external_id="2", account=wrong.account, roles=("no such role",))
    with pytest.raises(IntegrityError):
        await keep_batch(site.desk, OPERATOR, source="old", batch=[good, broken], actor="operator")
    assert await found(site, "a@example.org") is None
    assert await count_of(site, imported_accounts) == 0
