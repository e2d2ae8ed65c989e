"""From a code to an identity: what is believed, what is refused, and that a code goes out once."""

import json
from base64 import b64decode
from typing import Any
from urllib.parse import unquote_plus

import pytest
from msgspec.structs import replace

from coatcheck.upstream.oauth.identify import identify_by_code
from coatcheck.upstream.provider import Claim, Claims, Demand, Endpoints, Provider
from coatcheck.upstream.round_trips import pkce_verifier
from coatcheck.upstream.trouble import Trouble
from tests.site import VISIT
from tests.upstream.hostile import hang_up, raw
from tests.upstream.oauth.acme import CLIENT, SECRET, SUBJECT, Acme, said


def userinfo(*path: str) -> Claim:
    return Claim(source="userinfo", path=path)


def in_token(*path: str) -> Claim:
    return Claim(source="id_token", path=path)


async def test_a_whole_sign_in(acme: Acme) -> None:
    acme.userinfo = {
        "email": "Ada@Example.com",
        "email_verified": True,
        "name": "Ada\u202e Example\n",
        "groups": ["a", "b"],
    }
    acme.claims = {"amr": ["pwd", "otp"]}
    claims = Claims(
        subject=SUBJECT,
        email=userinfo("email"),
        email_flag=(userinfo("email_verified"),),
        name=userinfo("name"),
        groups=userinfo("groups"),
    )
    provider = acme.provider(claims=claims, email_trust="flag", second_factor=("otp",), keeps_tokens=True)
    back, _ = await acme.leave(provider)
    identity = await identify_by_code(acme.site.desk, VISIT, provider, back)
    assert (identity.provider, identity.issuer, identity.subject) == ("acme", acme.url, "person-1")
    assert (identity.email, identity.is_email_proven, identity.name) == ("ada@example.com", True, "Ada Example")
    assert (identity.groups, identity.has_two_factors) == (("a", "b"), True)
    assert identity.tokens is not None
    assert identity.tokens.access.reveal() == "at-code-1"
    assert identity.tokens.expires_at == acme.site.clock.now() + 300_000
    [form] = acme.redeemed
    assert form == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": "https://auth.example.org/login/acme/callback",
        "code_verifier": pkce_verifier(acme.site.desk, back.state).reveal(),
    }
    [header] = [each.headers["authorization"] for each in acme.server.heard if each.path == "/token"]
    user, _, password = b64decode(header.removeprefix("Basic ")).decode().partition(":")
    assert (unquote_plus(user), unquote_plus(password)) == (CLIENT, SECRET)
    [asked] = [each for each in acme.server.heard if each.path == "/userinfo"]
    assert asked.headers["authorization"] == "Bearer at-code-1"


async def test_tokens_are_kept_only_where_the_settings_say_so(acme: Acme) -> None:
    identity = await acme.identify()
    assert (identity.tokens, identity.email, identity.is_email_proven, identity.groups) == (None, None, False, None)
    assert [each.path for each in acme.server.heard if each.path == "/userinfo"] == [], "nothing of it is read"


ISS: list[tuple[dict[str, Any], dict[str, Any], dict[str, str], Trouble | None]] = [
    ({}, {}, {}, None),
    ({}, {}, {"iss": "HERE"}, None),
    ({}, {}, {"iss": "https://other.example"}, "answer_of_another_issuer"),
    ({}, {}, {"iss": "HERE/"}, "answer_of_another_issuer"),
    ({}, {}, {"iss": ""}, "answer_of_another_issuer"),
    ({}, {}, {"iss": "https://other.example", "error": "access_denied"}, "answer_of_another_issuer"),
    ({}, {}, {"error": "access_denied"}, "refused_there"),
    ({"iss_in_answer": "demanded"}, {}, {}, "answer_of_another_issuer"),
    ({"iss_in_answer": "demanded"}, {}, {"iss": "HERE"}, None),
    ({"iss_in_answer": "demanded"}, {}, {"error": "access_denied"}, "refused_there"),
    ({}, {"authorization_response_iss_parameter_supported": True}, {}, "answer_of_another_issuer"),
    ({}, {"authorization_response_iss_parameter_supported": True}, {"iss": "HERE"}, None),
    ({"answer_issuer": "https://a.example/b"}, {}, {"iss": "https://a.example/b"}, None),
    ({"answer_issuer": "https://a.example/b"}, {}, {"iss": "HERE"}, "answer_of_another_issuer"),
    ({}, {}, {"code": ""}, "answer_incomplete"),
    ({}, {}, {"code": "x" * 9000}, "answer_incomplete"),
]


