"""Principle 4: do what comes in and what goes wrong meet a house in order? The database, the workers, the origins."""

from collections.abc import Iterator

from coatcheck.desk import Desk
from coatcheck.doctor import records
from coatcheck.doctor.finding import Finding, Outcome, Passed
from coatcheck.doctor.fixes import run, set_to, unless_found
from coatcheck.doctor.principles import INPUTS
from coatcheck.doctor.within.looked_at import LookedAt, host_of, is_near
from coatcheck.errors import Busy
from coatcheck.storage.migrate import State

_OURS_AT_LEAST = 3


def check_version(state: State) -> tuple[Outcome, ...]:
    """Find a database that this Coatcheck does not fit."""
    match state:
        case "current":
            return (Passed("database-version", INPUTS, "The database has the tables of this Coatcheck."),)
        case "empty":
            says, fix = "The database is empty: nobody has an account.", "The first start makes its tables"
            return (Finding("database-empty", INPUTS, "medium", says, run("coatcheck serve", why=fix)),)
        case "older":
            says, fix = "The database is older than this Coatcheck: it does not start.", "Make a copy of it, then run"
            return (Finding("database-old", INPUTS, "high", says, run("coatcheck migrate", why=fix)),)
        case "newer":
            says = "The database was made by a newer Coatcheck: this one does not start."
            return (Finding("database-new", INPUTS, "high", says, run("pip install --upgrade 'coatcheck[server]'")),)


def check_workers(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find workers that do not see one another's tickets."""
    workers, store = looked.settings.server.workers, looked.settings.ephemeral.url
    if store != "memory" or workers == 1:
        return (Passed("ephemeral", INPUTS, "Every worker sees the sign-ins that are half done."),)
    says = f"ephemeral.url is memory, which one process sees, and there are {workers} workers: sign-ins fail at random."
    return (Finding("ephemeral-memory", INPUTS, "high", says, set_to("ephemeral", 'url = "sql"')),)


async def check_ephemeral(desk: Desk) -> tuple[Outcome, ...]:
    """Find a store of tickets that does not answer: then no sign-in of more than one step gets to its end."""
    try:
        await desk.ephemeral.get("doctor", "is anybody there")
    except Busy:
        says = "The ephemeral store does not answer: sign-ins of more than one step fail."
        fix = run("systemctl status valkey-server", why="See to the server of ephemeral.url, or set it to sql")
        return (Finding("ephemeral-away", INPUTS, "high", says, fix),)
    return (Passed("ephemeral-there", INPUTS, "The store of half-done sign-ins answers."),)


def check_developer(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find origins and addresses of a developer's machine in the settings of a public site."""
    passed = Passed("developer", INPUTS, "The settings name no other app on localhost.")
    return unless_found(() if looked.is_on_this_machine else _developer(looked), passed)


def _developer(looked: LookedAt) -> Iterator[Finding]:
    web = looked.settings.web
    near = [each for each in web.origins if host_of(each) and is_near(host_of(each))]
    if near:
        kept = ", ".join(f'"{each}"' for each in web.origins if each not in near)
        says = f"web.origins has {', '.join(near)}: whatever runs on a visitor's own machine may call in their name."
        yield Finding("origins-local", INPUTS, "medium", says, set_to("web", f"origins = [{kept}]"))


async def check_connections(desk: Desk) -> tuple[Outcome, ...]:
    """Find more workers than the database has connections for."""
    async with desk.database.reading() as db:
        most = await records.most_connections(db)
    wanted = desk.settings.server.workers * desk.settings.database.pool
    if most is None or wanted <= most - _OURS_AT_LEAST:
        return (Passed("connections", INPUTS, "The database has connections enough for every worker."),)
    workers, pool = desk.settings.server.workers, max(4, (most - _OURS_AT_LEAST) // desk.settings.server.workers)
    says = f"{workers} workers may open {wanted} connections, and the database takes {most}: then requests get 503."
    return (Finding("connections-few", INPUTS, "medium", says, set_to("database", f"pool = {pool}")),)
