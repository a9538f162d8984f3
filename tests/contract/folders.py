"""The servers that the contract of ``Folder`` is tried on, each with a fresh folder for every test."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cheroot.wsgi import Server
from wsgidav.wsgidav_app import WsgiDAVApp

from connector.ports import Entry, ETag, FileId, Folder, Href
from connector.sandbox.clock import SandboxClock
from connector.webdav import WebDavFolder
from tests.fakes.folder import MemoryFolder

USER = "signatures"
COLLEAGUE = "comptable"
PASSWORD = "mot de passe é€"
APACHE = Path("/usr/sbin/apache2")
APACHE_MODULES = Path("/usr/lib/apache2/modules")


@dataclass
class Served:
    """A folder under test, and how time passes for its server.

    ``wrong_login`` is a second login object on the same folder with a wrong password, where that makes sense;
    ``colleague`` gives the same folder as another user sees it.
    """

    folder: Folder
    pass_time: Callable[[], None]
    wrong_login: Callable[[], WebDavFolder] | None = None
    colleague: Callable[[], AbstractContextManager[Folder]] | None = None
    closing: list[WebDavFolder] = field(default_factory=list)

    def settled(self, href: str) -> Entry:
        """Let time pass until the server's ETag is a strong one, and look."""
        self.pass_time()
        entry = self.folder.stat(Href(href))
        assert entry.etag is not None
        assert not entry.weak_etag
        return entry

    def tag(self, href: str) -> ETag:
        """Return the settled ETag."""
        etag = self.settled(href).etag
        assert etag is not None
        return etag


@dataclass
class Backend:
    """A running server: ``url`` of one login, ``pass_time`` lets its clock move by some seconds."""

    url: str
    user: str
    password: str
    pass_time: Callable[[], None]
    colleague: str = ""
    """Another user with the same password who sees the same folder; empty: there is none."""
    files: Path | None = None
    """Where what it serves lies, for a server that takes its times from the disk."""

    @contextmanager
    def fresh(self) -> Iterator[Served]:
        """Make a folder of its own on the server and log in to it."""
        name = f"essai {uuid.uuid4().hex[:8]}"
        with self.open(self.url) as root:
            root.make_folder(Href(f"/{name}/"))
            url = f"{self.url}{name.replace(' ', '%20')}/"
            # Nextcloud's URL names the user; elsewhere only the login differs.
            other = url.replace(f"/files/{self.user}/", f"/files/{self.colleague}/")
            with self.open(url) as folder:
                yield Served(
                    folder,
                    self.pass_time,
                    lambda: self.open(url, password="falsch"),
                    (lambda: self.open(other, user=self.colleague)) if self.colleague else None,
                )
            root.delete(Href(f"/{name}/"))

    def open(self, url: str, password: str | None = None, user: str = "") -> WebDavFolder:
        """Log in."""
        return WebDavFolder("dms", url, user or self.user, self.password if password is None else password)


def memory(mode: str) -> Iterator[Served]:
    """Give a folder in memory."""
    clock = SandboxClock()
    fake = MemoryFolder(clock.timestamp, mode="plain" if mode == "plain" else "nextcloud")

    @contextmanager
    def colleague() -> Iterator[Folder]:
        before, fake.user = fake.user, COLLEAGUE
        try:
            yield fake
        finally:
            fake.user = before

    yield Served(fake, lambda: clock.advance(2), colleague=colleague)


def _age(files: Path) -> None:
    """Make everything two seconds older: to a server that reads times from the disk, time has passed."""
    for path in files.rglob("*"):
        if path.is_file():
            stat = path.stat()
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns - 2_000_000_000))


@contextmanager
def wsgidav(files: Path) -> Iterator[Backend]:
    """Run plain wsgidav."""
    config = {
        "provider_mapping": {"/": str(files)},
        "simple_dc": {
            "user_mapping": {"*": {USER: {"password": PASSWORD}, COLLEAGUE: {"password": PASSWORD}}}
        },
        "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
        "verbose": 0,
        "logging": {"enable": False},
        "property_manager": True,
        "lock_storage": True,
        "hotfixes": {},
        "dir_browser": {"enable": False},
    }
    server = Server(("127.0.0.1", 0), WsgiDAVApp(config), numthreads=8, timeout=5, shutdown_timeout=1)
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield Backend(
            f"http://127.0.0.1:{server.bind_addr[1]}/", USER, PASSWORD, lambda: _age(files), COLLEAGUE
        )
    finally:
        server.stop()
        thread.join()


