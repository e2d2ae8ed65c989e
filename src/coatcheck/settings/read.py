"""Reads the settings: keywords go before the environment, it before `coatcheck.toml`, all before defaults."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias, get_type_hints

from coatcheck.errors import ConfigurationError
from coatcheck.settings import Settings
from coatcheck.settings.files import anchored
from coatcheck.settings.values import Unfit, value_of

PREFIX = "COATCHECK_"

_SECTIONS: Mapping[str, type[Any]] = get_type_hints(Settings)
_SHOWN = 60

_Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class _Given:
    """A value that somebody set, and where."""

    section: str
    name: str
    raw: object = field(repr=False)
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
    settings = Settings(**{section: _section(section, latest) for section in _SECTIONS})
    return settings if path is None else anchored(settings, path.parent)


def variable(section: str, name: str) -> str:
    """Name the environment variable of a setting."""
    return f"{PREFIX}{section}__{name}".upper()


def _from_file(path: Path | None) -> Iterator[_Given]:
    if path is None:
        return
    for section, values in _parsed(path).items():
        if not isinstance(values, dict):
            raise ConfigurationError(f"{path}: {section} stands outside a section{_near(section, _everything())}")
        for name, raw in values.items():
            yield _Given(section, name, raw, f"{path}: {section}.{name}")


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
            yield _Given(section, name, raw, key, from_text=True)
        elif key in one_underscore:
            raise ConfigurationError(f"{key}: write two underscores after the section, {one_underscore[key]}")


def _from_keywords(overrides: Mapping[str, Mapping[str, object]]) -> Iterator[_Given]:
    for section, values in overrides.items():
        for name, raw in values.items():
            yield _Given(section, name, raw, f"{section}.{name} (given in code)")


def _check_known(each: _Given) -> None:
    if each.section not in _SECTIONS:
        near = get_close_matches(each.section, _SECTIONS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"sections are {', '.join(_SECTIONS)}"
        raise ConfigurationError(f"{each.where}: there is no section {each.section}; {hint}")
    if (each.section, each.name) not in _everything():
        ours = [key for key in _everything() if key[0] == each.section]
        hint = _near(each.name, ours) or _near(each.name, _everything()) or f"; it has {_names(ours)}"
        raise ConfigurationError(f"{each.where}: the section {each.section} has no {each.name}{hint}")


def _near(name: str, keys: list[_Key]) -> str:
    near = get_close_matches(name, [key[1] for key in keys], n=1)
    found = next((f"{section}.{known}" for section, known in keys if near and known == near[0]), None)
    return f"; did you mean {found}?" if found else ""


def _names(keys: list[_Key]) -> str:
    return ", ".join(name for _, name in keys)


def _everything() -> list[_Key]:
    return [(section, each.name) for section, kind in _SECTIONS.items() for each in fields(kind)]


def _section(section: str, given: Mapping[_Key, _Given]) -> Any:
    kind = _SECTIONS[section]
    mine = {name: each for (of, name), each in given.items() if of == section}
    hints = get_type_hints(kind)
    values = {name: _value(each, hints[name], kind) for name, each in mine.items()}
    try:
        return kind(**values)
    except ValueError as error:
        blamed = [each for name, each in mine.items() if f"{section}.{name}" in str(error)] or list(mine.values())
        raise ConfigurationError(f"{', '.join(each.where for each in blamed)}: {error}") from None


def _value(each: _Given, hint: Any, kind: type[Any]) -> object:
    try:
        return value_of(each.raw, hint, from_text=each.from_text)
    except Unfit as unfit:
        shown = any(known.name == each.name and known.repr for known in fields(kind))
        raise ConfigurationError(f"{each.where}: got {_described(each.raw, shown)}, expected {unfit}") from None


def _described(raw: object, shown: bool) -> str:
    words = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a table"}
    what = words.get(type(raw), f"a {type(raw).__name__}")
    return f"{raw!r:.{_SHOWN}}" if shown else f"{what} (not shown, it may be secret)"