@pytest.mark.parametrize(("settings", "document", "answered", "trouble"), ISS)
async def test_the_issuer_of_an_answer(
    acme: Acme, settings: dict[str, Any], document: dict[str, Any], answered: dict[str, str], trouble: Trouble | None
) -> None:
    acme.document = document
    acme.publish()
    answered = {name: value.replace("HERE", acme.url) for name, value in answered.items()}
    if trouble is None:
        assert (await acme.identify(acme.provider(**settings), answered)).subject == "person-1"
    else:
        assert (await acme.refused(acme.provider(**settings), answered)).trouble == trouble
        assert acme.redeemed == [], "nothing was redeemed"


@pytest.mark.parametrize("does", [hang_up, raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", then_close=True)])
async def test_a_code_goes_out_once(acme: Acme, does: Any) -> None:
    acme.server.does["/token"] = does
    assert (await acme.refused()).trouble in ("provider_away", "provider_answered_badly")
    assert len(acme.redeemed) == 1


ANSWERS: list[tuple[bytes, int, str, Trouble]] = [
    (b'{"error":"bad_verification_code","error_description":"The code code-1 is old."}', 200, "json", "code_refused"),
    (b"error=bad_verification_code&error_description=old", 200, "form", "code_refused"),
    (b'{"error":"incorrect_client_credentials"}', 200, "json", "client_refused"),
    (b'{"error":"redirect_uri_mismatch"}', 400, "json", "client_refused"),
    (b'{"error":"invalid_client"}', 401, "json", "client_refused"),
    (b'{"error":"invalid_grant"}', 400, "json", "code_refused"),
    (b'{"error":"temporarily_unavailable"}', 400, "json", "provider_away"),
    (b'{"ok":false,"error":"invalid_code"}', 200, "json", "code_refused"),
    (b'{"ok":false,"access_token":"t"}', 200, "json", "code_refused"),
    (b'{"status":400,"message":"Invalid authorization code"}', 400, "json", "code_refused"),
    (b'{"error":{"message":"has been used","type":"OAuthException","code":100}}', 400, "json", "code_refused"),
    (b'{"error":true,"status":400,"message":"no"}', 400, "json", "code_refused"),
    (b'{"message":"Unauthorized","error":401}', 401, "json", "client_refused"),
    (b'{"access_token":"t","error":"both"}', 200, "json", "code_refused"),
    (b"<html>sign in</html>", 200, "html", "provider_answered_badly"),
    (b"<html>sign in</html>", 400, "html", "provider_answered_badly"),
    (b"{}", 200, "json", "provider_answered_badly"),
    (b"null", 200, "json", "provider_answered_badly"),
    (b"[]", 200, "json", "provider_answered_badly"),
    (b'{"access_token":null}', 200, "json", "provider_answered_badly"),
    (b'{"access_token":""}', 200, "json", "provider_answered_badly"),
    (b'{"access_token":7}', 200, "json", "provider_answered_badly"),
    (b'{"access_token":"a\\nb"}', 200, "json", "provider_answered_badly"),
    (b'{"access_token":"a b"}', 200, "json", "provider_answered_badly"),
    (b'{"access_token":"a","access_token":"b"}', 200, "json", "provider_answered_badly"),
    (b"access_token=a&access_token=b", 200, "form", "provider_answered_badly"),
    (b'{"access_token":"a","token_type":"mac"}', 200, "json", "provider_answered_badly"),
    (b'{"access_token":"a","token_type":"bearer"}', 200, "json", "identity_token_refused"),
    (b'{"access_token":"a","id_token":"x"}', 200, "json", "identity_token_refused"),
]
KINDS = {"json": "application/json", "form": "application/x-www-form-urlencoded", "html": "text/html"}


@pytest.mark.parametrize(("body", "status", "kind", "trouble"), ANSWERS)
async def test_odd_answers_of_token_endpoints(
    acme: Acme, body: bytes, status: int, kind: str, trouble: Trouble
) -> None:
    acme.server.does["/token"] = said(body, KINDS[kind], status)
    failed = await acme.refused()
    assert failed.trouble == trouble, failed.because
    assert "127.0.0.1" in failed.because or trouble == "identity_token_refused"


GITHUB = Claims(
    subject=Claim(source="userinfo", path=("id",), is_number=True),
    email=Claim(source="emails", path=("email",)),
    email_flag=(Claim(source="emails", path=("primary",)), Claim(source="emails", path=("verified",))),
    name=Claim(source="userinfo", path=("name",)),
)


def github(acme: Acme, **changed: Any) -> Provider:
    return acme.provider(
        kind="oauth2",
        issuer="https://github.com",
        endpoints=Endpoints(
            authorization=f"{acme.url}/authorize",
            token=f"{acme.url}/token",
            userinfo=f"{acme.url}/user",
            emails=f"{acme.url}/emails",
            grants=f"{acme.url}/grant",
        ),
        claims=GITHUB,
        client_auth="post",
        granted_separator=",",
        sends_nonce=False,
        email_trust="flag",
        **changed,
    )


@pytest.mark.parametrize("as_form", [False, True])
async def test_an_oauth_provider_with_a_list_of_addresses(acme: Acme, as_form: bool) -> None:
    if as_form:
        body = b"access_token=gho_1&scope=read%3Auser%2Cuser%3Aemail&token_type=bearer"
        acme.server.does["/token"] = said(body, KINDS["form"])
    else:
        acme.says("/token", {"access_token": "gho_1", "scope": "read:user,user:email", "token_type": "bearer"})
    acme.says("/user", {"id": 9000002, "login": "ben", "email": "public@example.com", "name": None, "score": 1.5})
    entries = [
        {"email": "old@example.net", "primary": False, "verified": True},
        {"email": "ben@example.net", "primary": True, "verified": True},
    ]
    acme.says("/emails", entries)
    identity = await acme.identify(github(acme, keeps_tokens=True))
    assert (identity.issuer, identity.subject, identity.name) == ("https://github.com", "9000002", "")
    assert (identity.email, identity.is_email_proven) == ("ben@example.net", True)
    assert identity.tokens is not None
    assert (identity.tokens.scopes, identity.tokens.expires_at) == (("read:user", "user:email"), None)
    assert {name: acme.redeemed[0][name] for name in ("client_id", "client_secret")} == {
        "client_id": CLIENT,
        "client_secret": SECRET,
    }


EMAILS: list[tuple[object, int]] = [
    ([{"email": "cem@example.org", "primary": True, "verified": False}], 200),
    ([{"email": "cem@example.org", "primary": False, "verified": True}], 200),
    ([{"email": "cem@example.org", "primary": "true", "verified": 1}], 200),
    ([{"email": None, "primary": True, "verified": True}], 200),
    ([{"primary": True, "verified": True}, "cem@example.org", None], 200),
    ([], 200),
    ({}, 200),
    (None, 200),
    ({"message": "Not Found"}, 404),
]


@pytest.mark.parametrize(("entries", "status"), EMAILS)
async def test_no_address_is_better_than_a_wrong_one(acme: Acme, entries: object, status: int) -> None:
    acme.says("/token", {"access_token": "gho_1"})
    acme.says("/user", {"id": 1, "email": "public@example.com"})
    acme.says("/emails", entries, status)
    identity = await acme.identify(github(acme))
    assert (identity.email, identity.is_email_proven) == (None, False)


async def test_a_list_within_an_answer(acme: Acme) -> None:
    acme.says("/token", {"access_token": "t"})
    acme.says("/user", {"id": 1})
    acme.says("/emails", {"values": [{"email": "a@example.org", "primary": True, "verified": True}]})
    provider = github(acme)
    listed = replace(provider, claims=replace(provider.claims, email_list=("values",)))
    assert (await acme.identify(listed)).email == "a@example.org"
    assert (await acme.identify(provider)).email is None


async def test_userinfo_is_of_the_same_person(acme: Acme) -> None:
    provider = acme.provider(claims=Claims(subject=SUBJECT, name=userinfo("name")))
    for sub in ("other", "PERSON-1", None, ""):
        acme.userinfo = {"sub": sub}
        assert (await acme.refused(provider)).trouble == "identity_token_refused"
    by_another_name = replace(provider, claims=Claims(subject=in_token("oid"), name=userinfo("name")))
    acme.claims, acme.userinfo = {"oid": "o-1", "sub": None}, {"sub": None}
    assert (await acme.refused(by_another_name)).trouble == "no_subject"


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"null", b'{"ok":false,"sub":"person-1"}', b'{"sub":"a","sub":"b"}']
)
async def test_userinfo_that_says_nothing(acme: Acme, body: bytes) -> None:
    acme.server.does["/userinfo"] = said(body)
    provider = acme.provider(claims=Claims(subject=SUBJECT, name=userinfo("name")))
    assert (await acme.refused(provider)).trouble == "provider_answered_badly"


