"""Who may write in a folder, and knows everything but the seal key, reaches nothing that is another's.

Two firms share one connector; one of them plays the attacker. On a plain server the registry lies in each watched
folder, where every user may write; on Nextcloud it is private, and only what lies beside the letters is in reach.

============================================================  =====================================================
What is tried                                                 What comes of it
============================================================  =====================================================
A marker copied from another watched folder                   Adopted there, never here; told by ``status``
A marker that is junk, edited, giant, another key's, another  Held, « À VÉRIFIER », never sent; the letters beside it
firm's, or a folder                                           leave; told by ``status``
A former marker of the same key, put back                     What was sent is followed on; told by ``status``
A marker of theirs, sealed by us, under our key over there    Ours leaves with its own transaction
The two files of another firm, once they are gone there       « À CONFIRMER », and no word of where they were
An end that is junk, another key's, or of another             Nothing ends by it: signed and delivered
transaction of the same key
Hundreds of made-up markers                                   Told; the other folder goes on at once, this one once all
                                                              were looked at, each a single time
An owner that is another's, edited, junk, or a folder         That folder rests, told by ``status``; the other goes on
A registry in another folder that cannot be read              Ours leave
An old status at the place that a request has left            « À VÉRIFIER »; its transaction has one follower
A status of the same place on another server                  « À CONFIRMER », never followed
A status whose transaction was edited                         « À VÉRIFIER », never followed
A look-alike signed by somebody else; an old signed version;  Not taken for the signed document, which comes beside
one that not all have signed; another letter's
The signed document with one more signature                   Taken for what it is: nothing comes beside
Jesignexpert gives another request's document (D4)            Quarantined, fetched again, replaces nothing
… the same form signed by another client (D4)                 Beside, to be checked: who signed is not who was asked
… two documents of one request, swapped (D4)                  Beside, to be checked, both
… unsigned, altered, added to, encrypted, empty, cut, a page  Quarantined or awaited; replaces nothing
of HTML, too large (D4)
… altered or added to, and nothing else for a day             Beside, to be checked, and what is wrong with it
… a transaction that another request has                      Refused before anything is put into it
… a transaction that would be a path                          Refused (``unit/test_jesignexpert_answers.py``)
… another transaction's status, or one of other types         No news; asked again
Thousands of files as large as a letter that has gone         Some are looked at in each pass; the letter is found
Names that lead elsewhere (``..``, absolute, NUL, RTL …)      « À CORRIGER »; nothing outside is asked for
A listing that names another host or another folder           No listing, or a path of this very server
============================================================  =====================================================

What a listing may name is tested in ``unit/test_webdav_reading.py`` and ``unit/test_webdav_traps.py``, the bytes of a
marker in ``unit/test_marks.py``, what a PDF may hold in ``unit/test_pdf_verify.py``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector import marks
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.lifecycle import State
from connector.marks import Done, Owner, Sealer, Sent
from connector.passes import account_pass, server_pass
from connector.pdf.verify import MOST_SIGNATURES
from connector.sandbox.dms import DmsWorld, serve_dms
from connector.sandbox.platform import Authority
from connector.sandbox.platform.signing import Field, add_fields, sign_field
from connector.steps import missing, strange
from connector.steps.came_back import unverified
from tests import documents
from tests.faults.letters import beside, in_place
from tests.faults.test_dates import connected_for_good
from tests.faults.test_wrong_clock import Made, clocked
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, TWO, Mode, Stage

__all__ = ["clocked"]

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
THEIRS = "Autres"
"""The other firm's watched folder; sorted before ours, so that it is looked into first."""
OUT = "EN COURS – 0 signature sur "
HELD = "À VÉRIFIER – la trace d’un envoi précédent est illisible ; rien n’est parti"
PAUL = "paul.martin@client.fr"
OTHER_SEAL = Sealer(b"another firm's seal, long enough")


class Firms(Stage):
    """Two watched folders on one server; ``apart``: the other one is of another account."""

    def __init__(self, directory: Path, mode: Mode = "plain", *, apart: bool = False, **options: Any) -> None:
        self.apart, self.name = apart, "lettres"
        super().__init__(directory, mode, start=False, offices=["Cabinet Exemple", "Voisin"], **options)
        self.person.mkdir(THEIRS)
        tokens = self.platform.office_tokens("Voisin")
        TokenStore(self.state.directory / "tokens").save(
            "voisin", Tokens(office=tokens["office"], office_name="Voisin", user=tokens["user"])
        )
        self.start()
        self.run()

    @property
    def config_text(self) -> str:
        """The administrator's file."""
        account = "voisin" if self.apart else "cabinet"
        text = super().config_text.replace(
            "folders: {",
            f"folders: {{autres: {{server: dms, path: /{THEIRS}/, account: {account}, send: live}}, ",
        )
        text = text.replace("lettres: {", f"{self.name}: {{")
        return text.replace("accounts: {", "accounts: {voisin: {sender: Voisin, owner: o@voisin.fr}, ")

    def round(self) -> int:
        """One pass over each side."""
        moved = super().round()
        return moved + (account_pass(self.parts, "voisin").moved if self.apart else 0)

    def registry(self, folder: str) -> Path:
        """Where the markers of a folder of a plain server lie."""
        return self.dms.disk(f"{folder}/.signature")

    def marker(self, name: str = "lettre", *, folder: str = ROOT) -> Path:
        """The marker of a letter."""
        return self.registry(folder) / f"{self.record(name, folder=folder).key}.sent"

    def later(self, seconds: float = 4000) -> None:
        """Let every wait that an obstacle has set go by."""
        self.run(8, calm=2)
        self.clock.advance(seconds)
        self.run(8, calm=2)

    def transaction(self, name: str = "lettre", *, folder: str = ROOT) -> str:
        """The transaction of a letter."""
        return str(self.record(name, folder=folder).transaction)


def letter(title: str, pages: int = 1) -> bytes:
    return documents.letter(pages, title, lines=4)


