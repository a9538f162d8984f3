"""Servers that are not ours, each started on loopback from a directory of its own, or named by the environment.

Debian's packages hold them: apache2-bin; nginx with libnginx-mod-http-dav-ext; php-sabre-dav with php-cli. None needs a
system service. What is not installed is skipped, but not in CI: there it must have been installed.
"""

from __future__ import annotations

import base64
import hashlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import httpx
import pytest

from tests.contract.backend import COLLEAGUE, PASSWORD, USER, Backend, age

_SERVED_AS: Final = "www-data"
_LISTENS_S: Final = 10.0

APACHE: Final = Path("/usr/sbin/apache2")
APACHE_MODULES: Final = Path("/usr/lib/apache2/modules")
_APACHE_CONFIG = """
ServerRoot "{home}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile "{home}/pid"
ErrorLog "{home}/error.log"
LogLevel warn
DefaultRuntimeDir "{home}"
{user}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authn_file_module {modules}/mod_authn_file.so
LoadModule auth_basic_module {modules}/mod_auth_basic.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule dav_module {modules}/mod_dav.so
LoadModule dav_fs_module {modules}/mod_dav_fs.so
DavLockDB "{home}/locks"
DocumentRoot "{home}/files"
<Directory "{home}/files">
  Dav On
  AuthType Basic
  AuthName dav
  AuthUserFile "{home}/users"
  Require valid-user
</Directory>
"""

NGINX: Final = Path("/usr/sbin/nginx")
NGINX_MODULE: Final = Path("/usr/lib/nginx/modules/ngx_http_dav_ext_module.so")
_NGINX_CONFIG = """
load_module {module};
{user}
daemon off;
worker_processes 2;
pid {home}/pid;
error_log {home}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  client_max_body_size 0;
  dav_ext_lock_zone zone=locks:1m timeout=2h;
  server {{
    listen 127.0.0.1:{port};
    root {home}/files;
    location / {{
      auth_basic dav;
      auth_basic_user_file {home}/users;
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK;
      dav_ext_lock zone=locks;
    }}
  }}
}}
"""

PHP: Final = Path("/usr/bin/php")
SABRE: Final = Path("/usr/share/php/Sabre/autoload.php")
_SABRE_SERVER = """<?php
require_once '{sabre}';
class Users extends \\Sabre\\DAV\\Auth\\Backend\\AbstractBasic {{
    protected function validateUserPass($user, $password) {{
        return in_array($user, ['{user}', '{colleague}']) && $password === '{password}';
    }}
}}
$server = new \\Sabre\\DAV\\Server(new \\Sabre\\DAV\\FSExt\\Directory(__DIR__ . '/files'));
$server->setBaseUri('/');
$server->addPlugin(new \\Sabre\\DAV\\Auth\\Plugin(new Users(), 'dav'));
$server->addPlugin(new \\Sabre\\DAV\\Locks\\Plugin(new \\Sabre\\DAV\\Locks\\Backend\\File(__DIR__ . '/locks')));
$server->exec();
"""


@contextmanager
def apache() -> Iterator[Backend]:
    """Run Debian's Apache with mod_dav, which refuses Depth: infinity unless told otherwise."""
    _need(APACHE, APACHE_MODULES / "mod_dav.so")
    with _home() as home:
        port, user = _free_port(), f"User {_SERVED_AS}\nGroup {_SERVED_AS}" if _is_root() else ""
        config = home / "apache.conf"
        config.write_text(_APACHE_CONFIG.format(home=home, port=port, modules=APACHE_MODULES, user=user))
        with _running([str(APACHE), "-f", str(config), "-DFOREGROUND"], home, port) as backend:
            yield backend


@contextmanager
def nginx() -> Iterator[Backend]:
    """Run Debian's nginx, which shows no ETag in a listing and keeps no condition of a PUT or a DELETE."""
    _need(NGINX, NGINX_MODULE)
    with _home() as home:
        port, user = _free_port(), f"user {_SERVED_AS};" if _is_root() else ""
        config = home / "nginx.conf"
        config.write_text(_NGINX_CONFIG.format(home=home, port=port, module=NGINX_MODULE, user=user))
        # Its log before it has read where to: it would be the system's, which is not ours to write.
        command = [str(NGINX), "-e", f"{home}/error.log", "-p", str(home), "-c", str(config)]
        with _running(command, home, port) as backend:
            yield backend