APPLE_USER = {"name": {"firstName": "Ben", "lastName": "Hidden"}, "email": "ada@example.com"}
FORM_NAME = Claim(source="form", path=("user", "name"))


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (json.dumps(APPLE_USER), "Ben Hidden"),
        (json.dumps({"name": {"firstName": "Ben"}}), "Ben"),
        (json.dumps({"name": {"firstName": "B" * 3000}}), "B" * 100),
        (json.dumps({"name": {"firstName": "B" * 5000}}), ""),
        (json.dumps({"name": {"firstName": ["Ben"]}}), ""),
        (json.dumps(["Ben"]), ""),
        ("{", ""),
        ("[" * 4000, ""),
        ("", ""),
        (None, ""),
    ],
)
async def test_what_is_posted_is_a_name_and_nothing_else(acme: Acme, user: str | None, name: str) -> None:
    posted = Claim(source="form", path=("user", "email"))
    claims = Claims(subject=SUBJECT, email=posted, email_needs_no_flag=True, name=FORM_NAME, groups=posted)
    provider = acme.provider(claims=claims, email_trust="flag")
    identity = await acme.identify(provider, {} if user is None else {"user": user})
    assert (identity.name, identity.email, identity.is_email_proven, identity.groups) == (name, None, False, None)


TRUST: list[tuple[str, dict[str, Any], bool]] = [
    ("never", {"email_verified": True}, False),
    ("flag", {"email_verified": True}, True),
    ("flag", {"email_verified": "true"}, False),
    ("flag", {"email_verified": 1}, False),
    ("flag", {"email_verified": False}, False),
    ("flag", {"email_verified": None}, False),
    ("flag", {}, False),
    ("google", {"email_verified": True}, False),
    ("google", {"email_verified": True, "hd": "example.com"}, True),
    ("google", {"email_verified": True, "hd": ""}, False),
    ("google", {"email_verified": True, "hd": True}, False),
    ("google", {"email_verified": True, "email": "ada@gmail.com"}, True),
    ("google", {"email_verified": False, "email": "ada@gmail.com", "hd": "example.com"}, False),
    ("google", {"email_verified": True, "email": "ada@gmail.com.evil.example"}, False),
    ("microsoft", {"email_verified": False}, False),
    ("microsoft", {"email_verified": True}, True),
    ("microsoft", {"tid": "9188040d-6c67-4c5b-b112-36a304b66dad"}, False),
    ("owner", {}, True),
    ("owner", {"email": "ada@sub.example.com"}, False),
    ("owner", {"email": "ada@notexample.com"}, False),
    ("owner", {"email": "ada@EXAMPLE.com"}, True),
]


