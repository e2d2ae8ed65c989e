"""The example configurations, run by the real proxies: who is let in, as whom, what a client cannot say of itself."""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from coatcheck.ending.end_sessions import end_sessions
from coatcheck.keys.ring import SigningKeys
from coatcheck.keys.sign import sign_jws
from coatcheck.verifier.canonical import decode_base64url
from tests.gateway.asking import COOKIE, NOTES, NOTES_HOST, OWN_HOST, bearer, cookie_of
from tests.gateway.behind import EXAMPLES, NAMES, Behind, headers_in, serving, standing_behind, tell_what_came
from tests.servers.proxies import Caddy, Envoy, Nginx, Proxy, Traefik
from tests.servers.server import free_port
from tests.site import ORIGIN, VISIT
from tests.tokens.holders import claims_of, let_in
from tests.verifier.proofs import GOOD, bound, jkt_of
from tests.verifier.tokens import as_json

FORGED = "root@example.org"
"""A value that no proxy writes by itself."""
SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "-": str,
    "_": lambda name: name.replace("-", "_"),
    "first _": lambda name: name.replace("-", "_", 1),
    "small": str.lower,
    "large": str.upper,
}


def nginx(behind: Behind, request: pytest.FixtureRequest) -> Proxy:
    """Run nginx with our example."""
    folder = "pid {folder}/pid; worker_processes 1;"
    temporary = "".join(
        f"{kind}_temp_path {{folder}}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    write = behind.example(
        "nginx.conf",
        ("worker_processes auto;", folder),
        ("http {\n", f"http {{\n access_log off; {temporary}\n"),
        ("listen 80;", "listen unix:{folder}/plain;"),
        ("listen 443 ssl;", f"listen {'127.0.0.1'}:{{port}};"),
    )
    program = request.getfixturevalue("nginx_program")
    passed_on = (EXAMPLES / "passed-on.conf").read_text("utf-8")
    return Nginx(program, lambda port, at: re.sub(r"ssl_.*;", "", write(port, at)), {"passed-on.conf": passed_on})


def caddy(behind: Behind, request: pytest.FixtureRequest) -> Proxy:
    """Run Caddy with our example."""
    write = behind.example(
        "Caddyfile",
        ("auth.example.org {", "http://auth.example.org:{port} {"),
        ("notes.example.org {", "http://notes.example.org:{port} {"),
        # Without TLS it would say http of every request.
        ("header_up -Upgrade", "header_up -Upgrade\nheader_up X-Forwarded-Proto https"),
    )
    alone = "{{\nadmin off\nauto_https off\nstorage file_system {folder}\ndefault_bind 127.0.0.1\n}}\n"
    program = request.getfixturevalue("caddy_program")
    return Caddy(program, lambda port, at: alone.format(folder=at) + write(port, at))


def envoy(behind: Behind, request: pytest.FixtureRequest) -> Proxy:
    """Run Envoy with our example."""
    write = behind.example(
        "envoy.yaml",
        ("address: 0.0.0.0, port_value: 443", "address: 127.0.0.1, port_value: {port}"),
        (
            "use_remote_address: true",
            "use_remote_address: true\n                scheme_header_transformation: {scheme_to_overwrite: https}",
        ),
    )
    return Envoy(request.getfixturevalue("envoy_program"), write)


def traefik(behind: Behind, request: pytest.FixtureRequest) -> Proxy:
    """Run Traefik with our example."""
    own, routed = f"http://127.0.0.1:{behind.coatcheck}", f"http://127.0.0.1:{behind.service}"
    routes = behind.example("traefik.yaml", ("tls: {}", ""), ("http://COATCHECK", own), ("http://NOTES", routed))
    static = behind.example(
        "traefik-static.yaml", ('":443"', '"127.0.0.1:{port}"'), ("/etc/traefik/routes.yaml", "{folder}/routes.yaml")
    )
    program = request.getfixturevalue("traefik_program")
    return Traefik(program, static, {"routes.yaml": routes(0, Path())})


PROXIES = (nginx, caddy, envoy, traefik)


@pytest.fixture(scope="session")
def ports() -> Behind:
    """Choose where Coatcheck and the service answer: each test serves its own there, and the proxies go on."""
    return Behind(free_port(), free_port())