def send_out(stage: Stage, *names: str, folder: str = ROOT, sidecar: str = ONE) -> None:
    for name in names:
        stage.drop(name, letter(f"{folder} {name}"), sidecar, folder=folder)
    stage.run()
    for name in names:
        assert stage.first_line(name, folder=folder).startswith(OUT), stage.status(name, folder=folder)


# ------------------------------------------------------------------------------------ markers and ends


@pytest.mark.parametrize("apart", [False, True])
def test_a_marker_of_another_folder(tmp_path: Path, apart: bool) -> None:
    """Copied into the other firm's registry, and the journal lost: its request stays where it was asked for."""
    with Firms(tmp_path, apart=apart) as stage:
        names = ("lettre", "sans fichiers")
        send_out(stage, *names)
        for name in names:
            copied = stage.registry(THEIRS) / stage.marker(name).name
            copied.write_bytes(stage.marker(name).read_bytes())
        for file in ("sans fichiers.pdf", "sans fichiers.sign.yaml"):
            stage.delete(file)
        before = stage.files(THEIRS)
        stage.lose_journal()
        stage.later(60)
        assert [one.folder for one in stage.records()] == ["lettres"] * 2
        assert stage.told()["folders"]["autres"]["strange_markers"] == 2
        stage.sign()
        stage.later()
        assert stage.first_line() == in_place("lettre")
        assert [file for file in stage.files() if file.startswith("Signatures à classer/")]
        assert stage.files(THEIRS) == before
        assert stage.sends() == [1, 1]
        stage.intact()


def test_a_marker_of_a_folder_that_has_gone(tmp_path: Path) -> None:
    """Renamed in the configuration while the journal was lost: its own registry alone gives it a new folder."""
    with Firms(tmp_path, "nextcloud") as stage:
        send_out(stage, "lettre")
        for name in ("lettre.pdf", "lettre.sign.yaml", "lettre.signature.txt"):
            stage.delete(name)
        stage.name = "courriers"
        stage.lose_journal()
        stage.run()
        stage.sign()
        stage.later()
        assert [one.state for one in stage.records()] == [State.DELIVERING]
        assert not [name for name in (*stage.files(), *stage.files(THEIRS)) if "classer" in name]
        assert stage.sends() == [1]


def wrong_markers(stage: Firms) -> Mapping[str, Callable[[Path], object]]:
    """What an attacker puts under the name that a request's marker is to have."""
    foreign = stage.marker("dehors").read_bytes()
    edited = foreign.replace(stage.transaction("dehors").encode(), b"T-other")
    return {
        "junk": lambda path: path.write_bytes(b"\x00\xff" * 40),
        "autre": lambda path: path.write_bytes(foreign),
        "edite": lambda path: path.write_bytes(edited),
        "sceau": lambda path: path.write_bytes(
            marks.write(Owner(connector="test-1", since=stage.clock.now()), OTHER_SEAL)
        ),
        "geant": lambda path: path.write_bytes(b"x" * 300_000),
        "dossier": lambda path: path.mkdir(),
    }


def test_markers_that_are_not_ours(tmp_path: Path) -> None:
    """Whatever stands under a request's marker, it is neither sent nor followed elsewhere; others leave."""
    with Firms(tmp_path) as stage:
        send_out(stage, "dehors")
        wrong = wrong_markers(stage)
        stage.dms.misbehave(kind="status", status=503, method="PUT", path="*.sent*", times=None)
        for name in (*wrong, "vide"):
            stage.drop(name, letter(name))
        stage.run(5)
        assert {stage.record(name).state for name in wrong} == {State.PREPARED}
        for name, put in wrong.items():
            put(stage.marker(name))
        stage.marker("vide").write_bytes(b"")
        stage.dms.behave()
        stage.drop("franche", letter("franche"))
        stage.later(1000)
        for name in wrong:
            assert stage.first_line(name) == HELD, (name, stage.record(name).state)
        for name in ("franche", "vide"):  # nothing at all is a write of ours that broke off
            assert stage.first_line(name).startswith(OUT), name
        assert sorted(stage.sends()) == [0] * len(wrong) + [1] * 3
        needing = {row["reason"] for row in stage.told()["needs_a_person"]}
        assert needing == {"marker_unreadable"}
        stage.sign()
        stage.later()
        for name in wrong:
            assert stage.read(f"{name}.pdf") == letter(name)
        for name in ("dehors", "franche", "vide"):
            assert stage.first_line(name) == in_place(name)
        stage.intact()


def test_a_former_marker_of_the_same_key(tmp_path: Path) -> None:
    """Kept from before, and put in the place of the one that the letter was sent with: that one is followed on."""
    with Firms(tmp_path) as stage:
        send_out(stage, "lettre")
        transaction, marker = stage.transaction(), stage.marker()
        mark = marks.read(marker.read_bytes(), stage.parts.sealer)[1]
        assert isinstance(mark, Sent)
        former = mark.model_copy(update={"transaction": "T-former"})
        marker.write_bytes(marks.write(former, stage.parts.sealer))
        stage.restart()
        stage.later(60)
        assert stage.transaction() == transaction
        assert stage.first_line().startswith(OUT)
        assert stage.told()["folders"]["lettres"]["strange_markers"] == 1
        stage.sign()
        stage.later(60)
        assert stage.first_line() == in_place("lettre")
        assert stage.sends() == [1]
        stage.intact()


