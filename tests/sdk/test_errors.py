"""What the SDK makes of the server's refusals: its own words are kept, and the kind says what to do about them."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coatcheck.errors import (
    BadInput,
    Busy,
    CoatcheckError,
    FreshSignInNeeded,
    InvalidCode,
    RefreshSuperseded,
    SessionEnded,
    TokenRefused,
    TooManyAttempts,
)
from coatcheck.verifier.answer import answer_of
from tests.servers.programs import ProgramMissingError, node_program
from tools.build_sdk import SDK
from tools.make_errors_doc import ours

SCRIPT = Path(__file__).with_name("errors.mjs")
LATER = {"busy", "unavailable", "revocation_unknown", "too_many_attempts", "refresh_superseded"}
LATER |= {"internal_error", "token_too_large", "api_key_overused"}
Made = dict[str, Any]
Errors = Callable[..., list[Made]]


def made_of(*answers: Made) -> dict[str, list[Made]]:
    """Give the errors that the SDK makes of answers, and those it makes of none."""
    try:
        node = node_program()
    except ProgramMissingError as missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(missing))
    done = subprocess.run(
        [node, SCRIPT, (SDK / "src" / "errors.js").as_uri()],
        input=json.dumps({"answers": answers}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    made: dict[str, list[Made]] = json.loads(done.stdout)
    return made


def on_the_wire(error: CoatcheckError) -> Made:
    """Give a refusal as the server answers it."""
    answer = answer_of(error, "req_1")
    return {"status": answer.status, "headers": answer.headers, "body": answer.body.decode()}


def by_a_proxy(status: int, **headers: str) -> Made:
    """Give an answer that is not the server's."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"status": status, "headers": {"content-type": "text/html", **named}, "body": "<h1>Sorry</h1>"}


def test_the_servers_words_are_kept() -> None:
    errors = [BadInput({"email": "This is needed."}), InvalidCode(2), SessionEnded()]
    wrong, code, ended = made_of(*map(on_the_wire, errors))["found"]
    assert (wrong["code"], wrong["status"], wrong["fields"]) == ("invalid_input", 422, {"email": "This is needed."})
    assert (wrong["message"], wrong["problem"]["request_id"]) == (BadInput.says, "req_1")
    assert (code["kind"], code["problem"]["tries_left"]) == ("refused", 2)
    assert (ended["kind"], ended["challenge"]["error"]) == ("ended", "invalid_token")


def test_one_code_alone_signs_out_and_none_of_ours_says_offline() -> None:
    answers = [
        {
            "status": kind.status,
            "headers": {"content-type": "application/problem+json"},
            "body": json.dumps({"code": kind.code, "status": kind.status, "title": kind.says}),
        }
        for kind in ours()
    ]
    kinds = {each["code"]: each["kind"] for each in made_of(*answers)["found"]}
    assert len(kinds) == len(ours())
    assert [code for code, kind in kinds.items() if kind == "ended"] == [SessionEnded.code]
    assert {code for code, kind in kinds.items() if kind == "busy"} == LATER
    assert "offline" not in kinds.values()


def test_when_to_try_again() -> None:
    dates = {"date": "Fri, 27 Nov 2026 11:00:00 GMT", "retry_after": "Fri, 27 Nov 2026 11:02:00 GMT"}
    found = made_of(
        on_the_wire(TooManyAttempts(30)),
        on_the_wire(Busy(2)),
        on_the_wire(RefreshSuperseded()),
        by_a_proxy(503, **dates),
        by_a_proxy(503, retry_after="tomorrow"),
    )["found"]
    assert [each["kind"] for each in found] == ["busy"] * 5
    assert [each["retryAfter"] for each in found] == [30, 2, None, 120, None]


def test_what_a_step_up_needs_is_read() -> None:
    asked, plain = made_of(on_the_wire(FreshSignInNeeded(acr="aal2", max_age=300)), on_the_wire(TokenRefused()))[
        "found"
    ]
    assert (asked["kind"], asked["code"]) == ("refused", "fresh_sign_in_needed")
    assert asked["challenge"] == {
        "realm": "coatcheck",
        "error": "insufficient_user_authentication",
        "error_description": FreshSignInNeeded.says,
        "acr_values": "aal2",
        "max_age": "300",
    }
    assert plain["challenge"]["error"] == "invalid_token"


def test_what_stands_before_the_server_signs_nobody_out() -> None:
    statuses = {401: "refused", 403: "refused", 408: "busy", 425: "busy", 429: "busy", 500: "busy", 503: "busy"}
    statuses |= {502: "offline", 504: "offline", 511: "offline", 521: "offline"}
    found = made_of(*map(by_a_proxy, statuses))["found"]
    assert {each["status"]: each["kind"] for each in found} == statuses
    assert {each["code"] for each in found} == {"unexpected_answer"}


def test_a_document_that_is_none_is_not_believed() -> None:
    headers = {"content-type": "application/problem+json"}
    found = made_of(*({"status": 401, "headers": headers, "body": body} for body in ("", "null", "[]", '{"code": 7}')))
    assert [(each["code"], each["kind"]) for each in found["found"]] == [("unexpected_answer", "refused")] * 4


def test_no_answer_is_offline() -> None:
    none = made_of()["none"]
    assert [(each["code"], each["kind"], each["status"]) for each in none] == [
        ("unreachable", "offline", 0),
        ("timeout", "offline", 0),
    ]
    assert all(each["cause"] for each in none)
