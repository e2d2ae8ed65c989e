"""A provider as this site uses it: its entry and the operator's settings, made one. Data, and frozen."""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal, TypeAlias

from msgspec import Struct

from coatcheck.secret import Secret, Veiled

Kind: TypeAlias = Literal["oidc", "oauth2"]
ClientAuth: TypeAlias = Literal["basic", "post", "private_key_jwt", "apple", "none"]
Source: TypeAlias = Literal["id_token", "profile", "userinfo", "emails", "form", "token"]
EmailTrust: TypeAlias = Literal["never", "flag", "google", "microsoft", "owner"]
IssInAnswer: TypeAlias = Literal["demanded", "when_there"]
ProvesTo: TypeAlias = Literal["issuer", "token_endpoint"]
UserinfoCall: TypeAlias = Literal["get", "post_null", "introspect"]
RevocationCall: TypeAlias = Literal["rfc7009", "client_id", "bearer", "json"]
SIGNED_BY: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""What an ID token may be signed with, where a provider's entry does not say."""


class ClientKey(Struct, frozen=True, kw_only=True):
    """Hold a private key by which we prove to a provider that we are its client.

    Args:
        pem: the key, PKCS #8 in PEM.
        algorithm: what it signs with, such as `ES256`.
        key_id: what the provider calls it.
        team_id: Apple's name of our team; empty elsewhere.
    """

    pem: Secret
    algorithm: str
    key_id: str = ""
    team_id: str = ""


class Endpoints(Struct, frozen=True, kw_only=True):
    """Say where a provider is asked; what an OpenID provider's discovery document names is taken from there.

    Args:
        discovery: its OpenID configuration; empty for OAuth 2.0 servers.
        authorization, token, userinfo, jwks, revocation, par: empty where there is none or discovery names it.
        emails: a list of the person's addresses, where userinfo does not say which is verified.
        refresh: where tokens are refreshed; empty: at `token`.
        grants: where a whole grant is given back by the provider's own call (GitHub); empty elsewhere.
    """

    discovery: str = ""
    authorization: str = ""
    token: str = ""
    userinfo: str = ""
    emails: str = ""
    jwks: str = ""
    revocation: str = ""
    par: str = ""
    refresh: str = ""
    grants: str = ""


class Claim(Struct, frozen=True, kw_only=True):
    """Say where a word about the person stands.

    Args:
        source: which answer it is read from; `token` is the token endpoint's, `form` what was posted to the callback.
        path: the names that lead to it; a list is entered by its number, as in `("data", "0", "email")`.
        is_number: whether it is a whole number, which is written out in decimal.
    """

    source: Source
    path: tuple[str, ...]
    is_number: bool = False


class Demand(Struct, frozen=True, kw_only=True):
    """Say what a word about the person must be, such as the status of an account; anything else is no sign-in.

    Args:
        claim: where it stands.
        value: what it must be; of the same type, too.
    """

    claim: Claim
    value: str | bool


class Claims(Struct, frozen=True, kw_only=True):
    """Say where the words about a person stand in a provider's answers.

    Args:
        subject: the one name that never changes hands.
        subject_within: what the subject is unique within (a workspace): put before it, with a slash between.
        email: an address; where the source is `emails`, the member of each entry.
        email_flag: what says that it is verified; for `emails` the members that must all be true.
        email_list: the names that lead to the list in the answer of `emails`; empty: the answer is the list.
        email_needs_no_flag: whether the address is there only once it is verified (X).
        accepts_text_flag: whether the flag may be the text "true" or the number 1.
        name: what the person is called.
        groups: what roles are mapped from; None where the operator maps none.
        demands: what must be so about the account there.
    """

    subject: Claim
    subject_within: Claim | None = None
    email: Claim | None = None
    email_flag: tuple[Claim, ...] = ()
    email_list: tuple[str, ...] = ()
    email_needs_no_flag: bool = False
    accepts_text_flag: bool = False
    name: Claim | None = None
    groups: Claim | None = None
    demands: tuple[Demand, ...] = ()


