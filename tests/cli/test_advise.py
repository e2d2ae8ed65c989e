"""`coatcheck advise`: by flags, by a file, by arrow keys on a terminal; for people and for programs."""

import json
import os
import pty
import select
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from coatcheck.advisor.questions import GUIDES_OWN, QUESTIONS
from tests.advisor.facts import EXAMPLE
from tests.cli.running import ENVIRON, coatcheck

SCORES = {"session": -4, "jwt": 11, "oauth": 3}
FLAGS = (
    "--app-type", "spa", "--scalability-needs", "high", "--security-level", "medium", "--cross-domain",
    "--mobile-support", "--no-real-time-features", "--third-party-integration",
)  # fmt: skip
TOML = "\n".join(f"{name} = {json.dumps(value)}" for name, value in EXAMPLE.items())
PATIENCE = 20
"""Seconds without a word until the command counts as hanging."""

DOWN, UP, ENTER = b"\x1b[B", b"\x1bOA", b"\r"


def test_the_guides_example_by_flags(tmp_path: Path) -> None:
    said = coatcheck("advise", "--rules", "guide", *FLAGS, "--json", folder=tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    told = json.loads(said.stdout)
    assert (told["recommendation"], told["scores"]) == ("jwt", SCORES)
    assert told["reasoning"] == ["Stateless scalability", "Cross-domain support", "Mobile-friendly implementation"]


@pytest.mark.parametrize(("name", "text"), [("a.json", json.dumps(EXAMPLE)), ("a.toml", TOML), ("answers", TOML)])
def test_by_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    told = json.loads(coatcheck("advise", "--rules", "guide", "--answers", name, "--json", folder=tmp_path).stdout)
    assert told["scores"] == SCORES


def test_by_standard_input_and_a_flag_goes_before_it(tmp_path: Path) -> None:
    command = ("advise", "--answers", "-", "--no-cross-domain", "--json")
    told = json.loads(coatcheck(*command, folder=tmp_path, typed=json.dumps(EXAMPLE)).stdout)
    assert told["answers"]["cross_domain"] is False
    assert told["recommendation"] == "session+jwt+oauth"


def test_reads_well(tmp_path: Path) -> None:
    said = coatcheck("advise", *FLAGS, folder=tmp_path)
    assert said.returncode == 0, said.stderr
    lines = [" ".join(line.split()) for line in said.stdout.splitlines()]
    assert "Recommended: jwt+oauth (signed access tokens + OAuth 2.0 with others)" in lines
    assert "jwt+oauth 28" in lines
    assert any(line.startswith("more than one host jwt +8 A token in a header") for line in lines)
    assert any(
        line.startswith("Assumed, as nobody said otherwise: --offline-use false, --services 1") for line in lines
    )
    guides = coatcheck("advise", *FLAGS, "--rules", "guide", folder=tmp_path).stdout
    assert "- Stateless scalability\n" in guides
    assert "Assumed" not in guides


def test_a_tie_is_said(tmp_path: Path) -> None:
    plain = ("--no-cross-domain", "--no-mobile-support", "--no-real-time-features", "--no-third-party-integration")
    command = (
        "advise",
        "--rules",
        "guide",
        "--app-type",
        "api",
        "--scalability-needs",
        "low",
        "--security-level",
        "low",
    )
    said = coatcheck(*command, *plain, folder=tmp_path).stdout
    assert "A tie: jwt and oauth have as many points as session." in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--app-type", "website"), "app_type must be one of traditional_web, spa, mobile, "),
        (FLAGS[2:], "app_type is missing: it must be one of traditional_web, spa, mobile, api, microservices."),
        ((*FLAGS, "--services", "0"), "services must be a whole number from 1 to 10000, not '0'."),
        (("--answers", "nowhere.json"), "--answers nowhere.json cannot be read: No such file or directory."),
        (("--answers", "odd.json"), "appType is none of the questions: did you mean app_type?"),
        (("--answers", "list.json"), 'The answers must be an object, such as {"app_type": "spa"}.'),
        (("--answers", "broken.toml"), "The answers are no TOML: "),
        (("--answers", "broken.json"), "The answers are no JSON: "),
        (("--answers", "typed.json"), "cross_domain must be true or false, not '1'."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_a_sentence(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    (tmp_path / "odd.json").write_text('{"appType": "spa"}')
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "broken.toml").write_text("app_type = spa")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "typed.json").write_text(json.dumps({**EXAMPLE, "cross_domain": 1}))
    said = coatcheck("advise", *arguments, folder=tmp_path)
    assert (said.returncode, said.stdout) == (2, "")
    assert f"coatcheck: {sentence}" in said.stderr
    assert "Traceback" not in said.stderr


def on_a_terminal(folder: Path, *arguments: str, keys: dict[str, bytes]) -> tuple[int, str, str]:
    """Run the command with a terminal for its input and what it asks; give its exit code, its output, what was drawn.

    Args:
        keys: what is typed, by the words that are waited for; what is typed ahead counts, too.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "coatcheck", "advise", *arguments],
        cwd=folder, env={**ENVIRON, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"},
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, text=True,
    )  # fmt: skip
    before = termios.tcgetattr(theirs)
    os.close(theirs)
    try:
        drawn = _typed(ours, keys)
        output, _ = process.communicate(timeout=PATIENCE)
        assert termios.tcgetattr(ours) == before, "the terminal is as it was"
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return process.returncode, output, drawn


def _typed(terminal: int, keys: dict[str, bytes]) -> str:
    drawn, waiting = b"", dict(keys)
    while select.select([terminal], [], [], PATIENCE)[0]:
        try:
            drawn += os.read(terminal, 65536)
        except OSError:  # the other end is closed
            return drawn.decode()
        for words in [each for each in waiting if each.encode() in drawn]:
            os.write(terminal, waiting.pop(words))
    raise AssertionError(f"nothing more was said after {drawn.decode()!r}")


def test_arrow_keys(tmp_path: Path) -> None:
    """All keys are typed ahead: a single-page app, much, medium, yes, yes, no, yes."""
    keys = [
        DOWN + ENTER, DOWN + DOWN + ENTER, b"j" + ENTER, DOWN + ENTER, UP + ENTER, DOWN + UP + ENTER, b"2" + ENTER,
    ]  # fmt: skip
    code, output, drawn = on_a_terminal(tmp_path, "--rules", "guide", "--json", keys={"What is it?": b"".join(keys)})
    assert code == 0, drawn
    assert json.loads(output)["answers"] | EXAMPLE == json.loads(output)["answers"]
    assert json.loads(output)["scores"] == SCORES
    assert all(each.asks in drawn for each in GUIDES_OWN)
    assert "→ " in drawn


def test_only_what_is_not_known_is_asked(tmp_path: Path) -> None:
    """A flag and a file have answered already; the further facts are asked, too, and a number may be typed."""
    (tmp_path / "known.toml").write_text("\n".join(TOML.splitlines()[1:]))
    keys = {"What is it?": ENTER * 2 + DOWN * 3 + ENTER, "A number from": b"0\r40\r", "Who runs": ENTER * 3}
    code, output, drawn = on_a_terminal(tmp_path, "--answers", "known.toml", "--json", keys=keys)
    assert code == 0, drawn
    answers = json.loads(output)["answers"]
    assert (answers["app_type"], answers["offline_use"], answers["services"]) == ("traditional_web", False, 40)
    assert json.loads(output)["assumed"] == []
    asked = [each.name for each in QUESTIONS if each.asks in drawn]
    assert asked == ["app_type", "offline_use", "services", "clients_run_by", "revocation_bound", "regulation"]


def test_nothing_is_asked_where_all_seven_are_known(tmp_path: Path) -> None:
    code, output, drawn = on_a_terminal(tmp_path, *FLAGS, "--json", keys={})
    assert (code, drawn) == (0, "")
    assert json.loads(output)["assumed"] == [
        "offline_use",
        "services",
        "clients_run_by",
        "revocation_bound",
        "regulation",
    ]


def test_giving_up_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    code, output, drawn = on_a_terminal(tmp_path, keys={"What is it?": DOWN + b"\x04"})
    assert (code, output) == (1, "")
    assert "Aborted" in drawn
    assert "\x1b[?25h" in drawn.partition("What is it?")[2], "the cursor shows again"


def test_writes_and_checks(tmp_path: Path) -> None:
    said = coatcheck("advise", *FLAGS, "--write", "auth", "--framework", "starlette", folder=tmp_path)
    assert said.returncode == 0, said.stderr
    assert "Written for jwt+oauth:" in said.stdout
    assert "Next: cd auth && pytest test_advice.py" in said.stdout
    folder = tmp_path / "auth"
    assert "from starlette.applications import Starlette" in (folder / "app.py").read_text()
    fits = coatcheck("advise", "--answers", "answers.toml", "--check", folder=folder)
    assert fits.returncode == 0, fits.stdout
    assert fits.stdout.endswith("jwt+oauth: all of it fits; 4 to do before people come.\n")
    again = coatcheck("advise", *FLAGS, "--write", "auth", folder=tmp_path)
    assert (again.returncode, again.stdout) == (2, "")
    assert "auth/coatcheck.toml is there already; nothing was changed" in again.stderr


def test_the_check_is_for_ci(tmp_path: Path) -> None:
    """An answer has changed since: the exit code is 1, and what no longer fits is told to programs, too."""
    assert coatcheck("advise", *FLAGS, "--write", ".", folder=tmp_path).returncode == 0
    answers = tmp_path / "answers.toml"
    answers.write_text(answers.read_text().replace('regulation = "none"', 'regulation = "aal2"'))
    command = ("advise", "--answers", "answers.toml", "--check")
    said = coatcheck(*command, folder=tmp_path)
    assert said.returncode == 1
    assert "✗ sign_in.level is aal1; the advice asks for aal2 or aal3." in said.stdout
    assert '  In coatcheck.toml: [sign_in] level = "aal2"\n' in said.stdout
    told = json.loads(coatcheck(*command, "--json", folder=tmp_path).stdout)
    assert {each["what"] for each in told if not each["to_do"]} >= {"sign_in.level", "sessions.cookie_lifetime"}
    set_there = {"COATCHECK_SIGN_IN__LEVEL": "aal2"}
    fewer = json.loads(coatcheck(*command, "--json", folder=tmp_path, environ=set_there).stdout)
    assert "sign_in.level" not in {each["what"] for each in fewer}, "the environment counts as it does for the server"
    nowhere = coatcheck(*command, "--config", "nowhere.toml", folder=tmp_path)
    assert nowhere.returncode == 2
