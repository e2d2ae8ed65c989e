"""`coatcheck role`: make roles, let them inherit each other, give them, take them away."""

from typing import Annotated, Any

import typer
from msgspec import Struct

from coatcheck.access import records as access
from coatcheck.access.until import parse_until
from coatcheck.accounts.account import Account
from coatcheck.admin.delete_role import delete_role
from coatcheck.admin.inherit_role import disinherit_role, inherit_role
from coatcheck.admin.list_roles import ListedRole, list_roles
from coatcheck.admin.people import resolve_account
from coatcheck.admin.roles import create_role, deny_permissions, grant_role, revoke_role
from coatcheck.cli.explain_access import explain
from coatcheck.cli.opening import CONFIG, OPERATOR, ConfigOption, JsonOption, WhoArgument, at_desk
from coatcheck.cli.showing import moment, name_of, say, say_json, say_table
from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.visit import Visit

roles = typer.Typer(
    help="Make roles, let them inherit each other, give them, take them away; explain who may do what.",
    epilog="Example: coatcheck role list",
    no_args_is_help=True,
)

RoleArgument = Annotated[str, typer.Argument(metavar="ROLE", help="A role, such as admin.")]
ParentArgument = Annotated[str, typer.Argument(metavar="OTHER", help="The role that it inherits.")]


@roles.command(epilog="Example: coatcheck role create editor notes:write notes:delete --inherits reader")
def create(
    role: RoleArgument,
    permissions: Annotated[
        list[str] | None, typer.Argument(metavar="PERMISSION", help="What it allows, each as resource:action.")
    ] = None,
    inherits: Annotated[
        list[str] | None,
        typer.Option("--inherits", metavar="OTHER", help="A role whose permissions it has too; may be repeated."),
    ] = None,
    config: ConfigOption = CONFIG,
) -> None:
    """Make a role, or let one that is there allow more."""
    allowed, parents = permissions or [], inherits or []

    async def work(desk: Desk, visit: Visit) -> None:
        await create_role(desk, visit, role=role, permissions=allowed, inherits=parents, actor=OPERATOR)

    at_desk(config, work)
    has = (f"allows {', '.join(allowed)}" if allowed else "", f"inherits {', '.join(parents)}" if parents else "")
    more = " and ".join(filter(None, has))
    say(f"The role {role} is there" + (f": it {more}." if more else "."))


@roles.command(epilog="Example: coatcheck role deny editor notes:delete")
def deny(
    role: RoleArgument,
    permissions: Annotated[list[str], typer.Argument(metavar="PERMISSION", help="What it is to allow no more.")],
    config: ConfigOption = CONFIG,
) -> None:
    """Take permissions from a role, as fast as a revocation; what it inherits, it goes on to allow."""

    async def work(desk: Desk, visit: Visit) -> tuple[tuple[str, ...], ListedRole]:
        gone = await deny_permissions(desk, visit, role=role, permissions=permissions, actor=OPERATOR)
        return gone, next(each for each in await list_roles(desk) if each.name == role)

    gone, left = at_desk(config, work)
    say(f"The role {role} itself allows {', '.join(gone)} no more." if gone else f"The role {role} has none of these.")
    if still := [each for each in dict.fromkeys(permissions) if each in left.allows]:
        say(f"It still allows {', '.join(still)}, by what it inherits: {', '.join(left.inherits)}.")


@roles.command(epilog="Example: coatcheck role inherit editor reader")
def inherit(role: RoleArgument, other: ParentArgument, config: ConfigOption = CONFIG) -> None:
    """Let a role inherit another: it has that one's permissions too, now and later."""

    async def work(desk: Desk, visit: Visit) -> None:
        await inherit_role(desk, visit, role=role, parent=other, actor=OPERATOR)

    at_desk(config, work)
    say(f"The role {role} inherits {other}.")


@roles.command(epilog="Example: coatcheck role disinherit editor reader")
def disinherit(role: RoleArgument, other: ParentArgument, config: ConfigOption = CONFIG) -> None:
    """Let a role inherit another no more, as fast as a revocation."""

    async def work(desk: Desk, visit: Visit) -> bool:
        return await disinherit_role(desk, visit, role=role, parent=other, actor=OPERATOR)

    did = at_desk(config, work)
    say(f"The role {role} inherits {other} no more." if did else f"The role {role} did not inherit {other} itself.")


@roles.command(epilog="Example: coatcheck role grant admin ann@example.org --for 8h")
def grant(
    role: RoleArgument,
    account: WhoArgument,
    lasts: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="For so long, such as 8h or 30d.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Until then, such as 2027-03-01T18:00Z.")
    ] = None,
    config: ConfigOption = CONFIG,
) -> None:
    """Give an account a role; it counts from the next request on. Given again, its end is what is said then."""

    async def work(desk: Desk, visit: Visit) -> tuple[Account, Instant | None]:
        end = parse_until(desk.now(), lasts=lasts, until=until)
        found = await resolve_account(desk, account)
        await grant_role(desk, visit, account=found.id, role=role, until=end, actor=OPERATOR)
        return found, end

    found, end = at_desk(config, work)
    say(f"{name_of(found)} holds the role {role}" + ("." if end is None else f" until {moment(end)}."))


class _Left(Struct, frozen=True):
    account: Account
    still: bool


@roles.command(epilog="Example: coatcheck role revoke editor ben@example.org")
def revoke(role: RoleArgument, account: WhoArgument, config: ConfigOption = CONFIG) -> None:
    """Take a role away from an account, as fast as a revocation."""

    async def work(desk: Desk, visit: Visit) -> _Left:
        found = await resolve_account(desk, account)
        await revoke_role(desk, visit, account=found.id, role=role, actor=OPERATOR)
        async with desk.database.reading() as db:
            return _Left(found, role in await access.roles_of(db, found.id, desk.now()))

    left = at_desk(config, work)
    say(f"{name_of(left.account)} no longer holds the role {role}.")
    if left.still:
        say("Another role of this account inherits it, so it is not lost: coatcheck account show says which it holds.")


@roles.command(epilog="Example: coatcheck role delete editor --yes")
def delete(
    role: RoleArgument,
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Take a role from everybody who holds it, and remove it."""
    if not sure:
        typer.confirm(f"Take the role {role} from everybody, and remove it?", abort=True)

    async def work(desk: Desk, visit: Visit) -> int:
        return await delete_role(desk, visit, role=role, actor=OPERATOR)

    held = at_desk(config, work)
    say(f"The role {role} is gone; {held} account{'' if held == 1 else 's'} held it.")


@roles.command("list", epilog="Example: coatcheck role list --json")
def list_all(as_json: JsonOption = False, config: ConfigOption = CONFIG) -> None:
    """List the roles: what they allow, what they inherit, and how many hold them."""

    async def work(desk: Desk, _visit: Visit) -> list[ListedRole]:
        return await list_roles(desk)

    found = at_desk(config, work)
    if as_json:
        say_json([_words(each) for each in found])
    else:
        columns = ("Role", "Allows", "Inherits", "Allows by that", "Held by")
        say_table(columns, [_row(each) for each in found], empty="No roles.")


roles.command(epilog="Example: coatcheck role explain notes:delete ann@example.org")(explain)


def _row(role: ListedRole) -> tuple[str, ...]:
    lists = (", ".join(names) or "-" for names in (role.permissions, role.inherits, role.inherited))
    return (role.name, *lists, str(role.holders))


def _words(role: ListedRole) -> dict[str, Any]:
    return {
        "role": role.name,
        "permissions": role.permissions,
        "inherits": role.inherits,
        "allows": role.allows,
        "holders": role.holders,
    }
