"""``check-config`` beside a service that runs, and ``generate-config``: the texts an administrator decides by."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
import yaml

from connector import running
from connector.cli.check_changes import _VALUES, Ground, meaning
from connector.cli.reloading import first
from connector.cli.schema import made
from connector.config import load_config, read_config
from connector.config.changes import Change, changes
from connector.config.flat import flat
from connector.config.refusals import NOT_ACTED_ON
from connector.config.shape import every_key
from connector.glance import Glance, glance
from connector.journal import Journal
from connector.lifecycle import DocumentFacts, Event, State
from tests.unit.test_cli import Called, _quiet  # noqa: F401 - a fixture

GOOD = """\
config_version: 1
timezone: UTC
servers:
  lyon-cloud: {url: "https://cloud.lyon.example/dav/", user: signatures, password: {env: JSE_TEST_P}}
  annecy-nas: {url: "https://nas.annecy.example/dav/", user: signatures, password: {env: JSE_TEST_Q}}
platform: {url: "https://sign.example/", shortcut: x, secret: {env: JSE_TEST_S}}
accounts:
  lyon: {sender: Cabinet Lyon, owner: chef@lyon.example}
  annecy: {sender: Cabinet Annecy, owner: chef@annecy.example}
folders:
  lyon-letters: {server: lyon-cloud, path: /Lettres/, account: lyon, send: live}
  annecy: {server: annecy-nas, path: /Signatures/, account: annecy}
"""
LOADED = datetime(2026, 11, 20, 14, 3, tzinfo=UTC)


class Desk:
    """A file, a state directory with what a running service keeps there, and its journal."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.file, self.state = directory / "config.yaml", directory / "state"
        (self.state / "journal").mkdir(parents=True)
        self.file.write_text(GOOD)
        self.kept = first(self.file, load_config(GOOD), LOADED)
        running.keep(self.state, self.kept)
        self.now = datetime(2026, 11, 12, 9, tzinfo=UTC)
        self.journal = Journal(self.url, now=lambda: self.now)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.state / 'journal' / 'journal.sqlite'}"

    def add(self, state: State, folder: str, account: str, number: int = 1) -> None:
        for _ in range(number):
            self.place = getattr(self, "place", 0) + 1
            record = self.journal.add(
                state=State.MARKED if state is State.IN_PROGRESS else state, folder=folder, server="x",
                account=account, place=f"/{self.place}.sign.yaml",
                document=DocumentFacts(href=f"/{self.place}.pdf"),
            )  # fmt: skip
            if state is State.IN_PROGRESS:
                self.journal.fact(record, Event.SENT)

    def check(self, text: str, *more: object) -> Called:
        self.file.write_text(text)
        before = self._kept()
        called = Called(self._capsys, "check-config", self.file, "--state", self.state, *more)
        assert before == self._kept()
        return called

    def _kept(self) -> dict[Path, bytes]:
        """Every byte; but for the index in shared memory, in which SQLite notes that somebody reads."""
        files = [path for path in self.state.rglob("*") if path.is_file()]
        return {path: b"" if path.name.endswith("-shm") else path.read_bytes() for path in files}


@pytest.fixture
def desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    monkeypatch.setenv("TZ", "UTC")
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("JSE_TEST_P", "JSE_TEST_Q", "JSE_TEST_S"):
        monkeypatch.setenv(name, "given")
    made_desk = Desk(tmp_path, capsys)
    for name in ("JSE_TEST_P", "JSE_TEST_Q", "JSE_TEST_S"):
        monkeypatch.delenv(name)
    yield made_desk
    made_desk.journal.close()