@pytest.mark.parametrize(("trust", "claims", "is_proven"), TRUST)
async def test_when_an_address_is_believed(acme: Acme, trust: Any, claims: dict[str, Any], is_proven: bool) -> None:
    acme.claims = {"email": "ada@example.com", **claims}
    reads = Claims(subject=SUBJECT, email=in_token("email"), email_flag=(in_token("email_verified"),))
    identity = await acme.identify(acme.provider(claims=reads, email_trust=trust, domains=("example.com",)))
    assert identity.email is not None
    assert identity.is_email_proven is is_proven


@pytest.mark.parametrize(
    ("value", "is_proven"), [(True, True), ("true", True), (1, True), ("1", True), (2, False), ("yes", False)]
)
async def test_flags_as_text_where_the_entry_says_so(acme: Acme, value: object, is_proven: bool) -> None:
    acme.claims = {"email": "ada@example.com", "email_verified": value}
    reads = Claims(
        subject=SUBJECT, email=in_token("email"), email_flag=(in_token("email_verified"),), accepts_text_flag=True
    )
    assert (await acme.identify(acme.provider(claims=reads, email_trust="flag"))).is_email_proven is is_proven


async def test_an_entry_without_a_flag_proves_nothing(acme: Acme) -> None:
    acme.claims = {"email": "ada@example.com"}
    reads = Claims(subject=SUBJECT, email=in_token("email"))
    assert not (await acme.identify(acme.provider(claims=reads, email_trust="flag"))).is_email_proven
    presence = replace(reads, email_needs_no_flag=True)
    assert (await acme.identify(acme.provider(claims=presence, email_trust="flag"))).is_email_proven


