"""Reads the settings: keywords go before the environment, it before `coatcheck.toml`, all before defaults.

A table of its owner's naming, such as `[providers.github]`, is read as a section of that whole name; in the environment
it is `COATCHECK_PROVIDERS__GITHUB__CLIENT_ID`, with `_` for each `-` of the name.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Final, TypeAlias, get_args, get_type_hints

from msgspec.structs import fields

from coatcheck.errors import ConfigurationError
from coatcheck.secret import Veiled
from coatcheck.settings import Settings
from coatcheck.settings.files import anchored
from coatcheck.settings.providers import is_table_name
from coatcheck.settings.values import Unfit, value_of

PREFIX = "COATCHECK_"

_HINTS: Final = get_type_hints(Settings)
_NAMED: Final[Mapping[str, type[Any]]] = {each: get_args(hint)[1] for each, hint in _HINTS.items() if get_args(hint)}
_SECTIONS: Final[Mapping[str, type[Any]]] = {each: hint for each, hint in _HINTS.items() if each not in _NAMED}
_SHOWN = 60

_Key: TypeAlias = tuple[str, str]


class _Given(Veiled, frozen=True):
    """A value that somebody set, and where; without a name, a table that is there, though it may be empty."""

    veils: ClassVar = frozenset({"raw"})

    section: str
    name: str
    raw: object
    where: str
    from_text: bool = False


def read_settings(
    path: Path | None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Mapping[str, object]] | None = None,
) -> Settings:
    """Read every setting and check it.

    Args:
        path: `coatcheck.toml`, to whose directory relative paths in the settings are relative; None: there is none.
        environ: the environment; None: the one of this process.
        overrides: what was given in code, by section and name.

    Raises:
        ConfigurationError: a setting is unknown, of a wrong type or not allowed; the message says where it stands.
    """
    given = [
        *_from_file(path),
        *_from_environ(os.environ if environ is None else environ),
        *_from_keywords(overrides or {}),
    ]
    for each in given:
        _check_known(each)
    latest = {(each.section, each.name): each for each in given}
    sections: dict[str, Any] = {section: _section(section, latest) for section in _SECTIONS}
    tables: dict[str, Any] = {section: _tables(section, latest) for section in _NAMED}
    settings = Settings(**sections, **tables)
    return settings if path is None else anchored(settings, path.parent)


def variable(section: str, name: str) -> str:
    """Name the environment variable of a setting; the section of a table is `providers.github`."""
    return f"{PREFIX}{section.replace('.', '__').replace('-', '_')}__{name}".upper()


def _from_file(path: Path | None) -> Iterator[_Given]:
    if path is None:
        return
    for section, values in _parsed(path).items():
        if not isinstance(values, dict):
            raise ConfigurationError(f"{path}: {section} stands outside a section{_near(section, _everything())}")
        if section in _NAMED:
            yield from _from_tables(section, values, f"{path}: ", "")
            continue
        for name, raw in values.items():
            yield _Given(section, name, raw, f"{path}: {section}.{name}")


def _from_tables(section: str, tables: Mapping[str, object], before: str, after: str) -> Iterator[_Given]:
    for table, values in tables.items():
        full = f"{section}.{table}"
        if not isinstance(values, Mapping):
            raise ConfigurationError(
                f"{before}{full}{after} stands outside a table: write it under a name of yours, such as "
                f"[{section}.NAME]{_near(table, _fields_of(f'{section}.NAME'))}"
            )
        yield _Given(full, "", None, f"{before}{full}{after}")
        for name, raw in values.items():
            yield _Given(full, name, raw, f"{before}{full}.{name}{after}")


def _parsed(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: there is no such file; `coatcheck init` makes one") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:  # not TOML, or not UTF-8
        raise ConfigurationError(f"{path}: is not valid TOML: {error}") from None


def _from_environ(environ: Mapping[str, str]) -> Iterator[_Given]:
    one_underscore = {f"{PREFIX}{section}_{name}".upper(): variable(section, name) for section, name in _everything()}
    for key, raw in environ.items():
        section, separator, name = key.removeprefix(PREFIX).lower().partition("__")
        if key.startswith(PREFIX) and separator:
            yield _Given(*_table_and_field(section, name, key), raw, key, from_text=True)
        elif key in one_underscore:
            raise ConfigurationError(f"{key}: write two underscores after the section, {one_underscore[key]}")


def _table_and_field(section: str, name: str, key: str) -> _Key:
    if section not in _NAMED:
        return section, name
    table, separator, within = name.partition("__")
    if not separator or not table:
        raise ConfigurationError(f"{key}: write the table's name between, {variable(f'{section}.NAME', table)}")
    return f"{section}.{table.replace('_', '-')}", within


def _from_keywords(overrides: Mapping[str, Mapping[str, object]]) -> Iterator[_Given]:
    for section, values in overrides.items():
        if section in _NAMED:
            yield from _from_tables(section, values, "", " (given in code)")
            continue
        for name, raw in values.items():
            yield _Given(section, name, raw, f"{section}.{name} (given in code)")


def _check_known(each: _Given) -> None:
    section, _, table = each.section.partition(".")
    if each.section not in _SECTIONS and section not in _NAMED:
        known = [*_SECTIONS, *_NAMED]
        near = get_close_matches(section, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"sections are {', '.join(known)}"
        raise ConfigurationError(f"{each.where}: there is no section {section}; {hint}")
    if section in _NAMED and not is_table_name(table):
        raise ConfigurationError(f"{each.where}: the name {table!r:.60} must be 1 to 40 of a-z, 0-9 and -")
    ours = _fields_of(each.section)
    if each.name and (each.section, each.name) not in ours:
        hint = _near(each.name, ours) or _near(each.name, _everything()) or f"; it has {_names(ours)}"
        raise ConfigurationError(f"{each.where}: the section {each.section} has no {each.name}{hint}")


def _near(name: str, keys: list[_Key]) -> str:
    near = get_close_matches(name, [key[1] for key in keys], n=1)
    found = next((f"{section}.{known}" for section, known in keys if near and known == near[0]), None)
    return f"; did you mean {found}?" if found else ""


def _names(keys: list[_Key]) -> str:
    return ", ".join(name for _, name in keys)


def _everything() -> list[_Key]:
    return [key for section in _SECTIONS for key in _fields_of(section)]


def _fields_of(section: str) -> list[_Key]:
    return [(section, each.name) for each in fields(_kind_of(section))]


def _kind_of(section: str) -> type[Any]:
    return _SECTIONS.get(section) or _NAMED[section.partition(".")[0]]


def _tables(section: str, given: Mapping[_Key, _Given]) -> dict[str, Any]:
    """Make every table of a section, in the order in which they were first named."""
    names = dict.fromkeys(full for full, _ in given if full.startswith(f"{section}."))
    return {full.partition(".")[2]: _section(full, given) for full in names}


def _section(section: str, given: Mapping[_Key, _Given]) -> Any:
    kind = _kind_of(section)
    mine = {name: each for (of, name), each in given.items() if of == section and name}
    hints = get_type_hints(kind)
    values = {name: _value(each, hints[name], kind) for name, each in mine.items()}
    try:
        return kind(**values)
    except ValueError as error:
        blamed = [each for name, each in mine.items() if _blames(str(error), section, name)] or list(mine.values())
        raise ConfigurationError(f"{', '.join(each.where for each in blamed)}: {error}") from None


def _blames(error: str, section: str, name: str) -> bool:
    """Tell whether an error is about a setting: it names `limits.tries`, or, in a table, begins with its field."""
    in_table = "." in section and re.match(rf"(\w+ and )?{name}\b", error) is not None
    return in_table or f"{section}.{name}" in error


def _value(each: _Given, hint: Any, kind: type[Any]) -> object:
    try:
        return value_of(each.raw, hint, from_text=each.from_text)
    except Unfit as unfit:
        shown = each.name not in getattr(kind, "veils", ())
        raise ConfigurationError(f"{each.where}: got {_described(each.raw, shown)}, expected {unfit}") from None


def _described(raw: object, shown: bool) -> str:
    words = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a table"}
    what = words.get(type(raw), f"a {type(raw).__name__}")
    return f"{raw!r:.{_SHOWN}}" if shown else f"{what} (not shown, it may be secret)"
