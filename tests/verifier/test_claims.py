"""What an access token says, and when it is taken."""

import json
from typing import Any

import pytest
from msgspec.json import encode

from coatcheck.errors import TokenRefused
from coatcheck.verifier.claims import ANY_KEY, StatusPlace, principal_of, read_access, status_of
from coatcheck.verifier.principal import Principal
from tests.verifier.tokens import AUDIENCE, ISSUER, NOW, NOW_S, as_json, claims, header, open_token, signer, token

GOOD = signer("ES256")


def opened(payload: Any = None, **how: Any) -> Any:
    """Open a token that is signed right."""
    return open_token(token(GOOD, None, payload), GOOD.key, **how)


def test_a_good_token_is_taken() -> None:
    found = opened()
    assert (found.iss, found.sub, found.aud) == (ISSUER, "acc_anna", AUDIENCE)
    assert status_of(found) == StatusPlace(7, 41)


def test_the_principal_says_what_the_token_says() -> None:
    assert principal_of(opened(claims(email="a@example.org", username="anna"))) == Principal(
        subject="acc_anna",
        session="ses_1",
        roles=frozenset({"editor"}),
        permissions=frozenset({"notes:read", "notes:write"}),
        scopes=frozenset({"notes:read", "notes:write"}),
        acr="aal1",
        amr=("pwd",),
        auth_time=NOW - 60_000,
        expires_at=NOW + 900_000,
        ends_at=NOW + 900_000,
        email="a@example.org",
        username="anna",
    )


def test_a_service_has_no_session_and_is_never_fresh() -> None:
    found = principal_of(
        opened(
            claims(sub="svc_1", client_id="svc_1", sid=None, auth_time=None, acr=None, amr=None, roles=None, scope=None)
        )
    )
    assert (found.subject, found.session, found.auth_time) == ("svc_1", None, None)
    assert found.permissions == found.roles == frozenset()


def test_the_address_is_not_shown() -> None:
    found = opened(claims(email="ann@example.org", username="anna_b"))
    shown = f"{found!r} {principal_of(found)!r}"
    assert "ann@" not in shown
    assert "anna_b" not in shown


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt"])
def test_an_access_token_says_that_it_is_one(typ: str) -> None:
    assert open_token(token(GOOD, header(GOOD, typ=typ)), GOOD.key).sub == "acc_anna"


@pytest.mark.parametrize(
    "typ", [None, "JWT", "jwt", "at+JWT", "AT+JWT", "at+jwt ", "application/jwt", "statuslist+jwt", "statusfeed+jwt",
            "logout+jwt", "dpop+jwt", "secevent+jwt", "at"]
)  # fmt: skip
def test_a_token_of_another_kind_is_refused(typ: str | None) -> None:
    with pytest.raises(TokenRefused, match="no access token"):
        open_token(token(GOOD, header(GOOD, typ=typ)), GOOD.key)


@pytest.mark.parametrize(
    "issuer",
    ["https://evil.example", ISSUER + "/", ISSUER.upper(), ISSUER.replace("https", "http"), f" {ISSUER}", [ISSUER]],
)
def test_another_issuer_is_refused(issuer: Any) -> None:
    with pytest.raises(TokenRefused):
        opened(claims(iss=issuer))


@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE], ["https://other.example", AUDIENCE]])
def test_the_audience_is_one_of_those_named(audience: Any) -> None:
    assert opened(claims(aud=audience))


@pytest.mark.parametrize(
    "audience",
    ["https://other.example", [], "", [""], AUDIENCE + "/", AUDIENCE[:-1], f"{AUDIENCE} x", [AUDIENCE[:-1]],
     [[AUDIENCE]], 1, {AUDIENCE: 1}, ["x" + AUDIENCE]],
)  # fmt: skip
def test_another_audience_is_refused(audience: Any) -> None:
    with pytest.raises(TokenRefused):
        opened(claims(aud=audience))


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "client_id", "exp", "iat", "jti", "status"])
def test_what_every_token_has_is_missed(name: str) -> None:
    with pytest.raises(TokenRefused):
        opened(claims(**{name: None}))


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "client_id", "jti", "sid"])
@pytest.mark.parametrize("value", ["", 1, True, ["a"], {}])
def test_names_are_texts(name: str, value: Any) -> None:
    with pytest.raises(TokenRefused):
        opened(claims(**{name: value}))


