"""A real nginx in front of a server that it asks about each request, until the block is left."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.processes import free_port, wait_for

_CONFIGURATION = """\
pid nginx.pid;
master_process off;
daemon off;
events {{}}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    keepalive_requests 100000000;
    upstream asked {{
        server 127.0.0.1:{asked};
        keepalive 32;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        location = / {{
            auth_request /_verify;
            root .;
            index page.html;
            try_files /page.html =404;
        }}
        location = /_verify {{
            internal;
            proxy_pass http://asked/verify;
            proxy_http_version 1.1;
            proxy_pass_request_body off;
            proxy_set_header Connection "";
            proxy_set_header Content-Length "";
            {headers}
        }}
    }}
}}
"""


@contextmanager
def nginx_asking(asked: int, headers: Mapping[str, str], folder: Path) -> Iterator[int]:
    """Run an nginx that asks the server on a port; give its own port.

    Args:
        headers: what it says besides what the client sent.
        folder: for its files.

    Raises:
        FileNotFoundError: nginx is not installed.
        RuntimeError: it does not start.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise FileNotFoundError("nginx is not installed")
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "page.html").write_text("a page\n")
    port = free_port()
    said = " ".join(f"proxy_set_header {name} {value};" for name, value in headers.items())
    (folder / "nginx.conf").write_text(_CONFIGURATION.format(asked=asked, port=port, headers=said))
    command = [program, "-e", "stderr", "-p", f"{folder}/", "-c", "nginx.conf"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(process, port, "/", status=None)
            yield port
        finally:
            process.terminate()
