"""The servers that the contract of ``Folder`` is tried on, each with a fresh folder for every test."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from cheroot.wsgi import Server
from wsgidav.wsgidav_app import WsgiDAVApp

from connector.ports import Entry, FileId, Folder, Href
from connector.sandbox.clock import SandboxClock
from tests.contract.backend import COLLEAGUE, PASSWORD, USER, Backend, Served, age
from tests.contract.servers import STARTED, nextcloud
from tests.fakes.folder import MemoryFolder


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
            f"http://127.0.0.1:{server.bind_addr[1]}/", USER, PASSWORD, lambda: age(files), COLLEAGUE
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

        def share(name: str, rights: int) -> str:
            world.shares[name] = rights
            # Everybody sees the same files there; what a share allows it allows all.
            return f"{running.url}{name}/".replace(f"/files/{USER}/", f"/files/{COLLEAGUE}/")

        yield Backend(
            running.url,
            USER,
            PASSWORD,
            lambda: clock.advance(2),
            COLLEAGUE,
            share=None if mode == "plain" else share,
        )
        assert running.errors == []


KINDS = [
    "memory-nextcloud",
    "memory-plain",
    "wsgidav",
    "sandbox-plain",
    "sandbox-nextcloud",
    pytest.param("apache", marks=pytest.mark.apache),
    pytest.param("nginx", marks=pytest.mark.nginx),
    pytest.param("sabre", marks=pytest.mark.sabre),
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
        if kind in STARTED:
            return self._stack.enter_context(STARTED[kind]())
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
