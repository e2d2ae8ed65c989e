"""`coatcheck role`: make roles, give them, take them away."""

from typing import Annotated

import typer

from coatcheck.access import records as access
from coatcheck.accounts.account import Account
from coatcheck.admin.people import resolve_account
from coatcheck.admin.roles import create_role, grant_role, revoke_role
from coatcheck.cli.opening import CONFIG, OPERATOR, ConfigOption, JsonOption, WhoArgument, at_desk
from coatcheck.cli.showing import name_of, say, say_json, say_table
from coatcheck.desk import Desk
from coatcheck.visit import Visit

roles = typer.Typer(help="Make roles, give them, take them away.", no_args_is_help=True)

RoleArgument = Annotated[str, typer.Argument(metavar="ROLE", help="A role, such as admin.")]


@roles.command(epilog="Example: coatcheck role create editor notes:write notes:delete")
def create(
    role: RoleArgument,
    permissions: Annotated[
        list[str] | None, typer.Argument(metavar="PERMISSION", help="What it allows, each as resource:action.")
    ] = None,
    config: ConfigOption = CONFIG,
) -> None:
    """Make a role, or let one that is there allow more."""
    allowed = permissions or []

    async def work(desk: Desk, visit: Visit) -> None:
        await create_role(desk, visit, role=role, permissions=allowed, actor=OPERATOR)

    at_desk(config, work)
    say(f"The role {role} is there" + (f" and allows {', '.join(allowed)}." if allowed else "."))


@roles.command(epilog="Example: coatcheck role grant admin ann@example.org")
def grant(role: RoleArgument, account: WhoArgument, config: ConfigOption = CONFIG) -> None:
    """Give an account a role; it counts from the next request on."""

    async def work(desk: Desk, visit: Visit) -> Account:
        found = await resolve_account(desk, account)
        await grant_role(desk, visit, account=found.id, role=role, actor=OPERATOR)
        return found

    say(f"{name_of(at_desk(config, work))} holds the role {role}.")


@roles.command(epilog="Example: coatcheck role revoke editor ben@example.org")
def revoke(role: RoleArgument, account: WhoArgument, config: ConfigOption = CONFIG) -> None:
    """Take a role away from an account, as fast as a revocation."""

    async def work(desk: Desk, visit: Visit) -> Account:
        found = await resolve_account(desk, account)
        await revoke_role(desk, visit, account=found.id, role=role, actor=OPERATOR)
        return found

    say(f"{name_of(at_desk(config, work))} no longer holds the role {role}.")


@roles.command("list", epilog="Example: coatcheck role list --json")
def list_all(as_json: JsonOption = False, config: ConfigOption = CONFIG) -> None:
    """List the roles and what they allow."""

    async def work(desk: Desk, visit: Visit) -> list[tuple[str, list[str]]]:
        async with desk.database.reading() as db:
            return await access.list_roles(db)

    found = at_desk(config, work)
    if as_json:
        say_json([{"role": role, "permissions": allowed} for role, allowed in found])
    else:
        say_table(("Role", "Allows"), [(role, ", ".join(allowed) or "-") for role, allowed in found], empty="No roles.")
