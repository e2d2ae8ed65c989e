"""The example configurations, read: what holds of them also where their proxy is not to be had."""

import re
from typing import Any

import yaml  # type: ignore[import-untyped]

from tests.gateway.behind import EXAMPLES, NAMES


def test_what_nginx_passes_on_says_nobody_is_anybody() -> None:
    names = re.findall(r"^proxy_set_header (\S+) ", (EXAMPLES / "passed-on.conf").read_text("utf-8"), re.MULTILINE)
    assert len(names) > 20
    identity = re.compile(r"(?i)cookie|authorization|dpop|forwarded|user$|email|group|role|remote|coatcheck")
    assert [name for name in names if identity.search(name)] == []


def test_traefik_removes_them_by_name() -> None:
    """Where no Traefik is to be had, its configuration is read."""
    http = read_yaml("traefik.yaml")["http"]
    middlewares = http["middlewares"]
    assert http["routers"]["notes"]["middlewares"] == ["no-identity", "gateway-secret", "verify", "no-credentials"]
    assert middlewares["verify"]["forwardAuth"] == {
        "address": "http://COATCHECK/verify?pages=redirect",
        "trustForwardHeader": False,
        "authResponseHeaders": ["Authorization"],
    }
    removed = middlewares["no-identity"]["headers"]["customRequestHeaders"]
    assert set(removed.values()) == {""}
    written_by_traefik = {"X-Forwarded-Method", "X-Forwarded-Uri", "Coatcheck-Gateway"}
    assert [name for name in NAMES if name not in written_by_traefik | removed.keys()] == []
    spelled = {name.replace("-", "_") for name in {*NAMES, *removed}}
    assert spelled - removed.keys() == set()
    assert middlewares["gateway-secret"]["headers"]["customRequestHeaders"] == {"Coatcheck-Gateway": "SECRET"}
    gone = middlewares["no-credentials"]["headers"]["customRequestHeaders"]
    assert gone == {"Coatcheck-Gateway": "", "Cookie": "", "DPoP": ""}
    assert "!Path(`/verify`)" in http["routers"]["coatcheck"]["rule"]
    entry = read_yaml("traefik-static.yaml")["entryPoints"]["websecure"]
    assert entry == {"address": ":443", "http": {"aliasHeadersStrategy": "delete"}}


def test_envoy_lets_nobody_in_by_failing() -> None:
    """Where no Envoy is to be had, its configuration is read."""
    [listener] = read_yaml("envoy.yaml")["static_resources"]["listeners"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    assert manager["common_http_protocol_options"]["headers_with_underscores_action"] == "DROP_HEADER"
    assert manager["use_remote_address"] is True
    first, verify, last, _ = (each["typed_config"] for each in manager["http_filters"])
    assert verify["failure_mode_allow"] is False
    assert verify["http_service"]["path_prefix"].endswith("?pages=redirect&uri=")
    answer = verify["http_service"]["authorization_response"]
    assert answer["allowed_upstream_headers"] == {"patterns": [{"exact": "authorization"}]}
    told = {pattern["exact"] for pattern in verify["allowed_headers"]["patterns"]}
    assert {"cookie", "origin", "sec-fetch-site", "sec-websocket-key", "sec-websocket-version"} <= told
    assert not {"x-forwarded-host", "x-forwarded-method", "x-forwarded-uri", "coatcheck-gateway"} & told
    mutations = first["mutations"]["request_mutations"]
    prefixes = tuple(
        each["remove_on_match"]["key_matcher"]["prefix"] for each in mutations if "remove_on_match" in each
    )
    names = {each["remove"] for each in mutations if "remove" in each}
    assert [name for name in NAMES if name.lower() not in names and not name.lower().startswith(prefixes)] == []
    assert last["mutations"]["request_mutations"] == [{"remove": "cookie"}, {"remove": "dpop"}]


def read_yaml(name: str) -> dict[str, Any]:
    """Read an example."""
    read: dict[str, Any] = yaml.safe_load((EXAMPLES / name).read_text("utf-8"))
    return read