def test_the_two_files_of_another_firm(tmp_path: Path) -> None:
    """Whoever has a copy of both, and waits until they go over there, gets neither the request nor where it was."""
    with Firms(tmp_path, apart=True) as stage:
        stage.person.mkdir(f"{ROOT}/Dossier confidentiel")
        stage.drop("lettre", letter("la"), ONE, folder=f"{ROOT}/Dossier confidentiel")
        stage.run()
        stage.write("vierge.pdf", letter("la"), folder=THEIRS)
        stage.drop("copie", letter("la"), ONE, folder=THEIRS)
        stage.run()
        assert stage.first_line("copie", folder=THEIRS).startswith("À CONFIRMER – ")
        told = stage.status("copie", folder=THEIRS)
        assert "confidentiel" not in told
        assert "lettre.pdf" not in told
        for file in ("lettre.pdf", "lettre.sign.yaml"):
            stage.delete(file, folder=f"{ROOT}/Dossier confidentiel")
        stage.later(60)
        stage.drop("autre copie", letter("la"), ONE, folder=THEIRS)
        stage.later(60)
        stage.sign()
        stage.later()
        assert "Dossier confidentiel/lettre (signé).pdf" in stage.files(), stage.records()[0]
        for name in ("copie", "autre copie"):
            assert stage.first_line(name, folder=THEIRS).startswith("À CONFIRMER – ")
            assert stage.read(f"{name}.pdf", folder=THEIRS) == letter("la")
        assert stage.read("vierge.pdf", folder=THEIRS) == letter("la")
        assert not [file for file in stage.files(THEIRS) if "signé" in file]
        assert stage.sends() == [1]
        stage.intact()


def test_ends_that_are_made_up(tmp_path: Path) -> None:
    """Junk, another key's, another transaction's of the same key: what is out goes on, and is delivered."""
    with Firms(tmp_path) as stage:
        send_out(stage, "finie")
        stage.sign()
        stage.later(60)
        assert stage.record("finie").closed
        ended = stage.marker("finie").with_suffix(".done").read_bytes()
        names = ("junk", "autre", "rejoue", "dossier")
        send_out(stage, *names)
        replayed = Done(
            key=str(stage.record("rejoue").key),
            transaction="T-earlier",
            state="delivered",
            ended_at=stage.clock.now(),
            connector="test-1",
        )
        places = {name: stage.marker(name).with_suffix(".done") for name in names}
        places["junk"].write_bytes(b'{"kind":"done"}\nseal 00\n')
        places["autre"].write_bytes(ended)
        places["rejoue"].write_bytes(marks.write(replayed, stage.parts.sealer))
        places["dossier"].mkdir()
        stage.lose_journal()
        stage.later(60)
        for name in names:
            assert stage.first_line(name).startswith(OUT), name
        stage.sign()
        stage.later()
        for name in names:
            assert stage.first_line(name) == in_place(name)
        assert stage.sends() == [1] * 5
        stage.intact()


def test_a_registry_full_of_junk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another firm's folder is not kept waiting; each file is looked at once, then all goes on; the log stays short."""
    monkeypatch.setattr(strange, "MOST_A_PASS", 60)
    with Firms(tmp_path) as stage:
        stage.stop()
        for number in range(150):
            (stage.registry(THEIRS) / f"{number:064x}.sent").write_bytes(b"junk")
            (stage.registry(THEIRS) / f"no key {number}.sent").write_bytes(b"junk")
        stage.drop("notre")
        stage.drop("leur", folder=THEIRS)
        stage.dms.forget_requests()
        stage.start()
        for _ in range(2):
            stage.round()
        assert "strange" in stage.memory.troubles["autres"]
        assert stage.told()["folders"]["autres"]["trouble"]
        assert stage.first_line("notre").startswith(OUT)
        stage.run(10)
        assert "autres" not in stage.memory.troubles
        assert stage.told()["folders"]["autres"]["trouble"] is None
        assert stage.told()["folders"]["autres"]["strange_markers"] == 300
        assert stage.first_line("leur", folder=THEIRS).startswith(OUT)
        looked = [one.path for one in stage.dms.requests if "/0000000000" in one.path]
        assert len(looked) == len(set(looked)) == 150
        events = stage.parts.journal.count_events(
            "folder:autres", "strange_markers", since=stage.clock.now() - timedelta(days=1)
        )
        assert events <= 4


def wrong_owners(stage: Firms) -> Mapping[str, Callable[[Path], object]]:
    since = stage.clock.now()
    forged = json.dumps(
        {"kind": "owner", "mark": {"connector": "x\n<0>\x1b[2J " + "y" * 9000, "since": since.isoformat()}}
    )
    return {
        "another's": lambda path: path.write_bytes(
            marks.write(Owner(connector="other-1", since=since), OTHER_SEAL)
        ),
        "ours under another seal": lambda path: path.write_bytes(
            marks.write(Owner(connector="test-1", since=since), OTHER_SEAL)
        ),
        "a name that is none": lambda path: path.write_bytes(
            forged.encode() + b"\nseal " + b"0" * 64 + b"\n"
        ),
        "junk": lambda path: path.write_bytes(b"junk\nseal \n"),
        "giant": lambda path: path.write_bytes(b"x" * 300_000),
        "a folder": lambda path: path.mkdir(),
    }