def test_the_page_of_a_bad_file(desk: Desk) -> None:
    """The page that the design shows (ux 6.2): five faults of five kinds in one run; nobody stopped for them."""
    bad = GOOD.replace("password: {env: JSE_TEST_P}", "pasword: {env: JSE_TEST_P}")
    bad = bad.replace("secret: {env: JSE_TEST_S}", "secret: hunter2").replace(
        "account: lyon, send", "account: lion, send"
    )
    bad = bad.replace("server: annecy-nas, path: /Signatures/", "server: lyon-cloud, path: /")
    bad += "policy: {reminders: {first_after: 3d, every: 4, at_most: 3}}\n"
    called = desk.check(bad)
    assert called.status == 2
    assert (
        called.out
        == f"""\
{desk.file}: 5 problems, 2 warnings

  line 4  servers.lyon-cloud.pasword
      unknown key; did you mean "password"? (then: servers.lyon-cloud.password is missing)
  line 6  platform.secret
      a secret stands in the file. Use  secret: {{credential: jse-secret}}  and have a new one made:
      this one is in your git history.
  line 11  folders.lyon-letters.account
      no such account: "lion"; did you mean "lyon"? Known: annecy, lyon.
  line 12  folders.annecy.path
      "/" contains folders.lyon-letters (/Lettres/): each of its requests would be found twice.
      Watch one of the two.
  line 13  policy.reminders.every
      "4": write whole days with their unit: 4d.
  line 5  servers.annecy-nas                                                      warning
      no folder uses it.
  line 8  accounts.lyon                                                           warning
      no folder uses it.

Nothing was changed; the service goes on with the file it loaded on 20 Nov at 14:03.
"""
    )


def test_the_page_of_a_good_file(desk: Desk) -> None:
    """And of what a change means (ux 6.2): each value with its consequence, counted; nothing is written."""
    desk.add(State.PREVIEWED, "annecy", "annecy", 6)
    desk.add(State.IN_PROGRESS, "lyon-letters", "lyon", 2)
    text = GOOD.replace(
        "path: /Signatures/, account: annecy}", "path: /Signatures/, account: annecy, send: live}"
    )
    text = text.replace("owner: chef@lyon.example}", "owner: chef@lyon.example, max_sends_per_day: 6000}")
    called = desk.check(text + "seal: {credential: jse-seal}\n", "--offline")
    assert called.status == 0
    head, _, changed = called.out.partition("\nAgainst ")
    assert head.startswith(f"""\
{desk.file}: valid (config_version 1, read by 0.1.0)
  2 servers, 2 accounts, 2 folders: 2 live
  4 secrets, all references: 3 seen by the running service, 1 missing
  note: seal: credential jse-seal was not given to the running service; a restart reads it
  not checked: passwords, rights, certificates (jse-connector doctor)

  line 8  accounts.lyon.max_sends_per_day: 6000                                   warning
""")
    assert "no brake at all: the busiest day so far was 2 (12 Nov 2026)." in head
    assert changed.startswith("what is running since 20 Nov 14:03:\n")
    assert "  accounts.lyon.max_sends_per_day  60 -> 6000 " in changed
    assert " ".join(changed.split()).count("sends nothing by itself: the 6 requests prepared there leave when a person "
                                           "says so in each") == 1  # fmt: skip
    assert re.search(r"folders\.annecy\.send +preview -> live +sends nothing", changed)
    assert (
        "seal none -> credential jse-seal needs a restart; the same key in another place changes nothing"
        in " ".join(changed.split())
    )


def test_another_place_of_the_journal_is_no_fright(desk: Desk) -> None:
    """Whoever moved it reads that it is the one; whoever did not, what begins there."""
    text = GOOD + "connector: cabinet\nseal: {env: JSE_TEST_SECRET}\n"
    text += "journal: {url: postgresql+psycopg://c@127.0.0.1:1/j, lease: 10s, replication: none}\n"
    changed = " ".join(desk.check(text, "--offline").out.partition("Against ")[2].split())
    assert (
        "needs a restart; the journal that move-journal took there; else one begins from the marks" in changed
    )
    assert "journal.lease none -> 10s needs a restart; the journal is opened with it" in changed
    assert changed.count("begins from the marks") == 1


def test_what_leaves_the_file_is_counted(desk: Desk) -> None:
    """A folder's open requests rest; an account's are in danger, and that is said in one word."""
    desk.add(State.IN_PROGRESS, "lyon-letters", "lyon", 3)
    lines = [line for line in GOOD.splitlines(keepends=True) if "lyon" not in line]
    told = " ".join(desk.check("".join(lines)).out.partition("Against ")[2].split())
    assert (
        "folders.lyon-letters removed 3 open requests are still asked about at Jesignexpert; what is signed"
        in told
    )
    assert "accounts.lyon removed DANGER: 3 open requests are not asked about any more" in told
    assert (
        "servers.lyon-cloud removed nothing is asked of lyon-cloud any more; folders that name another"
        in told
    )


