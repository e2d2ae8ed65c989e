"""A production configuration behind a real nginx with TLS, as our example has it, finds nothing; its mistakes do."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
import pytest_asyncio

from coatcheck.doctor.outside import errors, hosts, tls, verify_junk
from coatcheck.doctor.outside.probe import Probe
from tests.doctor.outside.authority import Authority
from tests.doctor.outside.deployment import NAME, Deployment, codes, found_in, not_run, serving
from tests.gateway.asking import SECRET, SETTINGS
from tests.gateway.behind import EXAMPLES, Behind
from tests.keys.sites import signing_site
from tests.servers.programs import Program
from tests.servers.proxies import Nginx
from tests.servers.server import HOST, free_port
from tests.site import ORIGIN

pytestmark = pytest.mark.asyncio(loop_scope="session")

HERE = (
    ("worker_processes auto;", "pid {folder}/pid; worker_processes 1;"),
    (
        "http {\n",
        "http {\n access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; "
        "fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;\n",
    ),
    ("listen 443 ssl;", f"listen {HOST}:{{port}} ssl;"),
    ("/etc/nginx/auth.", "{folder}/auth."),
    ("/etc/nginx/notes.", "{folder}/auth."),
)
"""What is another on this machine than where the example is at home."""


class Mistake(NamedTuple):
    """Hold a line that somebody left out or wrote otherwise, the probe that sees it, and what it finds."""

    probe: Probe
    old: str
    new: str
    found: str


MISTAKES = {
    "what clients say of their address is passed on": Mistake(
        hosts.ADDRESS_PROBE, "proxy_set_header X-Forwarded-For $remote_addr;", "", "client-address-believed"
    ),
    "versions are told": Mistake(errors.PROBE, "server_tokens off;", "", "version-shown"),
    "old TLS is spoken": Mistake(
        tls.PROBE, "ssl_protocols TLSv1.2", "ssl_ciphers ALL:@SECLEVEL=0; ssl_protocols TLSv1.1 TLSv1.2", "tls-old"
    ),
    "the secret goes with everything": Mistake(
        verify_junk.PROBE, "return 404;", f"proxy_pass http://coatcheck; proxy_set_header Coatcheck-Gateway {SECRET};",
        "verify-open",
    ),
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def production(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    """Serve a site by plain HTTP on a port that a proxy of this machine is in front of."""
    server = {"public_url": ORIGIN, "trusted_proxies": [HOST]}
    async with signing_site(tmp_path_factory.mktemp("production"), **{**SETTINGS, "server": server}) as site:
        behind = Deployment(site, free_port(), authority)
        async with serving(behind, behind.port):
            yield behind


@contextmanager
def nginx(program: Program, production: Deployment, plain: int, *changes: tuple[str, str]) -> Iterator[Nginx]:
    """Run nginx with our example in front of the site."""
    held = production.authority.certificate(NAME)
    files = {"auth.pem": held.certificate.read_text("ascii"), "auth.key": held.key.read_text("ascii")}
    files["passed-on.conf"] = (EXAMPLES / "passed-on.conf").read_text("utf-8")
    at = Behind(production.port, free_port())
    write = at.example("nginx.conf", *changes, ("listen 80;", f"listen {HOST}:{plain};"), *HERE)
    with Nginx(program, write, files) as running:
        yield running


async def test_our_example_is_right(nginx_program: Program, production: Deployment) -> None:
    plain = free_port()
    with nginx(nginx_program, production, plain) as running:
        report = await production.examined(with_permit=True, at=(f"{HOST}:{running.port}",), plain_port=plain)
    assert codes(report) == []
    assert not_run(report).keys() == {"limits-per-node", "mail-not-delivered"}


@pytest.mark.parametrize("name", list(MISTAKES))
async def test_a_mistake_in_it(nginx_program: Program, production: Deployment, name: str) -> None:
    mistake = MISTAKES[name]
    with nginx(nginx_program, production, free_port(), (mistake.old, mistake.new)) as running:
        looked = await production.looked(mistake.probe, at=(f"{HOST}:{running.port}",))
    assert found_in(looked) == [mistake.found]


async def test_the_example_says_what_the_fixes_say() -> None:
    """Where no nginx is to be had, its configuration is read."""
    example = (EXAMPLES / "nginx.conf").read_text("utf-8")
    for line in (
        "server_tokens off;",
        "ssl_protocols TLSv1.2 TLSv1.3;",
        "return 308 https://auth.example.org$request_uri;",
    ):
        assert line in example
    for mistake in MISTAKES.values():
        assert mistake.old in example
