"""Doctor at a DMS: what it tries is really tried, what it wrote is gone, and what is broken is said by its code."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from connector.doctor import scratch
from connector.doctor.running import Group, side_by_side
from connector.ports import Href
from connector.sandbox.dms.folder import Link
from connector.webdav import WebDavFolder
from tests import doctors
from tests.fakes.raw_server import Raw
from tests.unit.test_tls import _Both
from tests.unit.test_webdav_reaching import certificates
from tests.worlds import ROOT, Mode, Stage

WRITES = {"PUT", "MKCOL", "DELETE", "MOVE", "LOCK", "UNLOCK", "POST", "PROPPATCH", "COPY"}


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stage]]:
    """One world of each kind, with a letter that is out; every test leaves it as it was."""
    home = tmp_path_factory.mktemp("doctor")
    with (
        Stage(home / "nextcloud", "nextcloud", files_lock=True) as nextcloud,
        Stage(home / "plain", "plain") as plain,
    ):
        found = {"nextcloud": nextcloud, "plain": plain}
        for stage in found.values():
            stage.drop()
            stage.run()
        yield found


@pytest.fixture
def stage(stages: dict[str, Stage]) -> Iterator[Stage]:
    yield from clean(stages["nextcloud"])


@pytest.fixture(params=["nextcloud", "plain"])
def either(stages: dict[str, Stage], request: pytest.FixtureRequest) -> Iterator[Stage]:
    yield from clean(stages[request.param])


def clean(stage: Stage) -> Iterator[Stage]:
    before = everything(stage)
    yield stage
    stage.dms.rules.clear()
    stage.clock.advance(5)
    assert everything(stage) == before


def everything(stage: Stage) -> dict[str, bytes]:
    """Every file there is, hidden ones too, and every folder."""
    root = stage.dms.files
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else b"" for path in root.rglob("*")
    }


def known(stage: Stage) -> list[tuple[str, str, str]]:
    """What the journal says of requests."""
    return [(one.ref, one.state, one.place) for one in stage.records()]


def asked(stage: Stage, since: int) -> list[tuple[str, int]]:
    return [(one.method, one.status) for one in stage.dms.requests[since:]]


def test_all_is_well_and_nothing_is_left(either: Stage) -> None:
    """Every trial succeeds; the service notices nothing, neither in the folder nor in its state directory."""
    state, records, requests = doctors.files(either.state.directory), known(either), len(either.dms.requests)
    group = doctors.at_server(doctors.visit(either))
    told = doctors.text(group)
    assert doctors.failures(group) == []
    for said in ("login", "stale write refused 3 of 3", "create-only kept 3 of 3", "registry writable",
                 "1 folder readable and writable", "names é, ', #, %, emoji, e + accent, 250 bytes come back",
                 "files can be locked"):  # fmt: skip
        assert said in told
    if either.mode == "nextcloud":
        assert group.title == "Nextcloud 32.0.1"
        assert "new version keeps file id and history" in told
        assert "tags hang and come off" in told
        assert "comments come back" in told
        assert "idle pass: 1 request (1 a folder)" in told
        assert "about 4,140 a day" in told
        assert doctors.codes(group) == ["JSE-D23"]
        assert stage_bin(either) == []
    else:
        assert doctors.codes(group) == ["JSE-D28"]
        assert "idle pass: 2 requests" in told
    assert group.written
    assert group.left == []
    assert len(either.dms.requests) - requests < 110
    assert doctors.files(either.state.directory) == state
    assert (either.round(), known(either)) == (0, records)
    either.intact()


def stage_bin(stage: Stage) -> list[str]:
    """What lies in the bin of the embedded Nextcloud."""
    folder = stage.dms.state / "trash"
    return [str(path) for path in folder.rglob("*")] if folder.exists() else []


def test_a_service_that_works_meanwhile_takes_nothing_of_it_for_a_request(stage: Stage) -> None:
    """The scratch place is looked at by a pass in the middle of everything."""
    passes = 0

    def wait(seconds: float) -> None:
        nonlocal passes
        stage.clock.advance(seconds)
        assert stage.round() == 0
        passes += 1

    before = known(stage)
    assert doctors.failures(doctors.at_server(doctors.visit(stage, wait=wait))) == []
    assert passes > 3
    assert known(stage) == before


# -------------------------------------------------------------------------------------- logins


def test_a_wrong_password_costs_one_refusal(stage: Stage) -> None:
    """One 401 and no other request; once the service rests for it, none; with --try-login one; with a new file one."""
    given = doctors.visit(stage)
    wrong = {**given.secrets, "servers.dms.password": "falsch"}
    before = len(stage.dms.requests)
    group = doctors.at_server(doctors.visit(stage, secrets=wrong))
    assert asked(stage, before) == [("PROPFIND", 401)]
    assert doctors.failures(group) == ["JSE-D02"]
    since = stage.clock.now()
    known = doctors.replace(given.known, refused={"dms": since})
    before = len(stage.dms.requests)
    group = doctors.at_server(doctors.visit(stage, secrets=wrong, known=known))
    assert asked(stage, before) == []
    assert doctors.failures(group) == ["JSE-D03"]
    doctors.at_server(doctors.visit(stage, secrets=wrong, known=known, try_login=True))
    assert asked(stage, before) == [("PROPFIND", 401)]


def test_a_login_that_the_service_was_refused_is_known_from_its_journal(tmp_path: Path) -> None:
    """The journal's own alarm, read from a copy; another password put in place since is tried."""
    with Stage(tmp_path / "stage", "plain", settings={"send": "preview"}) as stage:
        secret = stage.directory / "password"
        right = secret.read_text()
        secret.write_text("falsch")
        stage.restart()
        stage.run()
        before = len(stage.dms.requests)
        assert doctors.failures(doctors.at_server(doctors.visit(stage))) == ["JSE-D03"]
        assert len(stage.dms.requests) == before
        secret.write_text(right)
        later = stage.clock.timestamp() + 60
        import os

        os.utime(secret, (later, later))
        assert doctors.failures(doctors.at_server(doctors.visit(stage))) == []