def test_nothing_that_changes_is_said_too(desk: Desk) -> None:
    """The file of the service itself; what it refused is told as long as it does."""
    assert "\nNothing changes against what is running since 20 Nov 14:03.\n" in desk.check(GOOD).out
    refused = {**vars(desk.kept), "refused": ("config.yaml:3: x - y",), "refused_since": LOADED}
    running.keep(desk.state, running.Running(**refused))
    assert desk.check(GOOD).out.endswith(
        f"The service has refused {desk.file} since 20 Nov 14:03: config.yaml:3: x - y\n"
    )


def test_without_a_service_what_ran_last_is_meant(desk: Desk) -> None:
    """Secrets are then looked for here; a file that is wrong stops nobody."""
    running.keep(desk.state, running.Running(**{**vars(desk.kept), "pid": 2**22 + 5, "pid_started": 7}))
    desk.journal.close()
    called = desk.check(GOOD.replace("/Lettres/", "/Courrier/"))
    assert "3 secrets, all references: 0 readable here" in called.out
    assert "Against what ran last (loaded 20 Nov 14:03; no service runs now):" in called.out
    assert desk.check("config_version: 1\n").out.endswith("Nothing was changed.\n")


def test_a_template_is_checked_under_another_name(desk: Desk, tmp_path: Path) -> None:
    """Ansible's ``validate:``: as the file itself, and as one of those it includes; it is named."""
    (tmp_path / "conf.d").mkdir()
    new = tmp_path / "tmp" / "ansible-x"
    new.parent.mkdir()
    main = desk.file
    firm = "".join(line for line in GOOD.splitlines(keepends=True) if "config_version" not in line)
    (tmp_path / "conf.d" / "firms.yaml").write_text(firm)
    new.write_text("config_version: 1\ninclude: conf.d/*.yaml\n")
    assert desk.check(GOOD, "--as", main).status == 0  # as it stands: FILE is the good one
    text = "config_version: 1\ninclude: conf.d/*.yaml\n"
    main.write_text(text)
    called = Called(desk._capsys, "check-config", new, "--as", main, "--state", desk.state)
    assert (called.status, "with 1 included file" in called.out) == (0, True)
    assert called.out.startswith(f"{new}: valid")
    new.write_text(firm.replace("account: lyon", "account: lion"))
    part = ("--config", main, "--as", tmp_path / "conf.d" / "firms.yaml", "--state", desk.state)
    called = Called(desk._capsys, "check-config", new, *part)
    assert called.status == 2
    assert "tmp/ansible-x  line 10  folders.lyon-letters.account" in called.out