@contextmanager
def sandbox(files: Path, state: Path, mode: str) -> Iterator[Backend]:
    """Run the embedded DMS."""
    from connector.sandbox.dms import DmsWorld, serve_dms

    clock = SandboxClock()
    world = DmsWorld(
        files,
        state,
        mode="plain" if mode == "plain" else "nextcloud",
        clock=clock,
        users={USER: PASSWORD, COLLEAGUE: PASSWORD},
        files_lock=True,
    )
    with serve_dms(world) as running:
        yield Backend(running.url, USER, PASSWORD, lambda: clock.advance(2), COLLEAGUE)
        assert running.errors == []


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


@contextmanager
def apache() -> Iterator[Backend]:
    """Run Debian's Apache with mod_dav, which refuses Depth: infinity unless told otherwise."""
    home = Path(tempfile.mkdtemp(prefix="dav-"))
    (home / "files").mkdir()
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    (home / "users").write_text("".join(f"{user}:{{SHA}}{digest}\n" for user in (USER, COLLEAGUE)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = ""
    if os.geteuid() == 0:
        # Apache serves as somebody else then, who must be able to write here.
        somebody = pwd.getpwnam("www-data")
        user = "User www-data\nGroup www-data"
        for path in (home, home / "files", home / "users"):
            os.chown(path, somebody.pw_uid, somebody.pw_gid)
    config = home / "apache.conf"
    config.write_text(_APACHE_CONFIG.format(home=home, port=port, modules=APACHE_MODULES, user=user))
    process = subprocess.Popen(
        [APACHE, "-f", config, "-DFOREGROUND"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _wait_for(port, process)
        files = home / "files"
        yield Backend(f"http://127.0.0.1:{port}/", USER, PASSWORD, lambda: _age(files), COLLEAGUE, files)
    finally:
        process.terminate()
        process.communicate(timeout=20)
        shutil.rmtree(home)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, process.communicate()[1]
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("apache2 does not listen")


def nextcloud() -> Backend:
    """Return the real Nextcloud that the environment names; skips without one."""
    names = [f"JSE_TEST_NEXTCLOUD_{part}" for part in ("URL", "USER", "PASSWORD")]
    url, user, password = (os.environ.get(name, "") for name in names)
    if not url:
        pytest.skip("JSE_TEST_NEXTCLOUD_URL is not set")
    return Backend(url.rstrip("/") + "/", user, password, lambda: time.sleep(2))


def need_apache() -> None:
    """Skip without apache2, but not in CI: there it must have been installed."""
    if not APACHE.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("apache2 is not installed")
        pytest.skip("apache2 is not installed")


KINDS = [
    "memory-nextcloud",
    "memory-plain",
    "wsgidav",
    "sandbox-plain",
    "sandbox-nextcloud",
    pytest.param("apache", marks=pytest.mark.apache),
    pytest.param("nextcloud", marks=pytest.mark.nextcloud),
]


class Running:
    """The servers of this module, each started when first asked for."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home, self._stack = home, stack
        self._backends: dict[str, Backend] = {}

    def backend(self, kind: str) -> Backend:
        """Return the running server of this kind."""
        if kind not in self._backends:
            self._backends[kind] = self._start(kind)
        return self._backends[kind]

    def _start(self, kind: str) -> Backend:
        if kind == "nextcloud":
            return nextcloud()
        if kind == "apache":
            need_apache()
            return self._stack.enter_context(apache())
        files = self._home / kind / "files"
        files.mkdir(parents=True)
        if kind == "wsgidav":
            return self._stack.enter_context(wsgidav(files))
        mode = kind.removeprefix("sandbox-")
        return self._stack.enter_context(sandbox(files, self._home / kind / "state", mode))


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with ExitStack() as stack:
        yield Running(tmp_path_factory.mktemp("dms"), stack)


@pytest.fixture(params=KINDS)
def dms(request: pytest.FixtureRequest, running: Running) -> Iterator[Served]:
    kind: str = request.param
    if kind.startswith("memory-"):
        yield from memory(kind.removeprefix("memory-"))
        return
    with running.backend(kind).fresh() as served:
        yield served


@pytest.fixture
def rich(dms: Served) -> Served:
    """A folder on a server that keeps versions."""
    told = dms.folder.capabilities()
    if not (told.versions and told.chunked_upload and told.search):
        pytest.skip("keeps no versions")
    return dms


def read(dms: Served, href: str) -> bytes:
    into = io.BytesIO()
    dms.folder.get(Href(href), into, max_bytes=50_000_000)
    return into.getvalue()


def file_id(entry: Entry | None) -> FileId:
    assert entry is not None
    assert entry.file_id is not None
    return entry.file_id