@pytest.mark.parametrize("name", ["exp", "iat", "nbf", "auth_time"])
@pytest.mark.parametrize(
    "value", [1.0, 1.9e9, True, False, -1, "1", [1], {}, 2**53, 10**30, float("nan"), float("inf")]
)
def test_times_are_whole_seconds(name: str, value: Any) -> None:
    with pytest.raises(TokenRefused):
        opened(claims(**{name: value}))


@pytest.mark.parametrize(
    "text", ["1e9", "1E9", "19e8", "-0", "01900000000", "1900000900.0", "0x10", "+1", "NaN", "1_0"]
)
def test_times_are_written_plainly(text: str) -> None:
    payload = as_json(claims(nbf=12345)).replace(b"12345", text.encode())
    with pytest.raises(TokenRefused):
        opened(payload)


def test_a_token_runs_out_on_the_second() -> None:
    assert opened(claims(exp=NOW_S + 1))
    assert opened(now=(NOW_S + 900) * 1000 - 1)
    for over in (0, 1, 1000, 3_600_000):
        with pytest.raises(TokenRefused, match="run out"):
            opened(now=(NOW_S + 900) * 1000 + over)


def test_leeway_is_given_only_where_it_is_asked_for() -> None:
    gone = claims(exp=NOW_S - 1)
    assert opened(gone, leeway_s=2)
    for leeway_s in (0, 1):
        with pytest.raises(TokenRefused, match="run out"):
            opened(gone, leeway_s=leeway_s)


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_clocks_may_differ_by_half_a_minute(name: str) -> None:
    assert opened(claims(**{name: NOW_S + 30}))
    with pytest.raises(TokenRefused, match="future"):
        opened(claims(**{name: NOW_S + 31}))
    assert opened(claims(**{name: NOW_S + 31}), now=NOW + 1000)


def test_a_bound_token_needs_its_key_proven() -> None:
    bound = claims(cnf={"jkt": "thumbprint"})
    for proven in (None, "", "another"):
        with pytest.raises(TokenRefused, match="bound"):
            opened(bound, proven_key=proven)
    assert principal_of(opened(bound, proven_key="thumbprint")).cnf == "thumbprint"
    assert principal_of(opened(bound, proven_key=ANY_KEY)).cnf == "thumbprint", "somebody else presents it"
    assert opened(proven_key=ANY_KEY)
    with pytest.raises(TokenRefused, match="bound to no key"):
        opened(proven_key="thumbprint")


@pytest.mark.parametrize("cnf", [{}, {"jkt": ""}, {"jkt": 1}, {"x5t#S256": "a"}, {"jkt": "a", "jwk": {}}, "a", []])
def test_a_token_bound_in_another_way_is_refused(cnf: Any) -> None:
    with pytest.raises(TokenRefused):
        opened(claims(cnf=cnf), proven_key="a")


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"status_list": {}},
        {"status_list": {"idx": 1}},
        {"status_list": {"uri": f"{ISSUER}/status/1"}},
        {"status_list": [1, f"{ISSUER}/status/1"]},
        *({"status_list": {"idx": idx, "uri": f"{ISSUER}/status/1"}} for idx in (-1, "1", 1.0, True, None, 2**31)),
        *(
            {"status_list": {"idx": 1, "uri": uri}}
            for uri in (
                f"{ISSUER}/status/",
                f"{ISSUER}/status",
                f"{ISSUER}/status/0",
                f"{ISSUER}/status/01",
                f"{ISSUER}/status/-1",
                f"{ISSUER}/status/+1",
                f"{ISSUER}/status/1/",
                f"{ISSUER}/status/1?x",
                f"{ISSUER}/status/1#x",
                f"{ISSUER}/status/1 ",
                f"{ISSUER}/status//1",
                f"{ISSUER}/status/../1",
                f"{ISSUER}/status/a",
                f"{ISSUER}/status/1_0",
                f"{ISSUER}/status/\u0661",
                f"{ISSUER}/status/" + "9" * 5000,
                f"{ISSUER}/statuses/1",
                f"{ISSUER.upper()}/status/1",
                "https://evil.example/status/1",
                f"https://evil.example/{ISSUER}/status/1",
                "/status/1",
                "1",
                "",
                1,
                None,
            )
        ),
    ],
    ids=lambda status: json.dumps(status)[:70],
)
def test_a_status_is_of_its_issuer(status: Any) -> None:
    with pytest.raises(TokenRefused):
        opened(claims(status=status))
    with pytest.raises(TokenRefused):
        opened(claims(status=status), may_lack_status=True)