def test_a_password_that_cannot_be_read_asks_nobody(stage: Stage) -> None:
    before = len(stage.dms.requests)
    group = doctors.at_server(doctors.visit(stage, secrets={}))
    assert (doctors.failures(group), len(stage.dms.requests)) == (["JSE-H03"], before)


class _Threads(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Whoever hangs up in the handshake is what these tests are about."""


@contextmanager
def over_tls(context: ssl.SSLContext) -> Iterator[str]:
    """An empty DMS behind a certificate."""
    with _Threads(("127.0.0.1", 0), _Both) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("days", "code"), [(-1, "JSE-D04"), (10, "JSE-D05"), (25, None)])
def test_certificates(tmp_path: Path, days: int, code: str | None) -> None:
    """Expired: nothing is sent; ending soon: told; until when is told in any case."""
    ca_file, context = certificates(tmp_path, days=days)
    (tmp_path / "pw").write_text("p")
    with over_tls(context) as url:
        group = doctors.at_server(doctors.alone(tmp_path, url, more=f", ca_file: {ca_file}"))
    if days < 0:
        assert doctors.codes(group) == [code]
        assert "has expired" in doctors.text(group)
    else:
        assert "certificate by ca.pem until" in doctors.text(group)
        assert ("JSE-D05" in doctors.codes(group)) is (code == "JSE-D05")


# -------------------------------------------------------------------------------------- broken servers


@pytest.mark.parametrize(
    ("mode", "rule", "wanted"),
    [
        ("nextcloud", {"kind": "html"}, ["JSE-D06"]),
        ("nextcloud", {"kind": "redirect"}, ["JSE-D06"]),
        ("nextcloud", {"kind": "status", "status": 503, "headers": {"Retry-After": "60"}}, ["JSE-D24"]),
        ("nextcloud", {"kind": "status", "status": 503}, ["JSE-D01"]),
        ("nextcloud", {"kind": "status", "status": 429}, ["JSE-D24"]),
        ("nextcloud", {"kind": "truncated", "method": "PROPFIND"}, ["JSE-D01"]),
        ("nextcloud", {"kind": "ignore_conditions"}, ["JSE-D10", "JSE-D11"]),
        ("plain", {"kind": "ignore_conditions"}, []),
        ("nextcloud", {"kind": "weak_etag"}, ["JSE-D12"]),
        ("plain", {"kind": "no_etag"}, []),
        ("nextcloud", {"kind": "status", "method": "MKCOL", "path": "*jse-doctor*", "status": 403},
         ["JSE-D07", "JSE-D16"]),
    ],
)  # fmt: skip
def test_broken_servers(
    stages: dict[str, Stage], mode: Mode, rule: dict[str, Any], wanted: list[str]
) -> None:
    for stage in clean(stages[mode]):
        stage.dms.misbehave(times=None, **rule)
        group = doctors.at_server(doctors.visit(stage))
        stage.dms.rules.clear()
        assert doctors.failures(group) == wanted, doctors.text(group)
        if (mode, rule["kind"]) == ("plain", "ignore_conditions"):
            assert {"JSE-D10", "JSE-D11"} <= set(doctors.codes(group))
            assert "renamed, which is refused where the name is taken" in doctors.text(group)
        if (mode, rule["kind"]) == ("plain", "no_etag"):
            assert "no ETags: it is looked right before each write" in doctors.text(group)


def test_a_server_that_gives_a_version_its_own_time(stages: dict[str, Stage]) -> None:
    for stage in clean(stages["nextcloud"]):
        assert "JSE-D29" not in doctors.codes(doctors.at_server(doctors.visit(stage)))
        stage.dms.misbehave(kind="own_time", method="MOVE", times=None)
        group = doctors.at_server(doctors.visit(stage))
        stage.dms.rules.clear()
        assert "JSE-D29" in doctors.codes(group)
        assert doctors.failures(group) == []


def test_a_file_without_tag_and_time(stages: dict[str, Stage]) -> None:
    for stage in clean(stages["plain"]):
        for kind in ("no_etag", "no_date"):
            stage.dms.misbehave(kind=kind, times=None)  # type: ignore[arg-type]
        group = doctors.at_server(doctors.visit(stage))
        stage.dms.rules.clear()
        assert "JSE-D12" in doctors.failures(group)


def test_names_that_are_refused_or_lost(stage: Stage) -> None:
    stage.dms.misbehave(kind="status", status=400, method="PUT", path="*num#ro*", times=None)
    stage.dms.misbehave(kind="status", status=404, method="GET", path="*accent*", times=None)
    group = doctors.at_server(doctors.visit(stage))
    told = doctors.text(group)
    assert "the server takes no names with #" in told
    assert "names with é do not come back" in told
    assert doctors.failures(group) == ["JSE-D14"]


def test_a_nextcloud_without_versions_locks_tags(stages: dict[str, Stage]) -> None:
    """What is absent is a note, and the other way home is tried."""
    for stage in clean(stages["nextcloud"]):
        dms = stage.dms
        dms.versions_app, dms.files_lock, dms.comments_app = False, False, False
        try:
            group = doctors.at_server(doctors.visit(stage))
        finally:
            dms.versions_app, dms.files_lock, dms.comments_app = True, True, True
        assert doctors.failures(group) == []
        assert {"JSE-D28", "JSE-D19"} <= set(doctors.codes(group))
        assert "app files_lock is absent" in doctors.text(group)


def test_a_server_that_goes_away_in_the_middle_is_said_once(either: Stage) -> None:
    """The first trial without an answer ends the trials; what was made is removed all the same."""
    either.dms.misbehave(kind="cut_before", method="PROPFIND", path="*essai*", times=None)
    group = doctors.at_server(doctors.visit(either))
    assert doctors.failures(group) == ["JSE-D01"]
    assert group.left == []


def test_rights_links_and_quota(stage: Stage) -> None:
    """Read-only folders are counted and, when asked, named; a public link; no right to share on; little room."""
    stage.dms.person.mkdir(f"{ROOT}/Fermé/Dedans")
    stage.dms.person.mkdir(f"{ROOT}/Ouvert")
    try:
        stage.dms.read_only.add(f"{ROOT}/Fermé")
        stage.dms.links.append(Link(f"{ROOT}", rights=15))
        stage.dms.quota_bytes = 1_000_000
        group = doctors.at_server(doctors.visit(stage))
        told = doctors.text(group)
        assert "2 of 4 folders under /Lettres/ are read-only" in told
        assert "Fermé" not in told
        assert {"JSE-D07", "JSE-D17", "JSE-D18"} <= set(doctors.failures(group))
        assert f"/{ROOT}/Fermé/" in doctors.text(doctors.at_server(doctors.visit(stage), names_shown=True))
    finally:
        stage.dms.read_only.clear()
        stage.dms.links.clear()
        stage.dms.quota_bytes = None
        for name in ("Fermé", "Ouvert"):
            stage.dms.person.delete(f"{ROOT}/{name}")


def test_a_folder_that_is_not_there_or_anothers(stage: Stage) -> None:
    text = stage.config_text.replace(f"path: /{ROOT}/", "path: /Ailleurs/")
    group = doctors.at_server(doctors.visit(stage, config=text))
    assert doctors.failures(group) == ["JSE-D08"]
    assert "/Ailleurs/" in doctors.text(group)
    assert "Ailleurs" not in "".join(line.for_support for line in group.lines)
    other = stage.config_text.replace("connector: test-1", "connector: test-2")
    group = doctors.at_server(doctors.visit(stage, config=other))
    assert doctors.failures(group) == ["JSE-D09"]
    assert "jse-connector take-over lettres" in doctors.text(group)


def test_a_url_that_is_none_of_webdav(either: Stage) -> None:
    """A path typed wrongly is the commonest mistake of the first hour: one line, which names the url, and no more."""
    url = either.ground.url
    wrong = either.config_text.replace(url, url.rstrip("/") + "-ailleurs/")
    group = doctors.at_server(doctors.visit(either, config=wrong))
    assert doctors.failures(group) == ["JSE-D06"], doctors.text(group)
    assert "no folder at this url" in doctors.text(group)


def test_preview_only_writes_nothing(either: Stage) -> None:
    """Not one request that writes, and it says what was not tried."""
    before = len(either.dms.requests)
    given = doctors.visit(either, config=either.config_text.replace("send: live", "send: preview"))
    group = doctors.at_server(given)
    assert {method for method, _ in asked(either, before)} & WRITES == set()
    assert "JSE-D27" in doctors.codes(group)
    assert "not tried: stale writes, create-only, versions, names" in doctors.text(group)
    assert group.written == []


def test_the_clock_of_a_server(stage: Stage) -> None:
    """Ten minutes off: what doctor tells the host's group."""
    from datetime import timedelta

    given = doctors.visit(stage, now=lambda: stage.clock.now() - timedelta(minutes=10))
    doctors.at_server(given)
    (seconds,) = given.drifts.all(0).values()
    assert 595 < seconds < 605


# -------------------------------------------------------------------------------------- scratch


def test_a_removal_that_fails_is_said_and_made_up_for(stage: Stage) -> None:
    """The next run knows its own leftovers, and removes nothing of anybody else's."""
    stage.dms.misbehave(kind="status", status=403, method="DELETE", path="*essai*", times=None)
    first = doctors.at_server(doctors.visit(stage))
    assert "JSE-D13" in doctors.failures(first)
    assert len(first.left) == 2
    stage.dms.rules.clear()
    place = next(
        path for path in everything(stage) if path.startswith(f"{ROOT}/.jse-doctor-") and "/essai" not in path
    )
    stage.dms.person.write(f"{place}/note.txt", b"d'une personne")
    second = doctors.at_server(doctors.visit(stage))
    assert any(place.rpartition("/")[2] in left for left in second.left)
    assert stage.dms.person.read(f"{place}/note.txt") == b"d'une personne"
    stage.dms.person.delete(f"{place}/note.txt")
    third = doctors.at_server(doctors.visit(stage))
    assert "scratch files of an earlier run removed" in doctors.text(third)
    assert third.left == []


def test_what_a_killed_doctor_left_goes_with_the_next(either: Stage) -> None:
    """Made and locked by a run that died; another host's place stays, and is told once it is old."""
    given = doctors.visit(either)
    with WebDavFolder("dms", either.ground.url, either.ground.user, either.ground.password) as folder:
        own = scratch.make(folder, Href(f"/{ROOT}/"), given.tag)
        folder.create(Href(f"{own}essai verrou.txt"), b"un")
        folder.lock(Href(f"{own}essai verrou.txt"), note=scratch.LOCK_NOTE)
        other = scratch.make(folder, Href(f"/{ROOT}/"), "0" * 8)
        group = doctors.at_server(given)
        assert "JSE-D26" not in doctors.codes(group)
        either.clock.advance(7200)
        group = doctors.at_server(given)
        assert "JSE-D26" in doctors.codes(group)
        left = [path for path in everything(either) if ".jse-doctor" in path]
        assert left == [other.strip("/")]
        folder.delete(other)


def test_interrupted_it_still_cleans_up(stage: Stage) -> None:
    """Ctrl-C in the middle of the trials: nothing new begins, and what was made is removed."""
    reached, go_on = threading.Event(), threading.Event()

    def wait(_seconds: float) -> None:
        reached.set()
        go_on.wait(10)

    given = doctors.visit(stage, wait=wait)
    from connector.doctor import servers

    group = Group(name="dms", slow="JSE-D22", trouble=servers.trouble)
    runs = side_by_side([(Group(name="first", slow="JSE-H16"), lambda _: None),
                         (group, lambda one: servers.look(one, given, "dms"))])  # fmt: skip
    next(runs)
    assert reached.wait(10)
    ending = threading.Thread(target=runs.close)
    ending.start()
    while not group.ended.is_set():
        pass
    go_on.set()
    ending.join(20)
    assert group.left == []
    assert not group.complete


# -------------------------------------------------------------------------------------- side by side


def test_a_dead_server_delays_nobody(stage: Stage) -> None:
    """One accepts and never answers: it is given up after its limit, and told; the others are complete before."""
    enough = threading.Event()

    def never(_peer: object, _request: bytes) -> None:
        enough.wait(30)
        raise OSError

    silent = Raw(never)
    login = f"user: u, password: {{file: {stage.directory / 'password'}}}"
    text = stage.config_text.replace("servers: {", f"servers: {{mort: {{url: '{silent.url}', {login}}}, ")
    try:
        given = doctors.visit(stage, config=text, check_s=0.4)
        from connector.doctor import servers

        dead = Group(name="mort", slow="JSE-D22", trouble=servers.trouble, check_s=0.4)
        live = Group(name="dms", slow="JSE-D22", trouble=servers.trouble, check_s=30)
        runs = side_by_side([(dead, lambda one: servers.look(one, given, "mort")),
                             (live, lambda one: servers.look(one, given, "dms"))])  # fmt: skip
        first = next(runs)
        assert (first.name, doctors.codes(first)) == ("mort", ["JSE-D22"])
        second = next(runs)
        assert doctors.failures(second) == []
        assert list(runs) == []
    finally:
        enough.set()
        silent.close()


def test_a_defect_of_one_check_stops_no_other() -> None:
    """It is told by its kind; the next check begins."""

    person = "Dupont"

    def broken() -> list[Any]:
        raise ZeroDivisionError(person)

    group = Group(name="x", slow="JSE-H16")
    group.check("one", broken)
    group.check("two", list)
    (line,) = group.lines
    assert line.code == "JSE-H19"
    assert "Dupont" not in line.text
    assert "ZeroDivisionError" in line.for_support