def test_owners_that_are_not_ours(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The folder rests for as long as it stands there, and is told; the other one works; nothing is lost by it."""
    with Firms(tmp_path) as stage:
        owner = stage.registry(THEIRS) / "owner"
        ours = owner.read_bytes()
        send_out(stage, "dehors", folder=THEIRS)
        before = stage.files(THEIRS)
        stage.drop("leur", letter("leur"), folder=THEIRS)
        stage.drop("notre", letter("notre"))
        for what, put in wrong_owners(stage).items():
            if owner.is_dir():
                owner.rmdir()
            owner.unlink(missing_ok=True)
            put(owner)
            stage.run(2)
            assert list(stage.memory.troubles) == ["autres"], what
            told = stage.told()["folders"]
            assert told["autres"]["trouble"], what
            assert len(told["autres"]["trouble"]) < 300
            assert told["lettres"]["trouble"] is None
        assert stage.first_line("notre").startswith(OUT)
        assert {"leur.pdf", "leur.sign.yaml", *before} == set(stage.files(THEIRS))
        owner.rmdir()
        owner.write_bytes(ours)
        stage.run()
        assert stage.memory.troubles == {}
        assert stage.told()["folders"]["autres"]["trouble"] is None
        assert stage.first_line("leur", folder=THEIRS).startswith(OUT)
        lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        assert all(line.isprintable() and len(line) < 400 for line in lines), lines
        stage.sign()
        stage.run()
        assert all(record.state is State.DELIVERED for record in stage.records())
        stage.intact()


def test_what_stands_in_another_registry(tmp_path: Path) -> None:
    """Under a key that they know: a marker of theirs, sealed by us, or a folder; or all of it says no (R2).

    Ours leave with their own transactions.
    """
    with Firms(tmp_path) as stage:
        send_out(stage, "leur", folder=THEIRS)
        stage.platform.misbehave(operation="create", kind="status", status=503, times=None)
        for name in ("notre", "dossier"):
            stage.drop(name, letter(name))
        stage.run(4)
        assert {stage.record(name).state for name in ("notre", "dossier")} == {State.WAITING}
        planted = {name: stage.registry(THEIRS) / stage.marker(name).name for name in ("notre", "dossier")}
        planted["notre"].write_bytes(stage.marker("leur", folder=THEIRS).read_bytes())
        planted["dossier"].mkdir()
        stage.platform.behave()
        stage.later()
        for name in planted:
            assert stage.first_line(name).startswith(OUT), stage.status(name)
            assert stage.transaction(name) != stage.transaction("leur", folder=THEIRS)
        for status in (403, 423):
            stage.dms.behave()
            stage.dms.misbehave(kind="status", status=status, path=f"{THEIRS}/*", times=None)
            stage.drop(f"notre {status}", letter(str(status)))
            stage.run()
            assert stage.first_line(f"notre {status}").startswith(OUT), status
        stage.dms.behave()
        stage.sign()
        stage.later()
        assert {one.state for one in stage.records()} == {State.DELIVERED}
        assert stage.sends() == [1] * 5
        stage.intact()


# ------------------------------------------------------------------------------------------- statuses


@MODES
def test_an_old_status_at_a_place_that_was_left(tmp_path: Path, mode: Mode) -> None:
    """A letter was taken to a folder that few may read; its status, put back beside another PDF, follows nothing."""
    with Stage(tmp_path, mode) as stage:
        stage.person.mkdir(f"{ROOT}/Direction")
        send_out(stage, "lettre")
        transaction, old = stage.record().transaction, stage.read("lettre.signature.txt")
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.move(name, name, to_folder=f"{ROOT}/Direction")
        stage.run()
        assert "lettre.signature.txt" not in stage.files()
        stage.person.write(f"{ROOT}/lettre.signature.txt", old)
        stage.drop("lettre", letter("leurre"), ONE + "# leurre\n")
        stage.run()
        assert [one.transaction for one in stage.records()].count(transaction) == 1
        assert stage.first_line().startswith("À VÉRIFIER – un suivi plus ancien porte ce nom")
        stage.sign()
        stage.run()
        assert stage.first_line(folder=f"{ROOT}/Direction") == in_place("lettre")
        assert not [name for name in stage.files() if name.startswith("lettre (signé")]
        assert stage.read("lettre.pdf") == letter("leurre")
        assert stage.sends() == [1]
        stage.intact()


class Servers(Stage):
    """Two servers, watched at the same path, for one account."""

    far: DmsWorld

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "plain", start=False)
        self.far = DmsWorld(directory / "far", directory / "far-state", mode="plain", clock=self.clock)
        self.served = self._servers.enter_context(serve_dms(self.far))
        self.far.person.mkdir(ROOT)
        self.start()
        self.run()

    @property
    def config_text(self) -> str:
        """The administrator's file; before the other server is there, of the first alone."""
        if not hasattr(self, "served"):
            return super().config_text
        password = self.directory / "password"
        server = f"loin: {{url: '{self.served.url}', user: signatures, password: {{file: {password}}}}}, "
        return (
            super()
            .config_text.replace("servers: {", f"servers: {{{server}")
            .replace(
                "folders: {",
                f"folders: {{loin: {{server: loin, path: /{ROOT}/, account: cabinet, send: live}}, ",
            )
        )

    def round(self) -> int:
        """The other server first."""
        self.clock.advance(3)
        far = self.__dict__.setdefault("far_memory", type(self.memory)())
        return server_pass(self.parts, "loin", far).moved + super().round()

    def start(self) -> None:
        """Wire anew."""
        self.__dict__.pop("far_memory", None)
        super().start()


def test_a_status_of_another_server(tmp_path: Path) -> None:
    """The same place by its name, on another firm's server: with journal and registry lost, it is a copy's status."""
    with Servers(tmp_path) as stage:
        send_out(stage, "lettre")
        status = stage.read("lettre.signature.txt")
        stage.stop()
        stage.far.person.write(f"{ROOT}/lettre.pdf", letter("leurre"))
        stage.far.person.write(f"{ROOT}/lettre.sign.yaml", ONE.encode() + b"# leurre\n")
        stage.far.person.write(f"{ROOT}/lettre.signature.txt", status)
        stage.lose_journal()
        stage.run()
        there = stage.parts.journal.at_place("loin", f"/{ROOT}/lettre.sign.yaml")
        assert there is not None
        assert there.transaction is None
        assert there.reason == "copy"
        stage.sign()
        stage.run()
        assert stage.first_line() == in_place("lettre")
        names = [path.name for path in stage.far.disk(ROOT).iterdir()]
        assert not [name for name in names if "signé" in name]
        assert stage.sends() == [1]


@MODES
def test_statuses_that_were_edited(tmp_path: Path, mode: Mode) -> None:
    """Journal and registry lost; one names another's transaction, one is another letter's: neither is followed."""
    with Stage(tmp_path, mode) as stage:
        send_out(stage, "une", "autre", "vraie")
        ids = {name: str(stage.record(name).transaction) for name in ("une", "autre", "vraie")}
        edited = stage.read("une.signature.txt").replace(ids["une"].encode(), ids["autre"].encode())
        assert edited != stage.read("une.signature.txt")
        stage.person.write(f"{ROOT}/une.signature.txt", edited)
        stage.person.write(f"{ROOT}/autre.signature.txt", stage.read("vraie.signature.txt"))
        stage.person.delete(".jse-connector" if mode == "nextcloud" else f"{ROOT}/.signature")
        stage.lose_journal()
        stage.run()
        assert {name: stage.record(name).transaction for name in ids} == {
            "une": None,
            "autre": None,
            "vraie": ids["vraie"],
        }
        assert stage.first_line("une").startswith("À VÉRIFIER – ")
        assert stage.first_line("autre").startswith("À CONFIRMER – ")
        stage.sign()
        stage.run()
        assert stage.first_line("vraie") == in_place("vraie")
        for name in ("une", "autre"):
            assert stage.read(f"{name}.pdf") == letter(f"{ROOT} {name}")
        assert stage.sends() == [1, 1, 1]
        stage.intact()


# ------------------------------------------------------------------------- signed already, by its look


class Signer:
    """An attacker's own authority: it certifies anybody's name and address, and no machine knows it."""

    def __init__(self, directory: Path) -> None:
        self._authority = Authority(directory)

    def sign(self, stage: Stage, content: bytes, *people: tuple[str, str]) -> bytes:
        """Return the document signed by these people, as they would have, a moment from now."""
        when = stage.clock.now() + timedelta(seconds=5)
        fields = [Field(f"champ-{number}") for number in range(len(people))]
        content = add_fields(content, fields)
        for field, (name, email) in zip(fields, people, strict=True):
            content = sign_field(content, field, self._authority.signer(name, email), name, when)
        return content


def platform_copy(stage: Stage, name: str, *, rank: int = 1) -> bytes:
    """What Jesignexpert holds of a letter now, as whoever signed may download it."""
    return downloaded(stage, str(stage.record(name).transaction), rank)


def downloaded(stage: Stage, transaction: str, rank: int = 1) -> bytes:
    kept = stage.directory / "platform" / "transactions" / transaction
    return (kept / f"courant-{rank}.pdf").read_bytes()


MARIE_DUPONT = ("Marie Dupont", MARIE)
AGAIN = "action: recommencer\n"


@pytest.mark.parametrize(("mode", "lost"), [("nextcloud", False), ("plain", True)])
def test_what_only_looks_like_the_signed_document(tmp_path: Path, mode: Mode, lost: bool) -> None:
    """R8: what an attacker, or a mistake, puts in its place is left there; the signed document comes beside."""
    forger = Signer(tmp_path / "forger")
    with Stage(tmp_path, mode) as stage:
        send_out(stage, "donneur", "ancienne")
        stage.sign()
        stage.run()
        old = stage.read("ancienne.pdf")
        stage.write("ancienne.pdf", letter(f"{ROOT} ancienne"))
        stage.write("ancienne.sign.yaml", ONE + AGAIN)
        stage.run()
        assert stage.first_line("ancienne").startswith(OUT), stage.status("ancienne")
        send_out(stage, "leurre", "nom pris", "autrui", "entiere", "contresignee")
        send_out(stage, "partielle", sidecar=TWO)
        stage.platform.person_signs(str(stage.record("partielle").transaction), MARIE)
        put = {
            "ancienne": old,
            "leurre": forger.sign(stage, letter(f"{ROOT} leurre"), MARIE_DUPONT),
            "nom pris": documents.resaved(letter(f"{ROOT} nom pris")),
            "autrui": stage.read("donneur.pdf"),
            "partielle": platform_copy(stage, "partielle"),
        }
        for name, content in put.items():
            stage.write(f"{name}.pdf", content)
        taken = forger.sign(stage, letter(f"{ROOT} nom pris"), MARIE_DUPONT)
        stage.write("nom pris (signé).pdf", taken)
        stage.run()
        whole = {name: str(stage.record(name).transaction) for name in ("entiere", "contresignee")}
        if lost:
            stage.lose_journal()
        stage.sign()
        for name, transaction in whole.items():
            content = downloaded(stage, transaction)
            put[name] = content if name == "entiere" else forger.sign(stage, content, ("Paul Martin", PAUL))
            stage.write(f"{name}.pdf", put[name])
        stage.sign(CLAIRE)
        stage.run()
        stage.clock.advance(3700)
        stage.run()
        for name, content in put.items():
            assert stage.read(f"{name}.pdf") == content, name
            theirs = name in {"entiere", "contresignee"}
            where = "signé) (2" if name == "nom pris" else "signé"
            assert stage.first_line(name) == (in_place(name) if theirs else beside(name, where)), name
            assert (f"{name} (signé).pdf" in stage.files()) is not theirs, name
        assert stage.read("nom pris (signé).pdf") == taken
        assert stage.sends() == [1] * 9
        stage.intact()


# -------------------------------------------------------------------- what Jesignexpert answers wrongly


def answers(stage: Stage, operation: str, name: str, body: bytes, **rule: Any) -> None:
    """Let the platform answer this to what is asked about one letter, until it behaves."""
    stage.platform.misbehave(
        operation=operation,
        kind="status",
        times=rule.pop("times", None),
        transaction=str(stage.record(name).transaction),
        status=200,
        body=body,
        content_type="application/pdf" if operation == "download" else "application/json",
        **rule,
    )


NOT_THE_ONE = "À VÉRIFIER – le document revenu n’est pas celui envoyé ; il n’a rien remplacé"


@MODES
def test_another_requests_document(tmp_path: Path, mode: Mode) -> None:
    """D4: Known by its signatures or by its pages, it is fetched again, and never comes into this folder."""
    with Stage(tmp_path, mode) as stage:
        send_out(stage, "rendue")
        stage.sign()
        stage.run()
        assert stage.first_line("rendue") == in_place("rendue")
        send_out(stage, "une", "autre", "encore dehors")
        stage.sign()
        answers(stage, "download", "une", stage.read("rendue.pdf"))
        answers(stage, "download", "autre", platform_copy(stage, "encore dehors"))
        stage.platform.misbehave(
            operation="download",
            kind="status",
            status=409,
            times=None,
            transaction=str(stage.record("encore dehors").transaction),
        )
        before = stage.files()
        stage.run()
        for name in ("une", "autre"):
            assert stage.first_line(name) == NOT_THE_ONE, stage.status(name)
            assert stage.record(name).state is State.QUARANTINED
            assert stage.read(f"{name}.pdf") == letter(f"{ROOT} {name}")
        assert stage.files() == before
        stage.platform.behave()
        for _ in range(2):
            stage.clock.advance(3700)
            stage.run()
        for name in ("une", "autre", "encore dehors"):
            assert stage.first_line(name) == in_place(name)
        stage.intact()


def test_the_same_form_signed_by_another_client(tmp_path: Path) -> None:
    """D4: The very pages, but the signature is that of another request's signatory: beside, and it is said why."""
    paul = f"signataires: Paul Martin <{PAUL}> 06 98 76 54 32\n"
    form = letter("Formulaire")
    with Stage(tmp_path) as stage:
        for name, sidecar in (("marie", ONE), ("paul", paul)):
            stage.drop(name, form, sidecar)
        stage.run()
        for person in (MARIE, PAUL):
            stage.sign(person)
        answers(stage, "download", "marie", platform_copy(stage, "paul"))
        # Paul's own comes later: what is known to be his would not come beside Marie's at all.
        not_ready = {"transaction": str(stage.record("paul").transaction), "status": 404}
        stage.platform.misbehave(operation="download", kind="status", times=None, **not_ready)
        stage.run()
        assert stage.first_line("marie") == beside("marie", "signé, à vérifier")
        stage.platform.behave()
        stage.clock.advance(3700)
        stage.run()
        assert "Aucune signature n’est au nom" in stage.status("marie").replace("\u00a0", " ")
        assert stage.read("marie.pdf") == form
        assert stage.first_line("paul") == in_place("paul")
        stage.intact()


def test_two_documents_of_one_request_swapped(tmp_path: Path) -> None:
    """D4: Each comes beside the file that it came for, to be checked; neither replaces anything."""
    with Stage(tmp_path) as stage:
        bilan = letter("Bilan")
        stage.write("Bilan.pdf", bilan)
        stage.drop("dossier", letter("dossier"), ONE + "documents: [Bilan]\n")
        stage.run()
        stage.sign()
        for rank in (2, 1):
            answers(stage, "download", "dossier", platform_copy(stage, "dossier", rank=rank), times=1)
        stage.run()
        assert stage.record("dossier").state is State.DELIVERED_BESIDE
        assert stage.read("dossier.pdf") == letter("dossier")
        assert stage.read("Bilan.pdf") == bilan
        assert {"dossier (signé, à vérifier).pdf", "Bilan (signé, à vérifier).pdf"} <= set(stage.files())
        stage.intact()


NOT_INTACT: Mapping[str, Callable[[], bytes]] = {
    "annotee": documents.noted_after,
    "rallongee": documents.page_added_after,
    "chiffree": documents.encrypted,
    "effacee": documents.emptied_signature,
    "trop grande": lambda: documents.signed() + b"%" * 600_000,
}


def test_documents_that_were_tampered_with(tmp_path: Path) -> None:
    """D4: A note or a page added later, a password, a signature wiped out, more than is ever taken: quarantined."""
    limit = ", contract: {limits: {max_signed_size: 500000}}"
    with Stage(tmp_path, contract=limit) as stage:
        send_out(stage, *NOT_INTACT)
        for name, content in NOT_INTACT.items():
            answers(stage, "download", name, content())
        stage.sign()
        before = stage.files()
        stage.run()
        for name in NOT_INTACT:
            assert stage.record(name).state is State.QUARANTINED, name
            assert stage.first_line(name).endswith("il n’a rien remplacé"), name
            assert stage.read(f"{name}.pdf") == letter(f"{ROOT} {name}")
        assert stage.files() == before
        stage.platform.behave()
        stage.clock.advance(3700)
        stage.run()
        for name in NOT_INTACT:
            assert stage.first_line(name) == in_place(name)
        stage.intact()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (documents.noted_after, "Aucune signature du document revenu n’est altérée."),
        (
            documents.broken,
            "Une signature au moins du document revenu n’a pas pu être reconnue comme intacte.",
        ),
        (
            documents.emptied_signature,
            "Une signature au moins du document revenu n’a pas pu être reconnue comme intacte.",
        ),
        (
            lambda: documents.blank(2001),
            "Le document revenu est trop complexe pour que ses signatures soient contrôlées ici.",
        ),
    ],
    ids=["added to", "altered", "no signature left", "too much to be verified"],
)
def test_what_the_platform_insists_on_comes_beside(
    tmp_path: Path, content: Callable[[], bytes], told: str
) -> None:
    """D4: Held back for a day, no longer: what the platform gives is all there is, and it erases that after a month."""
    with Stage(tmp_path, settings={"comments": "true"}) as stage:
        send_out(stage, "lettre")
        given = content()
        answers(stage, "download", "lettre", given)
        stage.sign()
        for hours in (11, 11, 2):
            stage.run()
            assert stage.record("lettre").state is State.QUARANTINED
            stage.clock.advance(hours * 3600)
        before = stage.record("lettre").signatories
        stage.run()
        assert stage.record("lettre").state is State.DELIVERED_BESIDE
        assert stage.first_line("lettre") == (
            "SIGNÉ – mais le document revenu est à contrôler : « lettre (signé, à vérifier).pdf »"
        )
        assert told in " ".join(stage.status("lettre").replace("\u00a0", " ").split())
        assert stage.read("lettre.pdf") == letter(f"{ROOT} lettre")
        assert stage.read("lettre (signé, à vérifier).pdf") == given
        assert stage.dms.tags_of(f"{ROOT}/lettre.pdf") == ["Signature à corriger"]
        assert stage.dms.tags_of(f"{ROOT}/lettre (signé, à vérifier).pdf") == []
        assert len(stage.dms.comments_on(f"{ROOT}/lettre.pdf")) == 1, (
            "that it left; nobody hears that it is signed"
        )
        # Signatures that are not intact date nothing.
        assert stage.record("lettre").signatories == before
        stage.intact()