@pytest.fixture(scope="session", params=PROXIES, ids=lambda each: each.__name__)
def proxy(ports: Behind, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    """Run each proxy in front of the service, once for all tests of this worker."""
    with request.param(ports, request) as started:
        yield started


@pytest.fixture
async def behind(ports: Behind, tmp_path: Path) -> AsyncIterator[Behind]:
    async with standing_behind(tmp_path, ports) as standing:
        yield standing


async def ask(
    proxy: Proxy, headers: Any = (), *, host: str = NOTES_HOST, method: str = "GET", path: str = "/x"
) -> httpx.Response:
    """Ask as a client on the network does."""
    pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
    async with httpx.AsyncClient(base_url=proxy.url) as client:
        return await client.request(method, path, headers=[("host", host), *pairs])


def claims_in(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Give what the one token says that the service got."""
    [authorization] = [value for name, value in pairs if name == "authorization"]
    claims: dict[str, Any] = json.loads(decode_base64url(authorization.split(".")[1]))
    return claims


async def test_a_proof_is_for_the_address_that_the_client_wrote(proxy: Proxy, behind: Behind) -> None:
    """No proxy may decode a path before it asks, and none passes a proof on."""
    # Envoy refuses `%2F`, as our example says. Traefik is run without TLS here, and says so.
    site, path = behind.site, "/b%40c?d=%2Fe"
    service = NOTES.replace("https", "http") if isinstance(proxy, Traefik) else NOTES
    held = await let_in(site, await site.person(password=None), audience=NOTES)
    claims = claims_of(held.access) | {"cnf": {"jkt": jkt_of(GOOD)}}
    token = sign_jws(await site.desk.keep(SigningKeys).current(), "at+jwt", as_json(claims))
    for method in ("GET", "POST"):
        proof = bound(token, f"{service}{path}", at=site.clock.now(), htm=method)
        pairs = headers_in(await ask(proxy, proof, method=method, path=path))
        assert (claims_in(pairs)["client_id"], "dpop" in dict(pairs)) == ("gateway", False)
        assert (await ask(proxy, proof, method=method, path=path)).status_code == 401
    other = bound(token, f"{service}/b@c", at=site.clock.now())
    refused = await ask(proxy, other, path=path)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith('DPoP error="invalid_dpop_proof"')


async def test_a_session_reaches_the_service_as_a_token_of_its_own(proxy: Proxy, behind: Behind) -> None:
    client = await cookie_of(behind.site)
    for method in ("GET", "POST", "DELETE"):
        pairs = headers_in(await ask(proxy, client, method=method))
        claims = claims_in(pairs)
        assert (claims["aud"], claims["iss"], claims["exp"] - claims["iat"]) == (NOTES, ORIGIN, 60)
        names = {name for name, _ in pairs}
        assert "cookie" not in names
        assert not any(COOKIE in value for _, value in pairs)
    await end_sessions(behind.site.desk, VISIT, account=claims["sub"], actor=claims["sub"])
    assert (await ask(proxy, client)).status_code == 401


async def test_nobody_is_let_in(proxy: Proxy, behind: Behind) -> None:
    for headers in ({}, bearer("a.b.c"), {"cookie": f"{COOKIE}=x"}, {"authorization": "Basic eDp5"}):
        answer = await ask(proxy, headers)
        assert answer.status_code == 401, headers
        assert "www-authenticate" in answer.headers


async def test_what_another_site_causes_is_refused(proxy: Proxy, behind: Behind) -> None:
    client = {**await cookie_of(behind.site), "sec-fetch-site": "cross-site"}
    assert (await ask(proxy, client)).status_code == 200
    for method in ("POST", "PUT", "DELETE"):
        assert (await ask(proxy, client, method=method)).status_code == 403
        forged = {**client, "x-forwarded-method": "GET", "x_forwarded_method": "GET"}
        assert (await ask(proxy, forged, method=method)).status_code == 403


@pytest.mark.parametrize("spelling", list(SPELLINGS))
async def test_no_header_of_a_client_says_who_it_is(proxy: Proxy, behind: Behind, spelling: str) -> None:
    forged = [(SPELLINGS[spelling](name), FORGED) for name in NAMES]
    pairs = headers_in(await ask(proxy, [*(await cookie_of(behind.site)).items(), *forged, ("accept-language", "de")]))
    assert [name for name, value in pairs if FORGED in value] == []
    assert not any("coatcheck" in name for name, _ in pairs)
    assert ("accept-language", "de") in pairs, "but the others are passed on"


async def test_a_client_does_not_choose_the_host_or_the_path(proxy: Proxy, behind: Behind) -> None:
    """The service behind one host gets no token for another, whatever the client says the host is."""
    client = await cookie_of(behind.site)
    for name in ("x-forwarded-host", "x_forwarded_host", "x-original-host", "forwarded"):
        pairs = headers_in(await ask(proxy, {**client, name: "bills.example.org:8443"}))
        assert claims_in(pairs)["aud"] == NOTES
    twice = [*client.items(), ("x-forwarded-host", "bills.example.org:8443"), ("x-forwarded-uri", "/public")]
    assert claims_in(headers_in(await ask(proxy, twice)))["aud"] == NOTES
    for path in ("/x?uri=/public", "/x?pages=redirect&uri=/public", "/public/../secret", "/%2e%2e/healthz", "/a%20b"):
        assert (await ask(proxy, path=path)).status_code in (400, 401, 403), path


async def test_nobody_outside_asks_at_verify(proxy: Proxy, behind: Behind) -> None:
    client = await cookie_of(behind.site)
    for path in ("/verify", "/verify?uri=/x", "/%76erify", "//verify"):
        answer = await ask(proxy, client, host=OWN_HOST, path=path)
        assert answer.status_code in (303, 404), path
        assert "authorization" not in answer.headers


async def test_a_socket_of_another_site(proxy: Proxy, behind: Behind) -> None:
    client = await cookie_of(behind.site)
    port = proxy.url.rpartition(":")[2]

    async def opened(origin: str) -> dict[str, Any]:
        address = f"ws://{NOTES_HOST}/socket"
        async with connect(
            address,
            host="127.0.0.1",
            port=int(port),
            origin=Origin(origin),
            additional_headers=client,
            proxy=None,
        ) as socket:
            told: dict[str, Any] = json.loads(await socket.recv())
            return told

    told = await opened(ORIGIN)
    assert claims_in([tuple(pair) for pair in told["headers"]])["aud"] == NOTES
    for origin in ("https://evil.example", "https://notes.example.org"):
        with pytest.raises(InvalidStatus) as refused:
            await opened(origin)
        assert refused.value.response.status_code == 403


ANSWERS: Mapping[str, tuple[int, dict[str, str], dict[str, int]]] = {
    "away": (403, {"retry-after": "1"}, {"nginx": 503, "caddy": 503, "envoy": 403, "traefik": 403}),
    "refused": (403, {}, {"nginx": 403, "caddy": 403, "envoy": 403, "traefik": 403}),
    "failed": (500, {}, {"nginx": 500, "caddy": 500, "envoy": 403, "traefik": 500}),
    "wrong-secret": (404, {}, {"nginx": 500, "caddy": 404, "envoy": 404, "traefik": 404}),
    "nobody": (401, {}, {"nginx": 401, "caddy": 401, "envoy": 401, "traefik": 401}),
    "nobody-at-a-page": (
        401,
        {"location": f"{ORIGIN}/sign-in"},
        {"nginx": 302, "caddy": 401, "envoy": 401, "traefik": 401},
    ),
    "redirected": (302, {"location": f"{ORIGIN}/sign-in"}, {"nginx": 500, "caddy": 302, "envoy": 302, "traefik": 302}),
}
"""What Coatcheck answers, and what the client of each proxy sees."""


async def test_what_each_makes_of_an_answer(proxy: Proxy, ports: Behind) -> None:
    """Nothing but 200 lets anybody in, also not where Coatcheck fails or the secret is wrong."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        sent = dict(scope["headers"]).get(b"cookie", b"case=nobody").decode()
        wanted = dict(part.split("=") for part in sent.split("; "))["case"]
        status, added, _ = ANSWERS[wanted]
        pairs = [(name.encode(), value.encode()) for name, value in added.items()]
        await send({"type": "http.response.start", "status": status, "headers": [*pairs, (b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async with serving(answer, ports.coatcheck), serving(tell_what_came, ports.service):
        seen = {name: await ask(proxy, {"cookie": f"case={name}"}) for name in ANSWERS}
    assert {name: each.status_code for name, each in seen.items()} == {
        name: told[proxy.name] for name, (_, _, told) in ANSWERS.items()
    }
    assert all(each.headers.get("location", ORIGIN).startswith(ORIGIN) for each in seen.values())


async def test_nobody_is_let_in_while_coatcheck_is_away(proxy: Proxy, ports: Behind) -> None:
    async with serving(tell_what_came, ports.service):
        assert (await ask(proxy)).status_code in (403, 500, 502)
