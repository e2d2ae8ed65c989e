"""Writes MAP.md: every flow, what it does, who calls it, what it refuses and what it leaves in the audit trail.

    python tools/make_map.py

Read from the code: flows are the public async functions of the rooms below that work with a desk; routes come from the
rooms' own tables; a test fails when the page is old.
"""

import configparser
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Route

from coatcheck.audit.events import EVENTS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "MAP.md"
SOURCE = ROOT / "src" / "coatcheck"
ROOMS = (
    "login",
    "signup",
    "recovery",
    "my_account",
    "ways_in",
    "ending",
    "admin",
    "issuer",
    "gateway",
    "doctor",
    "gate",
)
ALSO_SERVES = ("advisor.routes", "server.browser_sdk", "server.operations")
RECORDERS = (
    "coatcheck.audit.record",
    "coatcheck.audit.refused",
    "coatcheck.audit.blocked",
    "coatcheck.gate.not_allowed",
)
NO_FLOWS = {"routes.py", "records.py", "__init__.py", "request.py"}

INTRO = """\
# Map

<!-- Made by tools/make_map.py from the code; change it there. -->

## Start here

| you look for | open |
| --- | --- |
| where a sign-in happens | [login/with_password.py](src/coatcheck/login/with_password.py), then the one door: [login/admit.py](src/coatcheck/login/admit.py) |
| what a sign-in still needs | [login/policy.py](src/coatcheck/login/policy.py), the only place that decides |
| how a request is checked | [gate/authenticate.py](src/coatcheck/gate/authenticate.py), then [gate/cookie.py](src/coatcheck/gate/cookie.py) |
| how a session ends, everywhere | [sessions/end.py](src/coatcheck/sessions/end.py), then [revocation/log.py](src/coatcheck/revocation/log.py) |
| who may do what, and why | [access/decide.py](src/coatcheck/access/decide.py); how roles inherit: [access/inheritance.py](src/coatcheck/access/inheritance.py) |
| where an API key is checked | [gate/api_key.py](src/coatcheck/gate/api_key.py); what it is: [api_keys/key_text.py](src/coatcheck/api_keys/key_text.py) |
| how everything of an account ends (panic) | [ending/panic.py](src/coatcheck/ending/panic.py), then [ending/cut_everything.py](src/coatcheck/ending/cut_everything.py) |
| what is wrong with a deployment | [doctor/within](src/coatcheck/doctor/within/examine.py), [doctor/outside](src/coatcheck/doctor/outside/examine.py) |
| how accounts of others come over | [importing/run.py](src/coatcheck/importing/run.py); a reader for each in [importing/sources](src/coatcheck/importing/sources) |
| what tokens are signed with | [keys/ring.py](src/coatcheck/keys/ring.py); the life of a key: [keys/life.py](src/coatcheck/keys/life.py) |
| what every request passes first | [server/entrance.py](src/coatcheck/server/entrance.py) |
| a page or a call | `routes.py` or `routes/` of its room; its templates are in `pages/` beside it |
| a statement | `records.py` of its room; the tables are in [storage/tables](src/coatcheck/storage/tables) |
| an error and its code | [docs/errors.md](docs/errors.md), [errors](src/coatcheck/errors/__init__.py) |
| a setting | [docs/settings.md](docs/settings.md) |
| why the rooms lie as they do | [docs/architecture.md](docs/architecture.md) |

`src/coatcheck/ROOM/FLOW.py` is tested by `tests/ROOM/test_FLOW.py`.
"""  # noqa: E501 (a table's row is one line)


@dataclass
class Flow:
    """Hold one flow and what the code says of it."""

    name: str
    room: str
    file: str
    does: str
    raises: list[str]
    events: list[str]
    routes: list[str] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Address:
    """Hold one route: its method and path, and the function that answers."""

    method: str
    path: str
    room: str
    endpoint: FunctionType

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def flows() -> dict[FunctionType, Flow]:
    """Find every flow, and who calls it."""
    found = {function: _flow(room, module, function) for room, module, function in _flow_functions()}
    for address in addresses():
        for called in _called(address.endpoint):
            if called in found:
                found[called].routes.append(str(address))
    for caller, flow in found.items():
        for called in _called(caller):
            if called in found and called is not caller:
                found[called].callers.append(flow.name)
    return found


def addresses() -> list[Address]:
    """List every route of every room."""
    served = [f"{room}.routes" for room in ROOMS if (SOURCE / room / "routes.py").exists()]
    parts = [path for room in ROOMS for path in sorted((SOURCE / room / "routes").glob("[!_]*.py"))]
    modules = [*served, *(f"{path.parts[-3]}.routes.{path.stem}" for path in parts), *ALSO_SERVES]
    return [address for name in modules for address in _routes(name)]


def _routes(name: str) -> Iterator[Address]:
    module, room = importlib.import_module(f"coatcheck.{name}"), name.split(".")[0]
    for thing in vars(module).values():
        held = thing.routes if isinstance(thing, APIRouter) else thing if isinstance(thing, list) else ()
        for route in held:
            if isinstance(route, (Route, APIRoute)):
                for method in sorted((route.methods or set()) - {"HEAD"}):
                    yield Address(method, route.path, room, _plain(route.endpoint))


def _flow_functions() -> Iterator[tuple[str, ModuleType, FunctionType]]:
    for room in ROOMS:
        for path in sorted((SOURCE / room).glob("*.py")):
            if path.name in NO_FLOWS:
                continue
            module = importlib.import_module(f"coatcheck.{room}.{path.stem}")
            for function in vars(module).values():
                if inspect.iscoroutinefunction(function) and _is_flow(module, function):
                    yield room, module, function