@contextmanager
def sabre() -> Iterator[Backend]:
    """Run Debian's sabre/dav, on which Nextcloud is built, in PHP's own server: its ETags are those of the content."""
    _need(PHP, SABRE)
    with _home() as home:
        port = _free_port()
        script = home / "server.php"
        script.write_text(
            _SABRE_SERVER.format(sabre=SABRE, user=USER, colleague=COLLEAGUE, password=PASSWORD)
        )
        # A warning printed into an answer would break it; a body is the script's to read.
        settings = ["-d", "display_errors=0", "-d", "enable_post_data_reading=0", "-d", "date.timezone=UTC"]
        command = [str(PHP), *settings, "-S", f"127.0.0.1:{port}", str(script)]
        with _running(command, home, port, {"PHP_CLI_SERVER_WORKERS": "4"}) as backend:
            yield backend


STARTED: Final[Mapping[str, Callable[[], AbstractContextManager[Backend]]]] = {
    "apache": apache,
    "nginx": nginx,
    "sabre": sabre,
}
"""Those that are started, by the names of their marks."""


def nextcloud() -> Backend:
    """Return the real Nextcloud that the environment names; skips without one.

    A colleague's tests run where ``URL`` is a folder that ``USER`` shares, under the same name, with ``COLLEAGUE``.
    """
    names = ("URL", "USER", "PASSWORD", "COLLEAGUE", "COLLEAGUE_PASSWORD")
    url, user, password, colleague, theirs = (
        os.environ.get(f"JSE_TEST_NEXTCLOUD_{name}", "") for name in names
    )
    if not url:
        pytest.skip("JSE_TEST_NEXTCLOUD_URL is not set")
    url = url.rstrip("/") + "/"

    def share(name: str, rights: int) -> str:
        base, _, below = unquote(url).partition(f"/remote.php/dav/files/{user}/")
        asked = {
            "path": f"/{below}{name}",
            "shareType": "0",
            "shareWith": colleague,
            "permissions": str(rights),
        }
        answer = httpx.post(
            f"{base}/ocs/v2.php/apps/files_sharing/api/v1/shares",
            auth=(user, password),
            headers={"OCS-APIRequest": "true"},
            data=asked,
            trust_env=False,
        )
        if answer.status_code == 429:
            pytest.skip("a Nextcloud lets a user make twenty shares in ten minutes")
        answer.raise_for_status()
        return f"{base}/remote.php/dav/files/{colleague}/{name}/"

    return Backend(
        url,
        user,
        password,
        lambda: time.sleep(2),
        colleague,
        theirs,
        share=share if colleague else None,
    )


def _need(*wanted: Path) -> None:
    for path in wanted:
        if path.exists():
            continue
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path.name} is not installed")
        pytest.skip(f"{path.name} is not installed")


def _is_root() -> bool:
    return os.geteuid() == 0


@contextmanager
def _home() -> Iterator[Path]:
    """Make a directory that the server may write in: as root it serves as somebody else."""
    home = Path(tempfile.mkdtemp(prefix="dav-"))
    try:
        (home / "files").mkdir()
        digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
        (home / "users").write_text("".join(f"{user}:{{SHA}}{digest}\n" for user in (USER, COLLEAGUE)))
        if _is_root():
            somebody = pwd.getpwnam(_SERVED_AS)
            for path in (home, home / "files", home / "users"):
                os.chown(path, somebody.pw_uid, somebody.pw_gid)
        yield home
    finally:
        shutil.rmtree(home)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _running(
    command: Sequence[str], home: Path, port: int, more: Mapping[str, str] | None = None
) -> Iterator[Backend]:
    """Run a server that serves ``home/files``, as long as the block lasts."""
    log, files = home / "output.log", home / "files"
    with log.open("wb") as output:
        # A group of its own, so that its workers end with it.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(more or {})},
            start_new_session=True,
        )
    try:
        _wait_for(port, process, log)
        yield Backend(f"http://127.0.0.1:{port}/", USER, PASSWORD, lambda: age(files), COLLEAGUE, files=files)
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=20)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(int(_LISTENS_S / 0.05)):
        assert process.poll() is None, log.read_text("utf-8", "replace")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"{process.args!r} does not listen: {log.read_text('utf-8', 'replace')}")