def test_three_hundred_files_are_quick(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Read once each: a count, whatever the machine."""
    (tmp_path / "conf.d").mkdir()
    for number in range(300):
        (tmp_path / "conf.d" / f"f{number}.yaml").write_text(
            f'servers: {{s{number}: {{url: "https://c{number}.example/", user: s, password: {{credential: d}}}}}}\n'
            f"accounts: {{a{number}: {{sender: C, owner: o@c.example}}}}\n"
            f"folders: {{l{number}: {{server: s{number}, path: /L/, account: a{number}}}}}\n"
        )
    main = tmp_path / "config.yaml"
    main.write_text("config_version: 1\ninclude: conf.d/*.yaml\n" + GOOD.splitlines()[5] + "\n")
    called = Called(capsys, "check-config", main, "--state", tmp_path / "state")
    assert called.status == 0
    assert "300 servers, 300 accounts, 300 folders: 300 preview\n  with 300 included files" in called.out
    assert called.out.count("no credentials here") == 1
    assert not (tmp_path / "state").exists()


# ------------------------------------------------------------------------------------------ in words


def test_every_value_has_a_consequence() -> None:
    """Each key of the file that can differ; and each sentence is of some key."""
    keys = {path.replace(".", "/").replace("*", "x") for path in every_key()}
    new = flat(load_config((Path(__file__).parents[2] / "config.example.yaml").read_text("utf-8")))
    paths = keys | set(new)
    for pattern, _ in _VALUES:
        assert any(re.fullmatch(pattern, path) for path in paths), pattern
    for path in new:
        said = meaning(Change(tuple(path.split("/")), "a", "b"), Ground(new))
        assert said
        assert path in {"config_version"} or said != "holds from the next pass on", path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("send: live}", "send: draft}", "new requests go no further than draft; 2 requests that are out go on"),
        ("path: /Lettres/", "path: /X/", "another folder: what lies there before its first pass is not launched"),
        ("https://sign.example/", "https://other.example/", "DANGER: 2 open requests are asked about at the"),
        ("timezone: UTC", "timezone: UTC\nkeep_personal_data: 400d", "erased at the next pass, for good"),
        ("timezone: UTC", 'timezone: UTC\npolicy: {quiet_hours: "20:00-08:00"}', "waits, and leaves afterwards"),
        ("account: lyon,", "accounts: [annecy, lyon],", "spend the credit of annecy, lyon, no other"),
        ("folders:\n", "folders:\n  new: {server: lyon-cloud, path: /N/, account: lyon}\n", "preview; what lies there"),
    ],
)  # fmt: skip
def test_the_words(old: str, new: str, said: str) -> None:
    """With what is out and what waits, where the journal tells it."""
    look = Glance({("lyon-letters", "lyon", "in_progress"): 2, ("lyon-letters", "lyon", "delivered"): 9})
    after = flat(load_config(GOOD.replace(old, new)))
    (change,) = changes(flat(load_config(GOOD)), after)
    assert said in meaning(change, Ground(after, look))


def test_a_glance_counts_and_writes_nothing(desk: Desk) -> None:
    """Beside the running service, and without one; each request once on its day; where nothing can be read, nothing."""
    desk.add(State.IN_PROGRESS, "annecy", "annecy", 2)
    desk.now += timedelta(days=1)
    desk.add(State.IN_PROGRESS, "annecy", "annecy", 3)
    file = desk.state / "journal" / "journal.sqlite"
    zone = load_config(GOOD).zone
    found = glance(file, zone, in_use=True)
    assert found is not None
    assert found.of_folder("annecy") == found.of_account("annecy", "in_progress") == 5
    assert found.busiest == {"annecy": (3, desk.now.date())}
    desk.journal.close()
    names = sorted(file.parent.iterdir())
    assert glance(file, zone, in_use=False) == found
    assert sorted(file.parent.iterdir()) == names
    assert glance(file.with_name("nothing"), zone, in_use=False) is None
    file.write_bytes(b"no journal")
    assert glance(file, zone, in_use=False) is None


# ------------------------------------------------------------------------------------ generate-config


DMS = "https://cloud.lyon.example/remote.php/dav/files/jse/"
ANSWERS = [
    [],
    ["--dms", DMS],
    ["--dms", f"one={DMS}", "--dms", "https://nas.example:5006/dav/", "--account", "Cabinet d'Exemple: nord",
     "--account", "sud=Cabinet Sud", "--folder", "/Lettres de mission/", "--folder", "/É/Avenants/", "--owner",
     "chef@lyon.fr", "--support", "no: 04 78", "--admin", "ops@lyon.fr", "--language", "en", "--user", "0612"],
]  # fmt: skip


@pytest.mark.parametrize("answers", ANSWERS, ids=["nothing", "a DMS", "much"])
def test_what_is_generated_is_valid(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, answers: list[str]
) -> None:
    """For the reader without a remark, for an editor's schema as other YAML readers see it; previews only."""
    text = Called(capsys, "generate-config", *answers).out
    reading = read_config(text)
    assert [one for one in reading.problems if "no folder uses it" not in one.text] == []
    assert reading.config is not None
    assert {folder.send.value for folder in reading.config.folders.values()} == {"preview"}
    jsonschema.Draft202012Validator(made("config")).validate(yaml.safe_load(text))
    assert text.startswith("# yaml-language-server: $schema=config.schema.json\n")
    assert all(len(line) <= 140 for line in text.splitlines())
    assert "password: {credential: dms-" in text


def test_what_was_said_stands_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Each folder its own firm where there are as many; names without accents; texts stay texts."""
    config = load_config(Called(capsys, "generate-config", *ANSWERS[2]).out)
    assert {
        name: (folder.server, folder.accounts, folder.path) for name, folder in config.folders.items()
    } == {
        "lettres-de-mission": ("one", ("cabinet-d-exemple-nord",), "/Lettres de mission/"),
        "avenants": ("nas", ("sud",), "/É/Avenants/"),
    }
    assert config.servers["one"].user == "0612"
    assert config.accounts["cabinet-d-exemple-nord"].sender == "Cabinet d'Exemple: nord"
    assert (config.support, config.language) == ("no: 04 78", "en")
    assert load_config(Called(capsys, "generate-config", "--dms", DMS).out).servers["cloud"].user == "jse"


def test_a_person_is_asked_where_there_is_one(tmp_path: Path) -> None:
    """On a terminal, for what was not said; nothing but the file goes to standard output. Elsewhere nobody is asked."""
    command = [sys.executable, "-m", "connector", "generate-config", "--ask", "--dms", DMS]
    alone = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (alone.returncode, alone.stdout) == (2, "")
    assert "say it with the options" in alone.stderr
    person, terminal = pty.openpty()
    os.write(person, b"/Courrier/\n\nCabinet Martin\nm@martin.fr\n\nmoi@martin.fr\n")
    called = subprocess.run(command, stdin=terminal, capture_output=True, text=True, check=False)
    os.close(person)
    os.close(terminal)
    assert called.returncode == 0, called.stderr
    config = load_config(called.stdout)
    assert config.folders["courrier"].path == "/Courrier/"
    assert (config.accounts["cabinet-martin"].sender, config.accounts["cabinet-martin"].owner) == (
        "Cabinet Martin",
        "m@martin.fr",
    )
    assert config.mail is not None
    assert (config.mail.admin, config.support) == ("moi@martin.fr", "")


def test_every_key_can_be_taken_into_use(capsys: pytest.CaptureFixture[str]) -> None:
    """With answers each key stands there once, and taking the # away is enough, for all of them together."""
    text = Called(capsys, "generate-config", "--dms", DMS).out
    lines = [re.sub(r"^( *)# ((?:  )*[a-z_]+:)(?= |$)", r"\1\2", line) for line in text.splitlines()]
    used = "\n".join(lines) + "\n"
    problems = [one for one in read_config(used).problems if "include" not in one.path]
    assert [(one.path, one.text) for one in problems if not one.warning] == []
    refused = {row.path for row in NOT_ACTED_ON if not row.acted_on("status")}
    shown = read_config(used).tree
    for pattern in set(every_key()) - refused:
        if pattern not in {"folders.*.accounts", "hooks.*.url", "hooks.*.personal"}:
            assert list(shown.matching(pattern)), pattern


def test_what_is_there_is_never_written_over(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Nor through a link; an answer that cannot stand there writes nothing, and is never repeated with its password."""
    file = tmp_path / "config.yaml"
    assert Called(capsys, "generate-config", "--output", file).status == 0
    before = file.read_text()
    assert Called(capsys, "check-config", file, "--state", tmp_path / "state").status == 0
    link = tmp_path / "link.yaml"
    link.symlink_to(tmp_path / "target.yaml")
    for output in (file, link):
        called = Called(capsys, "generate-config", "--dms", DMS, "--output", output)
        assert (called.status, "is there already" in called.err) == (2, True)
    assert file.read_text() == before
    assert not link.exists()
    called = Called(
        capsys, "generate-config", "--dms", "https://u:hunter2@cloud.example/", "--output", tmp_path / "new"
    )
    assert called.status == 2
    assert "hunter2" not in called.out + called.err
    assert "a login stands in the URL" in called.err
    assert not (tmp_path / "new").exists()


def test_an_indentation_that_is_wrong_is_told_as_such(desk: Desk) -> None:
    """One blank too many or too few, one of another kind, none behind a colon: where it is, and what helps."""
    server = (
        "  lyon-cloud:\n    url: https://x.example/\n    user: signatures\n    password: {env: JSE_TEST_P}\n"
    )
    good = re.sub(r"  lyon-cloud: .*\n", server, GOOD)
    assert desk.check(good).status == 0
    for was, now, line, said in (
        ("    user:", "     user:", 6, "indented otherwise than line 5 above it"),
        ("    user:", "   user:", 6, "indented otherwise than line 5 above it"),
        ("    user:", "  user:", 7, "indented otherwise than line 6 above it"),
        ("    user:", "\u00a0\u00a0\u00a0\u00a0user:", 6, "a blank of another kind (U+00A0"),
        ("user: s", "user:\u00a0s", 6, "a blank of another kind (U+00A0"),
        ("user: s", "user:s", 6, 'a blank must follow the colon of "user"'),
    ):
        told = desk.check(good.replace(was, now, 1))
        assert (told.status, f"line {line}  (file)\n" in told.out, said in told.out) == (2, True, True), (
            told.out
        )
