"""Wake-ups with the real watchdog on real folders: what is announced, and how a blind watcher is found out.

``check`` is called by the test where the service calls it every few seconds; announcements are waited for.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from connector.webdav import mounts
from connector.webdav.wakeups import WakeUps
from connector.webdav.watcher import RENEW, RENEW_PARTIAL, Watcher, concerns

GENEROUS = 30.0


class Announced:
    """Counts what is announced."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = threading.Condition()

    def __call__(self) -> None:
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def more_than(self, before: int) -> bool:
        return self.reached(before + 1)

    def reached(self, count: int, *, seconds: float = GENEROUS) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.count >= count, seconds)


class Made:
    """Makes observers and keeps them; ``fails`` is raised instead."""

    def __init__(self) -> None:
        self.observers: list[BaseObserver] = []
        self.fails: OSError | None = None

    def __call__(self) -> BaseObserver:
        if self.fails is not None:
            raise self.fails
        self.observers.append(Observer())
        return self.observers[-1]


class Scene:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.announced, self.made = Announced(), Made()
        self.watcher = Watcher("lettres", folder, self.announced, observer=self.made)

    def sees(self, path: str = "Clients/lettre.sign.yaml") -> bool:
        """Is it announced when a person saves a file?"""
        before = self.announced.count
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
        return self.announced.more_than(before)

    def checks(self, times: int) -> None:
        for _ in range(times):
            self.watcher.check()


@pytest.fixture
def scene(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Scene]:
    caplog.set_level(logging.INFO)
    made = Scene(tmp_path / "Lettres")
    made.watcher.check()
    yield made
    made.watcher.end()


def test_what_is_saved_is_announced(scene: Scene) -> None:
    """A new file, one in a folder made that moment, one that is renamed into its name as editors and clients do."""
    assert not scene.watcher.blind
    assert scene.sees("lettre.pdf")
    assert scene.sees("Nouveau client/2026/lettre.sign.yaml")
    before = scene.announced.count
    temporary = scene.folder / ".lettre.sign.yaml.~1a2b"
    temporary.write_text("x")
    temporary.rename(scene.folder / "lettre.sign.yaml")
    assert scene.announced.more_than(before)
    before = scene.announced.count
    (scene.folder / "Nouveau client").rename(scene.folder / "MARTIN")
    assert scene.announced.more_than(before)


def test_what_does_not_matter_is_not_announced(scene: Scene) -> None:
    """E7: Reads, noise, our own files. Events keep their order, so all were heard when the last file is announced."""
    assert scene.sees("lettre.pdf")
    assert scene.announced.reached(2), "made, and closed"
    (scene.folder / "lettre.pdf").read_bytes()
    for name in (
        "~$lettre.docx",
        ".sync_1a2b.db-wal",
        "lettre.signature.txt",
        "lettre.apercu.pdf",
        "notes.docx",
    ):
        (scene.folder / name).write_text("x")
    assert scene.sees("last.sign.yaml")
    assert scene.announced.reached(4)
    assert not scene.announced.reached(5, seconds=0.2)


@pytest.mark.parametrize(
    ("path", "matters"),
    [
        ("lettre.sign.yaml", True),
        ("Clients/MARTIN/lettre.pdf", True),
        ("Clients/lettre.sign.yaml.txt", True),
        ("_signataires.xlsx", True),
        ("_signature.yaml", True),
        ("scan.jpg", True),
        ("lettre.docx", False),
        ("lettre.signature.txt", False),
        ("_Suivi des signatures.txt", False),
        ("Modèles de signature/lettre.sign.yaml", False),
        (".signature/owner", False),
        (".stversions/lettre.pdf", False),
        ("lettre.pdf.part", False),
        ("lettre (conflicted copy 2026-11-23 104512).pdf", False),
    ],
)
def test_what_matters(path: str, matters: bool) -> None:
    assert concerns(path, is_folder=False) is matters


def test_a_folder_matters_but_not_a_hidden_one() -> None:
    assert concerns("Clients/MARTIN", is_folder=True)
    assert not concerns(".stversions", is_folder=True)


# --------------------------------------------------------------------------------------- gone blind


