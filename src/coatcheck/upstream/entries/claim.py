"""How entries and settings say where a word about a person stands: `SOURCE: path.to.it`, with `(number)` after it."""

import re
from typing import Final, get_args

from coatcheck.upstream.provider import Claim, Source

_SOURCES: Final[tuple[Source, ...]] = get_args(Source)
_CLAIM = re.compile(r"(?:(?P<source>[a-z_]+):\s*)?(?P<path>.+?)(?P<number>\s*\(number\))?")
_STEP = re.compile(r'"([^"]+)"|([^.:"\s()]+)')


def parse_claim(text: str, *, usual: Source) -> Claim:
    """Parse such as `id`, `userinfo: data.id`, `emails: verified`, `id (number)` or `"https://acme.example/id"`.

    Args:
        usual: the source where none is named.

    Raises:
        ValueError: it does not read like that.
    """
    found = _CLAIM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r:.80} must read like id, data.id or userinfo: id (number)")
    named: Source | None = next((each for each in _SOURCES if each == found["source"]), None)
    if found["source"] and not named:
        raise ValueError(f"{text!r:.80}: there is no source {found['source']}; there are {', '.join(_SOURCES)}")
    return Claim(source=named or usual, path=_steps(found["path"].strip()), is_number=found["number"] is not None)


def _steps(path: str) -> tuple[str, ...]:
    steps, at = list[str](), 0
    while True:
        step = _STEP.match(path, at)
        if step is None:
            raise ValueError(f"{path!r:.80} must be names with dots between; a name with other signs is put in quotes")
        steps.append(step[1] or step[2])
        at = step.end()
        if at == len(path):
            return tuple(steps)
        if path[at] != ".":
            raise ValueError(f"{path!r:.80} must be names with dots between; a name with other signs is put in quotes")
        at += 1
