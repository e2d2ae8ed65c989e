"""The servers that other tests stand on: they answer, keep their data, share the machine and leave nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
import redis as redis_client

from tests.servers.place import who
from tests.servers.postgres import Postgres
from tests.servers.programs import Program, ProgramMissingError, all_postgres, all_redis, first_that_runs
from tests.servers.redis import Redis
from tests.servers.server import HOST, Server, free_port

ROOT = Path(__file__).parents[2]


def write(server: Server) -> None:
    """Leave a mark in a server."""
    match server:
        case Postgres():
            server.run("CREATE TABLE kept (it text)")
            server.run("INSERT INTO kept VALUES ('here')")
        case Redis():
            with redis_client.Redis.from_url(server.url) as client:
                client.set("kept", "here")


def read(server: Server) -> str:
    """Find the mark again."""
    match server:
        case Postgres():
            return server.run("SELECT it FROM kept")
        case _:
            with redis_client.Redis.from_url(server.url, decode_responses=True) as client:
                return str(client.get("kept"))


def is_taken(port: int) -> bool:
    """Tell whether somebody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


EACH = [
    *((Postgres, program, f"postgres-{program.needs[0].name}") for program in all_postgres()),
    *((Redis, program, program.path.name) for program in all_redis()),
]


@pytest.fixture(scope="module", params=EACH, ids=[name for _, _, name in EACH])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Run each server program found, the system's and the wheel's."""
    kind, program, name = request.param
    try:
        first_that_runs([program], name)
    except ProgramMissingError as broken:
        pytest.skip(str(broken))
    with kind(program) as running:
        yield running


@pytest.mark.parametrize("end", [Server.stop, Server.kill], ids=["stop", "kill"])
def test_a_restart_keeps_port_and_data(server: Server, end: Callable[[Server], None]) -> None:
    server.start()
    port = server.port
    if isinstance(server, Postgres):
        server.run("DROP TABLE IF EXISTS kept")
    write(server)

    end(server)
    assert not server.running
    assert not is_taken(port)

    server.start()
    assert server.port == port
    assert read(server) == "here"


def test_it_outlives_the_thread_that_restarts_it(redis: Redis) -> None:
    redis.stop()
    starter = threading.Thread(target=redis.start)
    starter.start()
    starter.join()
    assert redis.running
    assert redis.fresh_url()


def test_it_runs_as_an_unprivileged_user(server: Server) -> None:
    server.start()
    assert server._process is not None
    assert os.stat(f"/proc/{server._process.pid}").st_uid != 0


def test_a_second_one_has_other_data(postgres: Postgres, redis: Redis) -> None:
    for one in (postgres, redis):
        with type(one)(one.found) as other:
            assert other.port != one.port
            assert other.place.path != one.place.path
            assert other.running
            assert one.running


def test_close_frees_port_and_directory(redis: Redis) -> None:
    with Redis(redis.found) as short:
        assert is_taken(short.port)
    assert not is_taken(short.port)
    assert not short.place.path.exists()


DIES = """
import sys, time
from tests.servers.postgres import Postgres
from tests.servers.programs import all_postgres, all_redis
from tests.servers.redis import Redis
kind, programs = {"postgres": (Postgres, all_postgres), "redis": (Redis, all_redis)}[sys.argv[1]]
server = kind(programs()[0])
print(server.port, server._process.pid, server.place.path, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("name", [pytest.param("postgres", marks=pytest.mark.postgres), "redis"])
def test_killed_tests_take_their_server_along(name: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(name)
    with subprocess.Popen([sys.executable, "-c", DIES, name], stdout=subprocess.PIPE, text=True, cwd=ROOT) as tests:
        assert tests.stdout is not None
        port, pid, place = tests.stdout.readline().split()
        assert is_taken(int(port))
        tests.send_signal(signal.SIGKILL)
    give_up = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and time.monotonic() < give_up:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()
    assert not is_taken(int(port))

    # The directory goes with the next server that starts.
    with Redis(all_redis()[0]):
        assert not Path(place).exists()


def test_a_program_out_of_reach_is_copied(redis: Redis, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    program = hidden / "server"
    program.write_bytes(redis.program.read_bytes())
    program.chmod(0o755)
    hidden.chmod(0o700)
    with Redis(Program(path=program, needs=(hidden,))) as copied:
        assert copied.running
        assert (who() is None) == (copied.program == program)


async def test_fresh_databases_are_empty_and_separate(postgres: Postgres) -> None:
    first, second = postgres.fresh_database(), postgres.fresh_database()
    postgres.run("CREATE TABLE mine (it text)", first)
    copy = postgres.fresh_database(copy_of=first)
    seen = {}
    for url in (first, second, copy):
        connection = await asyncpg.connect(url)
        seen[url] = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE tablename = 'mine'")
        await connection.close()
        postgres.drop(url)
    assert seen == {first: 1, second: 0, copy: 1}


def test_commits_are_durable(postgres: Postgres) -> None:
    assert postgres.run("SHOW fsync") == "on"
    assert postgres.run("SHOW synchronous_commit") == "on"


def test_fresh_redis_databases_are_empty_and_separate(redis: Redis) -> None:
    first, second = redis.fresh_url(), redis.fresh_url()
    assert first != second
    with redis_client.Redis.from_url(first) as one, redis_client.Redis.from_url(second) as other:
        one.set("mine", "yes")
        assert other.dbsize() == 0


def test_free_ports_differ_from_those_the_system_gives_to_clients() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(free_port() < lowest for _ in range(20))