def test_a_token_without_status_is_taken_only_where_it_may_lack_one() -> None:
    with pytest.raises(TokenRefused, match="no status"):
        opened(claims(status=None))
    assert status_of(opened(claims(status=None), may_lack_status=True)) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw[:-1] + b',"sub":"acc_mallory"}',
        lambda raw: b'{"sub":"acc_mallory",' + raw[1:],
        lambda raw: raw[:-1] + b',"exp":9999999999}',
        lambda raw: raw[:-1] + b',"\\u0065xp":9999999999}',
        lambda raw: raw[:-1] + b',"exp" : 9999999999 }',
        lambda raw: raw[:-1] + b',"unknown":1,"unknown":1}',
        lambda raw: raw[:-1] + b',"unknown":{"a":1,"a":1}}',
        lambda raw: raw.replace(b'"idx":41', b'"idx":41,"idx":42'),
        lambda raw: raw.replace(b'"idx":41', b'"idx":41,"id\\u0078":42'),
        lambda raw: raw[:-1] + b',"unknown":1.5}',
        lambda raw: raw[:-1] + b',"unknown":NaN}',
        lambda raw: raw[:-1] + b',"unknown":"\xff"}',
        lambda raw: raw[:-1] + b',"unknown":"\\ud800"}',
        lambda raw: raw[:-1] + b',"unknown":"\\u0000"}',
        lambda raw: raw.replace(b"acc_anna", b"acc_anna\\u0000"),
        lambda raw: raw.replace(b"acc_anna", b"acc_\\ud800"),
        lambda raw: raw.replace(b"acc_anna", b"acc_\xed\xa0\x80"),
        lambda raw: raw.replace(b"acc_anna", b"acc_\0"),
        lambda raw: raw[:-1] + b',"unknown":' + b"[" * 1500 + b"]" * 1500 + b"}",
        lambda raw: raw[:-1] + b',"unknown":' + b"[" * 2500 + b"]" * 2500 + b"}",
        lambda raw: raw[:-1] + b',"unknown":' + b'{"a":' * 20 + b"1" + b"}" * 20 + b"}",
        lambda raw: raw + b"x",
        lambda raw: raw + raw,
        lambda raw: raw[:-1],
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.decode().encode("utf-16"),
        lambda raw: b"[" + raw + b"]",
        lambda raw: b"{}",
        lambda raw: b"null",
    ],
)
def test_a_payload_that_can_be_read_in_two_ways_is_refused(change: Any) -> None:
    with pytest.raises(TokenRefused):
        opened(change(as_json(claims())))


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw,
        lambda raw: raw.replace(b'":', b'" : ').replace(b'","', b'" , "'),
        lambda raw: b" \n" + raw + b"\t ",
        lambda raw: raw.replace(b"acc_anna", b"acc_\\u0061nna"),
        lambda raw: raw[:-1] + b',"unknown":{"deep":[1,{"deeper":null}]}}',
        lambda raw: json.dumps(dict(reversed(json.loads(raw).items()))).encode(),
    ],
)
def test_other_writers_of_the_same_claims_are_read_alike(change: Any) -> None:
    assert read_access(change(as_json(claims()))) == read_access(as_json(claims()))


def test_what_our_issuer_writes_is_read_in_one_go() -> None:
    """What is written again byte for byte need not be read by the slow reader."""
    assert encode(read_access(as_json(claims()))) == as_json(claims())