def test_a_folder_that_vanishes_and_comes_back(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """As an unmounted disk: told once however often it is looked at; watched again when it is there, and looked at."""
    shutil.rmtree(scene.folder)
    scene.checks(5)
    assert scene.watcher.blind
    gone = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert len(gone) <= 2
    assert all(f"folder lettres: {scene.folder} is not watched" in text for text in gone)
    assert "found by polling" in gone[0]
    scene.folder.mkdir()
    before = scene.announced.count
    scene.watcher.check()
    assert scene.announced.count == before + 1, "what happened meanwhile was not announced"
    assert "is watched again" in caplog.text
    assert not scene.watcher.blind
    assert scene.sees()


def test_another_folder_in_its_place(scene: Scene) -> None:
    """Moved away and made anew, or mounted over: the library goes on watching the old one, and says it is well."""
    scene.folder.rename(scene.folder.with_name("old"))
    scene.folder.mkdir()
    assert all(emitter.is_alive() for emitter in scene.made.observers[0].emitters)
    scene.watcher.check()
    assert len(scene.made.observers) == 2
    assert scene.sees()


def test_a_mount_over_it(scene: Scene) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "tmpfs", str(scene.folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        scene.watcher.check()
        assert scene.sees()
    finally:
        subprocess.run(["umount", "--lazy", str(scene.folder)], check=True)
    scene.watcher.check()
    assert scene.sees("lettre.pdf"), "and what lay below the mount"


@pytest.mark.parametrize("which", ["observer", "emitter", "reader"])
def test_a_thread_that_died(scene: Scene, which: str, caplog: pytest.LogCaptureFixture) -> None:
    """E3: Whichever of the library's threads it is, though the others still claim to be alive."""
    observer = scene.made.observers[0]
    victims = {
        "observer": observer,
        "emitter": next(iter(observer.emitters)),
        "reader": observer._inotify_fd,  # type: ignore[attr-defined]
    }
    victim = victims[which]
    victim.stop()
    victim.join(GENEROUS)
    assert not victim.is_alive()
    scene.watcher.check()
    assert "the watcher died" in caplog.text
    assert len(scene.made.observers) == 2
    assert scene.sees()


def test_an_announcement_that_fails_kills_no_thread(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In the library an exception of a handler is the end of its thread; the next event would go unheard."""
    heard = Announced()

    def announce() -> None:
        heard()
        raise ValueError("a defect")

    watcher = Watcher("lettres", tmp_path, announce)
    watcher.check()
    try:
        for name in ("a.pdf", "b.pdf", "c.pdf"):
            before = heard.count
            (tmp_path / name).write_text("x")
            assert heard.more_than(before)
        watcher.check()
        assert not watcher.blind
    finally:
        watcher.end()
    assert "a wake-up was lost" in caplog.text


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "fs.inotify.max_user_watches"), (errno.EMFILE, "max_user_instances")]
)
def test_the_kernels_limits(tmp_path: Path, number: int, said: str, caplog: pytest.LogCaptureFixture) -> None:
    """Told with the name of what is to be raised; tried again at each check, told once."""
    scene = Scene(tmp_path / "Lettres")
    scene.made.fails = OSError(number, "limit")
    scene.checks(4)
    assert scene.watcher.blind
    assert [
        said in record.getMessage() for record in caplog.records if record.levelno == logging.WARNING
    ] == [True]
    scene.made.fails = None
    scene.watcher.check()
    assert scene.announced.count == 1
    assert scene.sees()
    scene.watcher.end()


def test_a_limit_that_is_reached_halfway(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The library says nothing of folders below that it could not watch: they are counted, told, tried again."""
    folder = tmp_path / "Lettres"
    for number in range(40):
        (folder / f"{number}").mkdir(parents=True)

    class RootOnly(Made):
        """As the library behaves when the kernel has no room for more: the folder itself, and nothing below."""

        def __call__(self) -> BaseObserver:
            observer = super().__call__()
            schedule = observer.schedule
            observer.schedule = lambda *args, **options: schedule(*args, **{**options, "recursive": False})  # type: ignore[method-assign]
            return observer

    if mounts.inotify_watches() is None:
        pytest.skip("nothing tells how much is watched")
    announced, made = Announced(), RootOnly()
    watcher = Watcher("lettres", folder, announced, observer=made)
    for _ in range(RENEW_PARTIAL + 1):
        watcher.check()
    try:
        assert len(made.observers) == 2, "tried again after some minutes"
        told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
        assert len(told) == 1
        assert "not every folder below could be watched" in told[0]
        assert mounts.most_watches() in told[0]
        assert not watcher.blind
    finally:
        watcher.end()


def test_a_folder_that_may_not_be_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "Lettres"
    folder.mkdir(mode=0o300)
    if os.access(folder, os.R_OK):
        pytest.skip("whoever runs this may read everything")
    watcher = Watcher("lettres", folder, Announced())
    watcher.check()
    assert watcher.blind
    assert "cannot be read" in caplog.text


def test_it_is_renewed_now_and_then_without_a_gap(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever it says of itself. The new one runs before the old one ends, so nobody is woken for it."""
    scene.checks(RENEW - 1)
    assert len(scene.made.observers) == 1
    announced = scene.announced.count
    scene.checks(2)
    assert len(scene.made.observers) == 2
    assert not scene.made.observers[0].is_alive()
    assert scene.announced.count == announced
    assert scene.sees()
    assert caplog.records == [], "nobody is told"


def test_a_link_is_followed_wherever_it_leads(tmp_path: Path) -> None:
    """A watcher of the link itself would hear nothing; a link that is set anew leads to another folder."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    link = tmp_path / "link"
    link.symlink_to("one")
    announced = Announced()
    watcher = Watcher("lettres", link, announced)
    watcher.check()
    try:
        (tmp_path / "one" / "a.pdf").write_text("x")
        assert announced.more_than(0)
        link.unlink()
        link.symlink_to("two")
        watcher.check()
        before = announced.count
        (tmp_path / "two" / "a.pdf").write_text("x")
        assert announced.more_than(before)
    finally:
        watcher.end()


def test_every_watcher_is_looked_after_apart(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One whose mount hangs keeps no other from its work, and is told of once."""
    announced, now = Announced(), [0.0]
    wakeups = WakeUps(
        {"hangs": (tmp_path / "hangs", announced), "lettres": (tmp_path, announced)}, clock=lambda: now[0]
    )
    hanging, entered = threading.Event(), threading.Event()

    def check() -> None:
        entered.set()
        hanging.wait(GENEROUS)

    wakeups._watchers[0].check = check  # type: ignore[method-assign]
    wakeups.start()
    try:
        assert entered.wait(GENEROUS)
        end = threading.Event()
        while "lettres" in wakeups.blind():
            end.wait(0.01)
        (tmp_path / "a.pdf").write_text("x")
        assert announced.more_than(0)
        now[0] = 61.0
        assert [wakeups.blind() for _ in range(3)] == [["hangs"]] * 3
        assert caplog.text.count("folder hangs: the local folder does not answer") == 1
    finally:
        hanging.set()
        wakeups.end()


# ------------------------------------------------------------------------------------------ mounts

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:35 / /srv/nas rw,relatime - cifs //nas/share rw,vers=3.1.1
41 22 0:36 / /srv/my\\040cloud rw,nosuid - fuse https://cloud.example/remote.php/dav/ rw
42 22 0:37 / /srv/nas/local rw - xfs /dev/vdb rw
43 22 0:38 / /srv/twice rw - ext4 /dev/vdc rw
44 22 0:39 / /srv/twice rw - nfs4 host:/x rw
broken
"""


@pytest.mark.parametrize(
    ("path", "kind", "remote"),
    [
        ("/home/x", "ext4", False),
        ("/srv/nas/Clients", "cifs", True),
        ("/srv/nas/local/Clients", "xfs", False),
        ("/srv/nasty", "ext4", False),
        ("/srv/my cloud/Clients", "fuse", True),
        ("/srv/twice", "nfs4", True),
    ],
)
def test_the_filesystem_of_a_folder(tmp_path: Path, path: str, kind: str, remote: bool) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTS)
    assert mounts.filesystem(Path(path), mounts=table) == kind
    assert mounts.is_remote(kind) is remote


@pytest.mark.parametrize(
    ("kind", "remote"),
    [("fuse.sshfs", True), ("fuse.rclone", True), ("fuseblk", False), ("fuse.mergerfs", False), ("", False),
     ("smb3", True), ("virtiofs", True), ("btrfs", False), ("tmpfs", False)],
)  # fmt: skip
def test_where_other_machines_write(kind: str, remote: bool) -> None:
    assert mounts.is_remote(kind) is remote


def test_a_remote_mount_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Watched all the same, for what this machine writes there; said once what will not be announced."""
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTS.replace("/srv/nas ", f"{tmp_path} "))
    monkeypatch.setattr(mounts.filesystem, "__kwdefaults__", {"mounts": table})
    watcher = Watcher("lettres", tmp_path, Announced())
    watcher.check()
    watcher.end()
    assert "it is a cifs mount: what other machines change there is not announced" in caplog.text


def test_this_very_machine() -> None:
    assert mounts.filesystem(Path("/proc/self")) == "proc"
    assert mounts.filesystem(Path("/x"), mounts=Path("/nowhere")) == ""
