"""`coatcheck keys`: see the signing keys, and replace them."""

from typing import Annotated, Any

import typer

from coatcheck.admin.rotate_keys import replace_keys, rotate_keys
from coatcheck.cli.opening import CONFIG, OPERATOR, ConfigOption, JsonOption, at_desk
from coatcheck.cli.showing import moment, say, say_json, say_table
from coatcheck.clock import Instant, rfc3339
from coatcheck.desk import Desk
from coatcheck.keys import records
from coatcheck.keys.life import KeyRow
from coatcheck.visit import Visit

keys = typer.Typer(help="See the keys that tokens are signed with, and replace them.", no_args_is_help=True)


@keys.command("list", epilog="Example: coatcheck keys list")
def list_all(as_json: JsonOption = False, config: ConfigOption = CONFIG) -> None:
    """List the signing keys and where each is in its life."""

    async def work(desk: Desk, visit: Visit) -> tuple[list[KeyRow], Instant]:
        async with desk.database.reading() as db:
            return await records.listed(db), desk.now()

    found, now = at_desk(config, work)
    if as_json:
        say_json([_words(key, now) for key in found])
        return
    rows = [
        (key.kid, key.algorithm, key.state(now), moment(key.signs_from), _when(key.retires_at), _when(key.gone_at))
        for key in found
    ]
    columns = ("Key", "Algorithm", "State", "Signs from", "Retires", "Gone")
    say_table(columns, rows, empty="No signing keys: the first is made when something is to be signed.")


@keys.command(epilog="Example: coatcheck keys rotate")
def rotate(
    emergency: Annotated[
        bool, typer.Option("--emergency", help="A key has leaked: refuse all it has signed, everywhere and now.")
    ] = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Publish the next signing key, which takes over once every verifier has it; or replace all of them at once."""
    flow = replace_keys if emergency else rotate_keys

    async def work(desk: Desk, visit: Visit) -> KeyRow:
        return await flow(desk, visit, actor=OPERATOR)

    key = at_desk(config, work)
    if emergency:
        say(f"All signing keys were replaced by {key.kid}. Tokens signed until now are refused; clients refresh.")
    else:
        say(f"{key.kid} is published and signs from {moment(key.signs_from)} on.")


def _when(instant: Instant | None) -> str:
    return "-" if instant is None else moment(instant)


def _words(key: KeyRow, now: Instant) -> dict[str, Any]:
    times = ("made_at", "signs_from", "retires_at", "gone_at")
    words = {"kid": key.kid, "algorithm": key.algorithm, "state": key.state(now)}
    return {**words, **{name: _rfc3339(getattr(key, name)) for name in times}}


def _rfc3339(instant: Instant | None) -> str | None:
    return None if instant is None else rfc3339(instant)