def test_whose_a_document_is_is_seen_without_verifying_it(tmp_path: Path) -> None:
    """D4: However much there is to verify: another request's never comes, its own does, a day later and as it is."""
    with Stage(tmp_path) as stage:
        send_out(stage, "lettre", "autre")
        stage.sign()
        given = documents.with_fields_for_its_signature(platform_copy(stage, "autre"), MOST_SIGNATURES)
        for name in ("lettre", "autre"):
            answers(stage, "download", name, given)
        for hours in (22, 4):
            stage.run()
            assert stage.first_line("lettre") == NOT_THE_ONE, stage.status("lettre")
            stage.clock.advance(hours * 3600)
        stage.run()
        assert stage.record("lettre").state is State.QUARANTINED
        assert [name for name in stage.files() if "vérifier" in name] == ["autre (signé, à vérifier).pdf"]
        assert stage.read("autre (signé, à vérifier).pdf") == given
        assert stage.record("autre").document.differences == {"intactness": "unverified"}
        assert stage.record("autre").document.signatures is None, "nobody knows; none would be a finding"
        stage.intact()


def test_that_nobody_signed_it_is_seen_without_verifying_it(tmp_path: Path) -> None:
    """D4: What was sent is not called signed where its verification came to no end."""
    with Stage(tmp_path) as stage:
        for content, code in [(documents.letter(), "not_signed"), (documents.signed(), "unverified")]:
            (tmp_path / "given.pdf").write_bytes(content)
            assert unverified(stage.parts, tmp_path / "given.pdf").code == code