GROUPS: list[tuple[dict[str, Any], tuple[str, ...] | None]] = [
    ({"groups": ["a", "b"]}, ("a", "b")),
    ({"groups": []}, ()),
    ({"groups": "a"}, ("a",)),
    ({}, None),
    ({"groups": ["a", 1]}, None),
    ({"groups": {"a": 1}}, None),
    ({"groups": ["g"] * 1001}, None),
    ({"groups": ["a"], "_claim_names": {"groups": "src1"}}, None),
    ({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "http://127.0.0.1/"}}}, None),
    ({"groups": [], "hasgroups": True}, None),
]


@pytest.mark.parametrize(("claims", "groups"), GROUPS)
async def test_groups_that_are_cut_short_are_not_none(
    acme: Acme, claims: dict[str, Any], groups: tuple[str, ...] | None
) -> None:
    acme.claims = claims
    provider = acme.provider(claims=Claims(subject=SUBJECT, groups=in_token("groups")))
    assert (await acme.identify(provider)).groups == groups


@pytest.mark.parametrize(
    ("claims", "counts"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"amr": "mfa"}, False),
        ({"amr": ["pwd"]}, False),
        ({"acr": "gold"}, True),
        ({}, False),
    ],
)
async def test_a_second_factor_that_the_operator_takes(acme: Acme, claims: dict[str, Any], counts: bool) -> None:
    acme.claims = claims
    assert (await acme.identify(acme.provider(second_factor=("mfa", "gold")))).has_two_factors is counts
    assert not (await acme.identify(acme.provider())).has_two_factors


async def test_an_account_that_is_closed_there(acme: Acme) -> None:
    demands = (Demand(claim=userinfo("disabled"), value=False), Demand(claim=userinfo("status"), value="active"))
    provider = acme.provider(claims=Claims(subject=SUBJECT, demands=demands))
    acme.userinfo = {"disabled": False, "status": "active"}
    assert (await acme.identify(provider)).subject == "person-1"
    for said_there in (
        {"disabled": True, "status": "active"},
        {"disabled": 0, "status": "active"},
        {"disabled": False},
    ):
        acme.userinfo = said_there
        assert (await acme.refused(provider)).trouble == "refused_there"


async def test_who_somebody_is_by_the_token_answer(acme: Acme) -> None:
    acme.says("/token", {"access_token": "t", "owner": {"user": {"id": "u-1"}}, "team": {"id": "T1"}})
    provider = github(acme)
    claims = Claims(
        subject=Claim(source="token", path=("owner", "user", "id")),
        subject_within=Claim(source="token", path=("team", "id")),
    )
    assert (await acme.identify(replace(provider, claims=claims))).subject == "T1/u-1"
    acme.says("/token", {"access_token": "t", "owner": {"workspace": True}, "team": {"id": "T1"}})
    assert (await acme.refused(replace(provider, claims=claims))).trouble == "no_subject"


async def test_calls_that_some_providers_want(acme: Acme) -> None:
    acme.says("/token", {"access_token": "t"})
    acme.says("/user", {"id": 1})
    acme.says("/emails", [])
    await acme.identify(github(acme, userinfo_call="post_null", token_takes_json=True, signs_calls=True))
    token, user = (
        next(each for each in acme.server.heard if each.path.startswith(path)) for path in ("/token", "/user")
    )
    assert json.loads(token.body)["code"] == "code-1"
    assert (user.method, user.body, user.headers["content-type"]) == ("POST", b"null", "application/json")
    await acme.identify(github(acme, userinfo_call="introspect"))
    form = acme.server.heard[-2]
    assert (form.path, form.body.startswith(b"token=t&token_type_hint=access_token&client_id=client-1")) == (
        "/user",
        True,
    )
    await acme.identify(github(acme, signs_calls=True))
    proof = "appsecret_proof="
    assert acme.server.heard[-2].path.partition(proof)[2].isalnum()
