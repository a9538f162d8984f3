"""Stories for the crash matrix: what leads up to one is lived once, each fault gets a copy of that world.

A story is told until it is quiet, starting anew after each kill, and then judged by what design page section 3
promises: sent once, delivered once, nobody's bytes lost, everything told as the journal has it, nothing left lying.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import ClassVar

from pyhanko.pdf_utils.reader import PdfFileReader

from connector.journal import Journal
from connector.lifecycle import Record, State
from connector.report.tags import TAG_NAMES
from connector.sandbox.clock import SandboxClock
from tests import documents
from tests.faults.points import READS, Killed, Points, Variant
from tests.spreadsheets import person, workbook
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, TWO, Mode, Stage, workers

HOUR = 3600
OVERVIEW = "_Suivi des signatures.txt"
WORKING = {"Signature en cours"}
TAGS: dict[State, set[str]] = {
    State.REJECTED: {"Signature à corriger"},
    State.IN_PROGRESS: WORKING,
    State.SEALING: WORKING,
    State.DELIVERING: WORKING,
    State.DELIVERED: {"Signé"},
    State.DELIVERED_BESIDE: {"Signé"},
    State.REFUSED: {"Signature refusée"},
    State.EXPIRED: {"Signature expirée"},
    State.HELD: {"Signature à corriger"},
    State.IN_DOUBT: {"Signature à corriger"},
}
"""Tags as the design page gives them (section 4), told again on purpose."""
assert set().union(*TAGS.values()) <= set(TAG_NAMES["fr"].values())


def signatures(content: bytes) -> int:
    """How many signatures a PDF bears, by the library and not by our own reading."""
    return len(PdfFileReader(io.BytesIO(content), strict=False).embedded_signatures)


def variants(name: str) -> list[Variant]:
    """How a point can be struck: a read has no effect that could be late, a commit no answer."""
    if name == "commit":
        return ["before", "after"]
    if name.split()[1] in READS:
        return ["lost", "garbled", "502"]
    return ["before", "after", "lost", "garbled", "502", "503", "late", "later", "orphan"]


def once_each(name: str) -> list[Variant]:
    """The same without what another point stands for: a crash before an effect is a crash after the one before it."""
    return [variant for variant in variants(name) if variant != "before"]


Case = tuple[str, Variant]
"""Label of a point, and how it is struck."""


def cases(labels: Collection[str], ways: Callable[[str], list[Variant]] = variants) -> list[Case]:
    """Every point in every way. A label's name is what stands before its count, and before a commit's event."""
    return [(label, variant) for label in labels for variant in ways(_name(label))]


def _name(label: str) -> str:
    return "commit" if label.startswith("commit ") else label.rpartition(" #")[0]


class Story(ABC):
    """Told in a copy of the world ``before``, with the one fault that ``points`` strikes."""

    patience = 6
    """So many times a calm is waited for, with time in between, until everything is over."""

    def __init__(self, directory: Path, points: Points, before: Stage) -> None:
        shutil.copytree(before.directory, directory, dirs_exist_ok=True)
        self.points = points
        self.stage = self._stage(directory, points, before)
        self.stage.clock.advance(max(0.0, before.clock.offset_s - self.stage.clock.offset_s) + 60)
        _stand(self.stage.clock)
        self.stage.owed = dict(before.owed)
        _seen_before(self.stage)
        self.doubts: set[int] = set()

    def _stage(self, directory: Path, points: Points, before: Stage) -> Stage:
        return Stage(
            directory, before.mode, seams=points.seams(workers()), start=False, settings=before.settings,
            account=before.account, more=before.more,
        )  # fmt: skip

    @property
    def mode(self) -> Mode:
        """Which kind of server it is told on."""
        return self.stage.mode

    def tell(self) -> None:
        """Live it to its end."""
        self.points.armed = True
        for _ in range(4):
            try:
                self.stage.start()
                self._live()
                self.points.let_everything_happen()
                # The overview is rewritten at its own times only.
                self.stage.clock.advance(600)
                self.stage.run(calm=3)
            except Killed:
                self.stage.stop()
            else:
                return
        raise AssertionError("killed more often than the one fault allows")

    def _live(self) -> None:
        for number in range(self.patience):
            self.stage.run(calm=2)
            if self._settle_doubts():
                self.stage.run(calm=2)
            self.act()
            if self.is_over():
                return
            if number:
                # What an obstacle has put off, an account's pause included, is taken up again.
                self.stage.clock.advance(1000)
                self.stage.renew()

    @abstractmethod
    def act(self) -> None:
        """Let people do what they do while it is calm; doing it twice is doing it once."""

    @abstractmethod
    def is_over(self) -> bool:
        """True when nothing more is to come."""

    @abstractmethod
    def judge(self) -> None:
        """Say what must be so in the end, beside what always must."""

    def _settle_doubts(self) -> bool:
        """Where the connector cannot tell, the person does, truthfully, as the status asks."""
        told = False
        for record in self.stage.records():
            if record.state is not State.IN_DOUBT or not record.current or record.id in self.doubts:
                continue
            name = record.place.rpartition("/")[2].removesuffix(".sign.yaml")
            assert self.stage.first_line(name).startswith("À VÉRIFIER")
            # Whoever looks at the platform's site does so when every call has long come to its end.
            self.points.let_everything_happen()
            sent = self.stage.platform.transaction(str(record.transaction)).sends
            self.doubts.add(record.id)
            if not sent:
                self.stage.write(f"{name}.sign.yaml", ONE + "action: pas partie\n")
            told = True
        return told

    def faultless(self) -> None:
        """The invariants of design page section 3, and that nothing is left lying anywhere."""
        stage = self.stage
        stage.intact()
        journal = stage.parts.journal
        for record in stage.records():
            assert journal.intended(record) == (), (record.ref, journal.intended(record))
        kept = journal.overviews("dms", f"/{ROOT}/")
        assert [each.intended for each in kept.values()] == [""] * len(kept)
        left = {record.ref for record in stage.records() if not record.closed}
        assert stage.parts.spool.references() <= left
        if self._hidden():
            # What tried the server out comes too late to be seen at once: the next start and its first new file end it.
            stage.restart()
            stage.drop("plus tard", documents.letter(1, "plus tard"))
            stage.run(calm=2)
        assert self._hidden() == []
        strays = [path for path in stage.state.directory.rglob("*") if path.name.startswith((".new-", "tmp"))]
        assert strays == []
        if stage.mode == "nextcloud":
            for record in stage.records():
                self._tagged(record)

    def _hidden(self) -> list[str]:
        return [name for name in self.stage.ground.files() if name.endswith((".part", ".tmp"))]

    def _tagged(self, record: Record) -> None:
        dms, path = self.stage.dms, record.document.href.strip("/")
        if record.current and record.reported is not None and dms.file_id(path) is not None:
            assert set(dms.tags_of(path)) == TAGS.get(record.state, set()), (record.state, dms.tags_of(path))

    def overview(self, *, rows: str) -> None:
        """The overview counts what the journal has."""
        text = self.stage.read(OVERVIEW).decode("utf-8-sig").replace("\u00a0", " ")
        assert rows in text, text


def _stand(clock: SandboxClock) -> None:
    """Let time pass by the story alone: on a busy machine it goes as on an idle one."""
    began = time.time()
    clock.timestamp = lambda: began + clock.offset_s  # type: ignore[method-assign]


def _seen_before(stage: Stage) -> None:
    """The copy has another address, which would be another folder (R7): it is told that it knows this one."""
    if not (stage.state.directory / "journal" / "journal.sqlite").exists():
        return
    journal = Journal(stage.state.journal_url, now=stage.clock.now)
    journal.begin_watch("lettres", f"{stage.ground.url} /{ROOT}/")
    journal.close()


Telling = Callable[[Path, Points], Story]


def told(telling: Telling, points: Points, base: Path) -> Points:
    """Tell one story in a directory of its own and judge it. Raises AssertionError, also when the point never came."""
    with tempfile.TemporaryDirectory(dir=base) as directory:
        story = telling(Path(directory), points)
        try:
            story.tell()
            story.judge()
            story.faultless()
        finally:
            story.stage.close()
    assert points.struck or points.point is None, "that point never came"
    return points


def struck(telling: Telling, chosen: Collection[Case], base: Path) -> list[str]:
    """Tell it once for each of the cases; returns what went wrong."""
    failures = []
    for label, variant in chosen:
        try:
            told(telling, Points(point=label, variant=variant), base)
        except Exception as error:  # whatever it is, it is told with the point, and the others go on
            failures.append(f"{label} {variant}: {type(error).__name__}: {error}"[:1500])
    return failures


# --------------------------------------------------------------------------------------- one letter

LETTER = documents.letter(pages=1)


def empty(directory: Path, mode: Mode) -> Stage:
    """A folder that the connector has seen, with nothing in it yet; its world is closed."""
    stage = Stage(directory, mode)
    stage.close()
    return stage


class Letters(Story):
    """Some letters at once, one signatory each, from the drop to the end."""

    names: tuple[str, ...] = ("lettre",)

    def __init__(self, directory: Path, points: Points, before: Stage) -> None:
        super().__init__(directory, points, before)
        for name in self.names:
            self.stage.drop(name, pdf=self.letter(name))

    def letter(self, name: str) -> bytes:
        """What is to be signed."""
        return LETTER if name == "lettre" else documents.letter(1, name, lines=2)

    def act(self) -> None:
        self.stage.sign()

    def is_over(self) -> bool:
        journal = self.stage.parts.journal
        records = [journal.at_place("dms", f"/{ROOT}/{name}.sign.yaml") for name in self.names]
        return all(record is not None and record.closed for record in records)

    def judge(self) -> None:
        stage = self.stage
        for name in self.names:
            record = stage.record(name)
            assert record.state is State.DELIVERED, (record.state, record.reason, stage.first_line(name))
            assert record.closed
            assert stage.first_line(name) == f"SIGNÉ – « {name}.pdf » est maintenant la version signée"
            signed = stage.read(f"{name}.pdf")
            assert signatures(signed) == 1
            self._original_kept(name, signed)
        assert sum(stage.sends()) == len(self.names), stage.sends()
        originals = [f"{name} (original).pdf" for name in self.names if self.mode == "plain"]
        ours = [f"{name}.{end}" for name in self.names for end in ("pdf", "sign.yaml", "signature.txt")]
        assert stage.files() == sorted([*ours, *originals])
        count = len(self.names)
        self.overview(
            rows=f"{count} demande{'s' if count > 1 else ''} : {count} signée{'s' if count > 1 else ''}"
        )

    def _original_kept(self, name: str, signed: bytes) -> None:
        stage = self.stage
        if stage.mode == "nextcloud":
            contents = [content for _, _, content in stage.dms.versions_of(f"{ROOT}/{name}.pdf")]
            assert contents == [signed, self.letter(name)]
        else:
            assert stage.read(f"{name} (original).pdf") == self.letter(name)


class SideBySide(Letters):
    """Three letters side by side, in several threads."""

    names = ("bilan", "liasse", "mission")


# ------------------------------------------------------------------------- several documents, on their way home

FILES = {
    "lettre.pdf": documents.letter(1, "Lettre", lines=2),
    "bilan.pdf": documents.letter(1, "Bilan", lines=2),
    "Annexe.pdf": documents.letter(1, "Annexe", lines=2),
}
SIGNED_ANNEX = "lettre - Annexe (signé).pdf"


def signed(directory: Path, mode: Mode) -> Stage:
    """Live the story of two documents and an annex until everybody has signed, and close that world."""
    stage = Stage(directory, mode)
    for name, content in FILES.items():
        stage.write(name, content)
    stage.write("lettre.sign.yaml", ONE + "documents: bilan.pdf\nannexes: Annexe.pdf\n")
    stage.run(calm=2)
    stage.sign()
    stage.close()
    return stage


class Homeward(Story):
    """Two documents and an annex that all have signed, while they come home."""

    def act(self) -> None:
        pass

    def is_over(self) -> bool:
        return self.stage.record().closed

    def judge(self) -> None:
        stage = self.stage
        record = stage.record()
        assert record.state is State.DELIVERED, (record.state, record.reason, stage.first_line())
        assert record.closed
        assert sum(stage.sends()) == 1, stage.sends()
        assert stage.first_line() == "SIGNÉ – les 2 documents sont revenus signés"
        aside = ["bilan (original).pdf", "lettre (original).pdf"] if stage.mode == "plain" else []
        written = ["lettre.sign.yaml", "lettre.signature.txt", SIGNED_ANNEX]
        assert stage.files() == sorted([*FILES, *aside, *written])
        for name in ("lettre.pdf", "bilan.pdf", SIGNED_ANNEX):
            assert signatures(stage.read(name)) == 1, name
        assert stage.read("Annexe.pdf") == FILES["Annexe.pdf"]
        for name in ("lettre.pdf", "bilan.pdf"):
            if stage.mode == "nextcloud":
                contents = [content for _, _, content in stage.dms.versions_of(f"{ROOT}/{name}")]
                assert contents == [stage.read(name), FILES[name]]
            else:
                assert stage.read(name.replace(".pdf", " (original).pdf")) == FILES[name]


# --------------------------------------------------------------------------------- the first start


def untouched(directory: Path, mode: Mode) -> Stage:
    """A folder that no connector has ever seen."""
    stage = Stage(directory, mode, start=False)
    stage.close()
    return stage


class FirstStart(Story):
    """The service starts for the first time: owner, registry, models, overview."""

    def act(self) -> None:
        pass

    def is_over(self) -> bool:
        return self.stage.memory.workable(self.stage.parts.watched["lettres"])

    def judge(self) -> None:
        stage = self.stage
        tree = stage.ground.files()
        assert f"{ROOT}/.signature/owner" in tree
        models = {
            name: data for name, data in tree.items() if name.startswith(f"{ROOT}/Modèles de signature/")
        }
        assert len(models) >= 4
        assert all(models.values()), "an empty model"
        before = len(stage.dms.requests)
        stage.clock.advance(HOUR)
        stage.run(4, calm=4)
        writes = [one for one in stage.dms.requests[before:] if one.method not in READS]
        assert writes == [], "all was there already"
        # The point may be the very last call of those looks, so that the next one finds all well: it has no points.
        self.points.armed = False
        stage.clock.advance(HOUR)
        stage.run(2, calm=2)
        assert stage.memory.problem == ""


# ------------------------------------------------------------------------ orders, and what comes beside

DONE = "Demandes terminées"
KEPT = "Garde"
ASKED = f"{ONE}attestation: oui\n"


def asked(directory: Path, mode: Mode) -> Stage:
    """Requests that are out, the orders and settings for what comes beside the outcome just saved; then closed."""
    stage = Stage(
        directory, mode, settings={"comments": "true"}, more="policy: {drop_folder: allow}\n",
        files_lock=mode == "nextcloud",
    )  # fmt: skip
    stage.person.mkdir(f"{ROOT}/{KEPT}")
    stage.write("_signature.yaml", "après signature: ranger\n", folder=f"{ROOT}/{KEPT}")
    stage.drop("range", documents.letter(1, "range"), folder=f"{ROOT}/{KEPT}")
    stage.drop("atteste", documents.letter(1, "atteste"), ASKED + "verrouiller: oui\n")
    stage.drop("annule", documents.letter(1, "annule"))
    stage.drop("relance", documents.letter(1, "relance"), TWO)
    stage.run(calm=2)
    assert stage.sends() == [1] * 4, stage.sends()
    stage.clock.advance(2 * HOUR)
    for view in stage.platform.transactions():
        if any(name in str(view.documents) for name in ("range", "atteste")):
            stage.platform.person_signs(view.id, MARIE)
    stage.write("annule.sign.yaml", ONE + "action: annuler\n")
    stage.write("relance.sign.yaml", TWO + "action: relancer\n")
    stage.drop("brouillon", documents.letter(1, "brouillon"), ONE + "envoi: brouillon\n")
    stage.drop("apercu", documents.letter(1, "apercu"), ONE + "envoi: non\n")
    stage.close()
    return stage


class Beside(Story):
    """Attestation, lock, comments, tidying, a cancelling, a reminder, a draft, a preview, a list."""

    ends: ClassVar[Mapping[str, State]] = {
        "atteste": State.DELIVERED,
        "annule": State.CANCELLED,
        "relance": State.IN_PROGRESS,
        "brouillon": State.DRAFT,
        "apercu": State.PREVIEWED,
        "liste 1": State.PREVIEWED,
    }

    def _stage(self, directory: Path, points: Points, before: Stage) -> Stage:
        return Stage(
            directory, before.mode, seams=points.seams(workers()), start=False, settings=before.settings,
            more=before.more, files_lock=before.mode == "nextcloud",
        )  # fmt: skip

    def act(self) -> None:
        # A list that is there before the service sees the folder asks for nothing.
        if "_signataires.xlsx" not in self.stage.files():
            self.stage.write("liste 1.pdf", documents.letter(1, "liste 1"))
            self.stage.write("_signataires.xlsx", workbook([person(1, document="liste 1")]))
            self.stage.run(calm=2)

    def is_over(self) -> bool:
        journal = self.stage.parts.journal
        records = {name: journal.at_place("dms", f"/{ROOT}/{name}.sign.yaml") for name in self.ends}
        if any(record is None or record.state is not self.ends[name] for name, record in records.items()):
            return False
        tidied = journal.at_place("dms", f"/{ROOT}/{KEPT}/{DONE}/range.sign.yaml")
        over = [record for record in (*records.values(), tidied) if record is None or record.state.ended]
        return all(record is not None and record.closed for record in over)

    def judge(self) -> None:
        stage = self.stage
        for name, state in self.ends.items():
            assert stage.record(name).state is state, (name, stage.record(name).state, stage.status(name))
        assert stage.files(f"{ROOT}/{KEPT}")[:2] == [f"{DONE}/range.sign.yaml", f"{DONE}/range.signature.txt"]
        assert signatures(stage.read("range.pdf", folder=f"{ROOT}/{KEPT}")) == 1
        assert stage.read("atteste.attestation.pdf").startswith(b"%PDF")
        assert [name for name in stage.files() if "attestation" in name] == ["atteste.attestation.pdf"]
        assert "apercu.apercu.pdf" in stage.files()
        by_document = {view.documents[0]: view for view in stage.platform.transactions() if view.documents}
        assert by_document["annule.pdf"].status == "canceled"
        assert by_document["relance.pdf"].reminders <= 1, "reminded twice"
        drafts = [
            view
            for view in stage.platform.transactions()
            if view.documents[:1] == ("brouillon.pdf",) and view.sends
        ]
        assert drafts == [], "a draft was sent"
        assert sum(stage.sends()) == 4
        assert CLAIRE not in {
            message.to for message in stage.platform.outbox() if message.purpose == "refusal"
        }
        self._commented()

    def _commented(self) -> None:
        if self.mode == "plain":
            return
        said = self.stage.dms.comments_on(f"{ROOT}/atteste.pdf")
        assert len(said) == len(set(said)), said


# ------------------------------------------------------------------------- orders of the administrator's


def ordered(directory: Path, mode: Mode) -> Stage:
    """Requests that are out, or shown, and what the administrator has just ordered for each; then closed."""
    stage = Stage(directory, mode)
    for name, sidecar in (("annule", ONE), ("relance", TWO), ("arrete", f"{ONE}envoi: non\n")):
        stage.drop(name, documents.letter(1, name), sidecar)
    stage.run(calm=2)
    assert stage.sends() == [1] * 2, stage.sends()
    stage.clock.advance(2 * HOUR)
    for name, verb in (("annule", "cancel"), ("relance", "remind"), ("arrete", "cancel")):
        stage.parts.journal.order(stage.record(name), verb)
    stage.close()
    return stage


class Ordered(Story):
    """What the administrator ordered while no service ran: each once, whatever happens, and told as theirs."""

    ends: ClassVar[Mapping[str, tuple[State, str]]] = {
        "annule": (State.CANCELLED, "administrator cancel"),
        "relance": (State.IN_PROGRESS, "administrator remind"),
        "arrete": (State.HELD, "administrator cancel"),
    }

    def act(self) -> None:
        pass

    def is_over(self) -> bool:
        records = {name: self.stage.record(name) for name in self.ends}
        answered = all(not self.stage.parts.journal.orders(record) for record in records.values())
        return answered and records["annule"].closed

    def judge(self) -> None:
        stage = self.stage
        for name, (state, wording) in self.ends.items():
            record = stage.record(name)
            assert record.state is state, (name, record.state, record.reason)
            assert record.obeyed == (wording,), (name, record.obeyed)
        assert stage.first_line("annule").startswith("ANNULÉ – par l’administrateur, le "), stage.status(
            "annule"
        )
        assert stage.first_line("arrete").startswith("À VÉRIFIER – l’administrateur a arrêté cette demande")
        assert stage.record("annule").reason == "ordered_by_administrator"
        assert len(stage.record("relance").signatories[0].reminded_at) == 1
        views = {view.object: view for view in stage.platform.transactions()}
        assert views["relance"].reminders <= 1, "nobody is mailed twice"
        assert views["annule"].status == "canceled"
        assert stage.sends() == [1] * 2