def test_what_is_not_intact_in_one_way_and_then_in_another_comes_beside(tmp_path: Path) -> None:
    """D4: It is the same day of the platform's insistence, whichever way the look of the hour names."""
    with Stage(tmp_path) as stage:
        send_out(stage, "lettre")
        kinds = [documents.noted_after(), documents.broken()]
        answers(stage, "download", "lettre", kinds[0])
        stage.sign()
        for number in range(13):
            assert stage.record("lettre").state is not State.DELIVERED_BESIDE
            stage.platform.behave()
            answers(stage, "download", "lettre", kinds[number % 2])
            stage.run()
            stage.clock.advance(7200)
        stage.run()
        assert stage.record("lettre").state is State.DELIVERED_BESIDE
        stage.intact()


def test_a_page_in_between_begins_no_day_anew(tmp_path: Path) -> None:
    """D4: A gateway's page once a day would keep it away until the platform erases it."""
    with Stage(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.sign()
        for number in range(13):
            assert stage.record("lettre").state is not State.DELIVERED_BESIDE
            stage.platform.behave()
            answers(stage, "download", "lettre", b"<html>" if number == 11 else documents.broken())
            stage.run()
            stage.clock.advance(7200)
        assert stage.record("lettre").state is State.DELIVERED_BESIDE
        stage.intact()


def test_a_clock_that_is_a_day_ahead_makes_no_day(clocked: Made) -> None:
    """D4, E4: What comes an hour later may be whole: nothing is final by a clock that is wrong."""
    with clocked() as stage:
        connected_for_good(stage)
        send_out(stage, "lettre")
        answers(stage, "download", "lettre", documents.broken())
        stage.sign()
        for _ in range(3):
            stage.clock.advance(3700)
            stage.run()
        assert stage.record("lettre").state is State.QUARANTINED
        stage.off = timedelta(days=2)
        for _ in range(3):
            stage.clock.advance(3700)
            stage.run()
        assert stage.record("lettre").state is State.QUARANTINED
        stage.off = timedelta(0)
        stage.platform.behave()
        for _ in range(60):
            stage.clock.advance(3700)
            stage.run()
        assert stage.record("lettre").state is State.DELIVERED
        stage.intact()


def test_what_is_not_intact_is_told_where_its_folder_is_gone(tmp_path: Path) -> None:
    """D4, C10: In the folder for lost ones it bears the same name, and the same is said of it."""
    with Stage(tmp_path) as stage:
        folder = f"{ROOT}/Client"
        stage.person.mkdir(folder)
        send_out(stage, "lettre", folder=folder)
        (record,) = stage.records()
        stage.platform.misbehave(
            operation="download",
            kind="status",
            times=None,
            transaction=str(record.transaction),
            status=200,
            body=documents.broken(),
            content_type="application/pdf",
        )
        stage.sign()
        for _ in range(11):
            stage.run()
            stage.clock.advance(7200)
        stage.delete("Client")
        for _ in range(8):
            stage.run()
            stage.clock.advance(7200)
        lost, name = f"{ROOT}/Signatures à classer", "lettre (signé, à vérifier)"
        assert f"{name}.pdf" in stage.files(lost)
        (record,) = stage.records()
        assert (record.state, record.reason) == (State.DELIVERED_BESIDE, "folder_gone")
        assert stage.first_line(name, folder=lost) == (
            f"SIGNÉ – mais le document revenu est à contrôler : « {name}.pdf »"
        )
        status = " ".join(stage.status(name, folder=lost).replace("\u00a0", " ").split())
        assert "Une signature au moins du document revenu n’a pas pu être reconnue comme intacte." in status
        assert "relisez-le avant de vous en servir" in status
        assert "une annotation suffit" not in status


def test_what_is_wrong_on_the_last_day_comes_beside_at_once(tmp_path: Path) -> None:
    """D4: A connector that comes back the day before the platform erases has no day left to ask again."""
    with Stage(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.sign()
        number = str(stage.record("lettre").transaction)
        stage.platform.misbehave(
            operation="download", kind="status", status=409, times=None, transaction=number
        )
        for days in (0, 20, 9.5):
            stage.clock.advance(days * 86_400)
            stage.run()
        assert stage.record("lettre").state is State.SEALING
        stage.platform.behave()
        answers(stage, "download", "lettre", documents.noted_after())
        stage.clock.advance(3700)
        stage.run()
        assert stage.record("lettre").state is State.DELIVERED_BESIDE
        stage.intact()


def test_a_document_that_is_too_much_to_look_at(tmp_path: Path) -> None:
    """D4: Nobody found its signatures altered: what is said is that it could not be checked."""
    with Stage(tmp_path) as stage:
        send_out(stage, "longue")
        answers(stage, "download", "longue", documents.signed(documents.letter(2_001, lines=0), signers=1))
        stage.sign()
        stage.run()
        assert stage.record("longue").state is State.QUARANTINED
        assert stage.first_line("longue") == (
            "À VÉRIFIER – le document revenu est à contrôler ; il n’a rien remplacé"
        )
        stage.platform.behave()
        stage.clock.advance(3700)
        stage.run()
        assert stage.first_line("longue") == in_place("longue")
        stage.intact()


def test_a_transaction_that_another_request_has(tmp_path: Path) -> None:
    """What is created is the number of one that is out: nothing is put into it, nor asked or sent."""
    with Stage(tmp_path) as stage:
        send_out(stage, "dehors")
        told = json.dumps({"id": str(stage.record("dehors").transaction)})
        stage.platform.misbehave(operation="create", kind="status", status=200, times=None, body=told)
        asked = len(stage.platform.requests)
        stage.drop()
        stage.run(4)
        assert {one.operation for one in stage.platform.requests[asked:]} <= {"create", "status"}
        assert stage.record().transaction is None
        assert stage.first_line().startswith("EN ATTENTE"), stage.status()
        stage.platform.behave()
        stage.clock.advance(3700)
        stage.run()
        assert stage.first_line().startswith(OUT)
        assert stage.sends() == [1, 1]


def test_a_status_of_another_transaction(tmp_path: Path) -> None:
    """Its words count for nothing, nor do those of other types: it stays as it was, and is asked again."""
    with Stage(tmp_path) as stage:
        send_out(stage, "finie", "une", "autre")
        stage.platform.person_signs(str(stage.record("finie").transaction), MARIE)
        told = json.dumps({"id": stage.record("finie").transaction, "status": "completed"})
        answers(stage, "status", "une", told.encode())
        answers(stage, "status", "autre", b'{"id": ["x"], "status": {"completed": true}}')
        stage.run()
        assert stage.first_line("finie") == in_place("finie")
        for name in ("une", "autre"):
            assert stage.record(name).state is State.IN_PROGRESS
            assert stage.first_line(name).startswith(OUT)
        stage.platform.behave()
        stage.sign()
        stage.clock.advance(3700)
        stage.run()
        for name in ("une", "autre"):
            assert stage.first_line(name) == in_place(name)


def test_a_crowd_of_one_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter that was renamed is looked for among hundreds as large as it, some of them in each pass, and found."""
    monkeypatch.setattr(missing, "_MOST_LOOKED_AT", 10)
    with Stage(tmp_path, "plain") as stage:
        send_out(stage, "lettre")
        content = stage.read("lettre.pdf")
        for number in range(35):
            stage.dms.disk(f"{ROOT}/a{number}.pdf").write_bytes(content[:-6] + b"%05d\n" % number)
        stage.run()
        stage.dms.forget_requests()
        stage.move("lettre.pdf", "z.pdf")
        for _ in range(7):
            before = len(stage.dms.requests)
            stage.round()
            looked = [
                one.path for one in stage.dms.requests[before:] if one.path.startswith(f"/dav/{ROOT}/a")
            ]
            assert len(looked) <= 10
        assert stage.record().document.href == f"/{ROOT}/z.pdf"
        assert stage.record().document.missing_since is None


# ---------------------------------------------------------------------------------------------- names

ELSEWHERE = (
    f"../{THEIRS}/secret.pdf",
    f"/{THEIRS}/secret.pdf",
    f"..\\{THEIRS}\\secret.pdf",
    "..",
    f"%2e%2e/{THEIRS}/secret.pdf",
    f"../{THEIRS}/*.pdf",
    "http://exemple.test/secret.pdf",
    "file:///etc/passwd",
    "secret\0.pdf",
    "\u202efdp.secret",
    "x" * 300,
    "a\nb.pdf",
    ".signature/owner",
)


def test_names_that_lead_elsewhere(tmp_path: Path) -> None:
    """Documents, annexes and messages of other folders: refused or awaited; nothing outside is asked for or sent."""
    with Firms(tmp_path) as stage:
        stage.person.write(f"{THEIRS}/secret.pdf", letter("secret"))
        stage.person.write(f"{THEIRS}/secret.txt", b"secret")
        stage.run()
        stage.dms.forget_requests()
        for number, name in enumerate(ELSEWHERE):
            key = ("documents", "annexes")[number % 2]
            stage.drop(f"nom {number}", letter(str(number)), ONE + f"{key}: [{json.dumps(name)}]\n")
        for number, name in enumerate((f"../{THEIRS}/secret.txt", f"/{THEIRS}/secret.txt", "..")):
            stage.drop(f"message {number}", letter(str(number)), ONE + f"message: voir {name}\n")
        stage.run()
        stage.clock.advance(300)
        stage.run()
        named = {record.place for record in stage.records()}
        assert len(named) == len(ELSEWHERE) + 3
        for record in stage.records():
            assert record.state in {State.REJECTED, State.WAITING_PDF} or "message" in record.place, (
                record.place
            )
        assert stage.sends().count(1) <= 3
        outside = {
            one.path
            for one in stage.dms.requests
            if one.method in {"GET", "PUT", "MOVE", "DELETE"} and not one.path.startswith(f"/dav/{ROOT}/")
        }
        assert not [path for path in outside if "secret" in path or ".." in path], outside
        assert b"secret" not in b"".join(
            path.read_bytes() for path in (stage.directory / "platform").rglob("*.json")
        )