class Provider(Veiled, frozen=True, kw_only=True):
    """Hold what is asked of a provider and what of its answers is believed.

    Args:
        name: what the settings and addresses call it, such as `github`.
        title: what people call it.
        kind: whether it speaks OpenID Connect or OAuth 2.0 alone.
        issuer: `iss` to the letter; for OAuth 2.0 what stands for it in an identity's key. With `{tenantid}` in it,
            the ID token's own `tid` is put there (Microsoft).
        tenants: which tenants may sign in where the issuer has one: ids, or empty for all that are not `not_tenants`.
        not_tenants: which may not.
        other_issuers: further spellings met in ID tokens, which stand for `issuer`.
        client_id, client_secret, client_auth, client_key: how we are known there.
        proves_to: whom an assertion signed by `client_key` is meant for; with `{tenantid}` in the issuer always the
            token endpoint.
        endpoints: where it is asked.
        scopes: what is asked for at a sign-in.
        scopes_offline, authorize_offline: what is asked for besides where the site keeps the provider's tokens.
        scope_separator, granted_separator: between scopes in requests, in answers; empty: a list in JSON.
        granted_name: what the token answer calls the granted scopes.
        authorize: further parameters of the authorization request.
        token_headers, api_headers: what its calls want besides.
        token_takes_json: whether the token endpoint takes JSON in place of a form (Notion).
        userinfo_call: how userinfo is asked: by GET, by POST of the JSON word null (Dropbox), or as an introspection of
            the token with our client's credentials (HubSpot).
        signs_calls: whether its calls want `appsecret_proof`, an HMAC of the token under the secret (Facebook).
        revocation_call: how a token is given back: RFC 7009; the same with `client_id` alone (Twitch); by a call that
            the token itself authorises; or with JSON (Notion).
        sends_pkce: whether a code challenge is sent; where not, state, cookie and one use carry the code alone.
        sends_nonce: whether it echoes a nonce in its ID token, which is then demanded.
        iss_in_answer: whether its answer must name `answer_issuer`; when it is there it must be right (RFC 9207).
        answer_issuer: what is compared with, where not `issuer`.
        posts_answer: whether the answer comes as a form (`response_mode=form_post`).
        algorithms: what its ID tokens may be signed with.
        claims: where the words about a person stand.
        email_trust: when its word about an address counts: never; by its flag; by the flag and the rules of Google or
            Microsoft; or for the proven domains of a connection's owner.
        domains: the email domains this connection signs in: as the settings name them, until `domains/proven.py` leaves
            those that are proven, which alone may be believed. Empty for providers that are everybody's.
        roles: which group gives which role.
        second_factor: values of `amr` or `acr` that the operator takes for a second factor.
        reauthenticates: whether it can be told to ask the person anew (`max_age`), and says when it did (`auth_time`).
        keeps_tokens: whether its tokens are kept for the app to act by.
        makes_accounts: whether somebody who comes for the first time gets an account.
        private_network: where of the operator's own networks its addresses may lead, such as `10.1.0.0/16`.
    """

    veils: ClassVar = frozenset({"client_key", "token_headers"})

    name: str
    title: str
    kind: Kind
    issuer: str
    client_id: str
    client_secret: Secret | None = None
    client_auth: ClientAuth = "basic"
    client_key: ClientKey | None = None
    proves_to: ProvesTo = "issuer"
    tenants: tuple[str, ...] = ()
    not_tenants: tuple[str, ...] = ()
    other_issuers: tuple[str, ...] = ()
    endpoints: Endpoints
    scopes: tuple[str, ...] = ()
    scopes_offline: tuple[str, ...] = ()
    scope_separator: str = " "
    granted_separator: str = " "
    granted_name: str = "scope"
    authorize: Mapping[str, str] = {}
    authorize_offline: Mapping[str, str] = {}
    token_headers: Mapping[str, str] = {}
    api_headers: Mapping[str, str] = {}
    token_takes_json: bool = False
    userinfo_call: UserinfoCall = "get"
    signs_calls: bool = False
    revocation_call: RevocationCall = "rfc7009"
    sends_pkce: bool = True
    sends_nonce: bool = True
    iss_in_answer: IssInAnswer = "when_there"
    answer_issuer: str = ""
    posts_answer: bool = False
    algorithms: tuple[str, ...] = SIGNED_BY
    claims: Claims
    email_trust: EmailTrust = "never"
    domains: tuple[str, ...] = ()
    roles: Mapping[str, str] = {}
    second_factor: tuple[str, ...] = ()
    reauthenticates: bool = False
    keeps_tokens: bool = False
    makes_accounts: bool = True
    private_network: tuple[str, ...] = ()