def _is_flow(module: ModuleType, function: Callable[..., Any]) -> bool:
    first = next(iter(inspect.signature(function).parameters), "")
    return function.__module__ == module.__name__ and not function.__name__.startswith("_") and first == "desk"


def _flow(room: str, module: ModuleType, function: FunctionType) -> Flow:
    words = inspect.getdoc(function) or ""
    return Flow(
        name=function.__name__,
        room=room,
        file=Path(module.__file__ or "").relative_to(ROOT).as_posix(),
        does=" ".join(words.split("\n\n")[0].split()),
        raises=re.findall(r"^ +(\w+): ", words.partition("Raises:")[2].partition("\n\n")[0], re.MULTILINE),
        events=_events(function),
    )


def _events(function: FunctionType) -> list[str]:
    """Give the events that a function writes into the audit trail; others only read them."""
    if not any(called.__module__ in RECORDERS for called in _called(function)):
        return []
    return sorted({text for code in _own_code(function) for text in _texts(code) if text in EVENTS})


def _called(function: FunctionType) -> list[FunctionType]:
    """Give the functions that one names, itself or through others of its own module."""
    names = list(dict.fromkeys(name for code in _own_code(function) for name in code.co_names))
    things = [function.__globals__.get(name) for name in names]
    rooms = [thing for thing in things if isinstance(thing, ModuleType)]
    things += [vars(room).get(name) for room in rooms for name in names]
    return [thing for thing in things if isinstance(thing, FunctionType)]


def _own_code(function: FunctionType) -> list[CodeType]:
    """Give a function's code and that of the private functions of its module it goes through."""
    seen: dict[str, CodeType] = {function.__name__: function.__code__}
    waiting = list(_nested(function.__code__))
    codes: list[CodeType] = []
    while waiting:
        code = waiting.pop()
        codes.append(code)
        for name in code.co_names:
            inner = function.__globals__.get(name)
            if not isinstance(inner, FunctionType) or inner.__module__ != function.__module__:
                continue
            if name.startswith("_") and name not in seen:
                seen[name] = inner.__code__
                waiting += _nested(inner.__code__)
    return codes


def _nested(code: CodeType) -> list[CodeType]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return [code, *(each for one in inner for each in _nested(one))]


def _texts(code: CodeType) -> list[str]:
    return [constant for constant in code.co_consts if isinstance(constant, str)]


def _plain(endpoint: Callable[..., Any]) -> FunctionType:
    plain = inspect.unwrap(endpoint)
    if not isinstance(plain, FunctionType):
        raise TypeError(f"{endpoint!r} is no plain function")
    return plain


def page() -> str:
    """Write the whole page."""
    found = flows()
    parts = [INTRO, "## Rooms, from the roof to the ground\n", *_rooms(), "", "## Flows, by room\n"]
    for room in ROOMS:
        parts += [_title(room), *(_block(flow) for flow in found.values() if flow.room == room)]
    parts += ["## Addresses\n", "Under the mount. A page's errors are pages, a call's are problem documents.\n"]
    parts.append("| address | answered in | goes on to |\n| --- | --- | --- |")
    parts += [_row(address, found) for address in sorted(addresses(), key=lambda each: (each.path, each.method))]
    return "\n".join(parts) + "\n"


def _rooms() -> Iterator[str]:
    """Give a line a room, in the order of the storeys."""
    yield "| room | what it is for |\n| --- | --- |"
    for storey in storeys():
        for room in storey:
            place = f"src/coatcheck/{room}" if (SOURCE / room).is_dir() else f"src/coatcheck/{room}.py"
            yield f"| [{room}]({place}) | {_sentence(room)} |"


def storeys() -> list[list[str]]:
    """Read the storeys from `.importlinter`, the highest first."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", "utf-8")
    lines = contracts["importlinter:contract:storeys"]["layers"].split("\n")
    return [re.findall(r"\w+", line) for line in lines if line.strip()]


def _sentence(room: str) -> str:
    words = inspect.getdoc(importlib.import_module(f"coatcheck.{room}")) or ""
    return words.splitlines()[0]


def _title(room: str) -> str:
    return f"### `{room}`\n\n{_sentence(room)}\n"


def _block(flow: Flow) -> str:
    lines = [f"- **[{flow.name}]({flow.file})**: {flow.does}"]
    for label, values in (("routes", flow.routes), ("within", [] if flow.routes else flow.callers)):
        if values and flow.room != "gate":  # every route comes to the gate
            lines.append(f"  - {label}: {_ticked(dict.fromkeys(values))}")
    if flow.raises:
        lines.append(f"  - refuses with: {_ticked(flow.raises)}")
    if flow.events:
        lines.append(f"  - audit: {_ticked(flow.events)}")
    return "\n".join(lines) + "\n"


def _row(address: Address, found: dict[FunctionType, Flow]) -> str:
    file = Path(inspect.getfile(address.endpoint)).relative_to(ROOT).as_posix()
    onward = [found[called].name for called in _called(address.endpoint) if called in found]
    return f"| `{address}` | [{file.removeprefix('src/coatcheck/')}]({file}) | {_ticked(onward)} |"


def _ticked(values: Any) -> str:
    return ", ".join(f"`{value}`" for value in values)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(f"{PAGE.name}: {page().count(chr(10))} lines, {len(flows())} flows, {len(addresses())} addresses")
