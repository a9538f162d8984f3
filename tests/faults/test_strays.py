"""What happens if a pair, a whole folder or a status goes astray, in each state: cells of the user guide's table.

Each walk is one copy of the world of ``tests.acts``: deed after deed is done to a letter in every phase of its life,
and each cell is a test of its own. What a cell expects was written down from the rules (protocol R1-R10, design page
section 4 "Decided", ux page sections 1.5, 2.3 and 2.4) before the code was asked.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from connector.report.block import place_on, seal_status
from tests import documents
from tests.acts import END, LIVES, Awake, Base, base_of, once, to_the_end
from tests.worlds import ONE, OVERVIEWS, ROOT, Mode

MODES: tuple[Mode, ...] = ("nextcloud", "plain")
OTHER = "Autres"
"""Another watched folder of the same server and account."""
UNWATCHED = "Ailleurs"
LOST_FOLDER = f"{ROOT}/Signatures à classer"
MISSED_S, GONE_S, QUARTER_S = 200, 700, 900
"""Longer than a request waits for its PDF before it says so; longer than a missing file is waited for."""

BEFORE = ("waiting_pdf", "rejected", "unconfirmed", "previewed", "waiting", "marked", "held")
"""Nothing of them has left."""
ENDED = ("delivered", "delivered_beside", "refused", "expired", "cancelled", "lost")
OUT = tuple(life for life in LIVES if life not in (*BEFORE, *ENDED))
"""They have left, and something is still to come: in the end all of them are signed."""
SENT = frozenset({*OUT, *ENDED, "unconfirmed"} - {"draft", "in_doubt"})
"""What was sent by then, once each; of a copy it is the original."""
ALL = tuple(LIVES)

LINES: Mapping[str, str] = {
    "waiting_pdf": "EN ATTENTE DU PDF – « {name}.pdf » n’est pas dans ce dossier",
    "rejected": "À CORRIGER – numéro fixe pour Marie Dupont, il faut un mobile",
    "unconfirmed": "À CONFIRMER – cette demande semble copiée d’un autre dossier ; rien n’est parti",
    "previewed": "PRÊT – rien n’est encore parti ; relisez l’aperçu, puis donnez le départ",
    "draft": "BROUILLON – la collecte vous attend sur Jesignexpert ; envoyez-la depuis le site",
    "waiting": "EN PAUSE – le crédit Jesignexpert du cabinet est épuisé ; rien n’est perdu",
    "marked": "EN PAUSE – le crédit Jesignexpert du cabinet est épuisé ; rien n’est perdu",
    "in_progress": "EN COURS – 0 signature sur 1 – ",
    "half_signed": "EN COURS – 1 signature sur 2 – ",
    "edited": "EN COURS – 0 signature sur 1 – attention : le PDF a été modifié après l’envoi",
    "sealing": "SIGNÉ PAR TOUS – Jesignexpert prépare le document, il arrivera ici de lui-même",
    "delivering": "SIGNÉ PAR TOUS – « {name}.pdf » est ouvert par quelqu’un ; dépôt à sa fermeture",
    "delivered": "SIGNÉ – « {name}.pdf » est maintenant la version signée",
    "delivered_beside": "SIGNÉ – la version signée est à côté : « lettre (signé).pdf »",
    "refused": "REFUSÉ – Marie Dupont a refusé de signer le ",
    "expired": "EXPIRÉ – Marie Dupont n’a pas signé avant le ",
    "cancelled": "ANNULÉ – depuis le site de Jesignexpert, le ",
    "held": "À VÉRIFIER – cette demande était là avant la mise en service ; rien n’est parti",
    "in_doubt": "À VÉRIFIER – la demande est peut-être déjà partie ; rien n’a été renvoyé",
    "quarantined": "À VÉRIFIER – une signature du document revenu est altérée ; il n’a rien remplacé",
    "lost": "À VÉRIFIER – Jesignexpert ne connaît plus cette demande",
}
"""How the status of each begins, plain spaces; ``{name}``: what its PDF is called now."""
SAME = "as it was"
NOTHING = ""
"""No status there."""
COPY = LINES["unconfirmed"]
HOME = "SIGNÉ – « {name}.pdf » est maintenant la version signée"
BESIDE = "SIGNÉ – la version signée est à côté : « {name} (signé).pdf »"
LOST_PLACE = "SIGNÉ – le dossier d’origine n’est plus là ; le document signé est ici"
OFF = "EN COURS – 0 signature sur 1 – attend Marie Dupont"

Line = str | tuple[str, ...]
"""A first line, or several of which one must be read."""


def each(names: Iterable[str], line: Line) -> dict[str, Line]:
    return dict.fromkeys(names, line)


class Cabinet(Awake):
    """The copy of the world, with a second watched folder and a PDF that stays open wherever it is moved."""

    def __init__(self, directory: Path, base: Base) -> None:
        super().__init__(directory, base, start=False)
        for folder in (OTHER, UNWATCHED, f"{ROOT}/Archives"):
            self.dms.person.mkdir(folder)
        self.keep_open()
        self.start()

    def keep_open(self) -> None:
        """Somebody has that PDF open, wherever it is moved."""
        for method in ("PUT", "MOVE", "LOCK"):
            for path in ("*delivering*/lettre.pdf", "*delivering*/lettre bis.pdf"):
                self.dms.misbehave(kind="status", status=423, method=method, path=path, times=None)

    @property
    def config_text(self) -> str:
        """The administrator's file."""
        other = f"autres: {{server: dms, path: /{OTHER}/, account: cabinet, send: live}}"
        return super().config_text.replace("folders: {", f"folders: {{{other}, ")


# ------------------------------------------------------------------------------------------ the person


@dataclass
class Pair:
    """A PDF and its request in the hands of a person; ``folder`` and ``name`` are where and what they are now."""

    stage: Cabinet
    life: str
    folder: str
    name: str = "lettre"

    @property
    def status(self) -> str:
        return f"{self.folder}/{self.name}.signature.txt"

    @property
    def files(self) -> list[str]:
        """The PDF and the request, as far as they are there; the status is not taken along."""
        both = (f"{self.name}.pdf", f"{self.name}.sign.yaml")
        return [one for one in both if self.stage.dms.disk(f"{self.folder}/{one}").is_file()]

    def renamed(self, name: str) -> None:
        for one in self.files:
            self.stage.move(one, one.replace(self.name, name, 1), folder=self.folder)
        self.name = name

    def moved(self, folder: str) -> None:
        self.stage.dms.person.mkdir(folder)
        for one in self.files:
            self.stage.move(one, one, folder=self.folder, to_folder=folder)
        self.folder = folder

    def carried(self, folder: str) -> None:
        """A move that arrives as a deletion and an upload."""
        self.stage.dms.person.mkdir(folder)
        for one in self.files:
            data = self.stage.read(one, folder=self.folder)
            self.stage.delete(one, folder=self.folder)
            self.stage.write(one, data, folder=folder)
        self.folder = folder

    def copied(self, folder: str) -> None:
        self.stage.dms.person.mkdir(folder)
        for one in self.files:
            self.stage.copy(one, one, folder=self.folder, to_folder=folder)

    def deleted(self) -> dict[str, bytes]:
        taken = {one: self.stage.read(one, folder=self.folder) for one in self.files}
        for one in taken:
            self.stage.delete(one, folder=self.folder)
        return taken

    def folder_moved(self, folder: str) -> None:
        self.stage.dms.person.move(self.folder, folder)
        self.folder = folder

    def folder_deleted(self) -> dict[str, bytes]:
        root = self.stage.dms.disk(self.folder)
        taken = {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}
        parent, _, name = self.folder.rpartition("/")
        self.stage.delete(name, folder=parent)
        return taken

    def old_text(self) -> bytes:
        """What the status said before it said what it says now."""
        record = self.stage.record(self.name, folder=self.folder)
        return seal_status(
            "EN ATTENTE – la demande vient d’être lue\n",
            ref=record.ref,
            transaction=record.transaction,
            connector=self.stage.parts.connector,
            place=place_on(record.server, record.place),
            pdf_sha256=record.document.sha256,
            seal_key=self.stage.parts.sealer.key,
        )

    def restored(self, taken: Mapping[str, bytes]) -> None:
        """Out of the bin, or from the PC: the same bytes under the same names."""
        self.stage.dms.person.mkdir(self.folder)
        for name, data in taken.items():
            if name in OVERVIEWS or name.endswith((".signature.txt", ".apercu.pdf")):  # ours to overwrite
                self.stage.dms.person.write(f"{self.folder}/{name}", data)
            else:
                self.stage.write(name, data, folder=self.folder)


# ------------------------------------------------------------------------------------------- the walks

Act = Callable[[Sequence[Pair]], None]


def one_by_one(deed: Callable[[Pair], object]) -> Act:
    def act(pairs: Sequence[Pair]) -> None:
        for pair in pairs:
            deed(pair)

    return act


def away_and_back(take: Callable[[Pair], dict[str, bytes]]) -> Act:
    """Deleted, seen to be gone, and put back some seconds later."""

    def act(pairs: Sequence[Pair]) -> None:
        taken = [take(pair) for pair in pairs]
        pairs[0].stage.run(3, calm=2)
        for pair, files in zip(pairs, taken, strict=True):
            pair.restored(files)

    return act


def root_renamed(pairs: Sequence[Pair]) -> None:
    """By the administrator, who names it back after a while."""
    stage = pairs[0].stage
    stage.dms.person.move(ROOT, "Lettres (ancien)")
    _for_a_while(stage)
    stage.dms.person.move("Lettres (ancien)", ROOT)


def root_unavailable(pairs: Sequence[Pair]) -> None:
    """Away, forbidden, behind a login page, cut short: each of them for a while."""
    stage = pairs[0].stage
    for answer in (
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 403},
        {"kind": "status", "status": 404},
        {"kind": "html"},
        {"kind": "redirect"},
        {"kind": "truncated"},
    ):
        stage.dms.behave()
        for method in ("PROPFIND", "SEARCH"):
            stage.dms.misbehave(method=method, times=None, **answer)  # type: ignore[arg-type]
        stage.run(2, calm=2)
    stage.dms.behave()
    stage.keep_open()
    stage.clock.advance(QUARTER_S)


def root_emptied(pairs: Sequence[Pair]) -> None:
    """Everything gone at once, what is hidden as well, and put back: a disk was not mounted for some minutes."""
    stage = pairs[0].stage
    stage.dms.person.mkdir("Disque")
    names = [path.name for path in stage.dms.disk(ROOT).iterdir()]
    for name in names:
        stage.dms.person.move(f"{ROOT}/{name}", f"Disque/{name}")
    stage.run(3, calm=2)
    for path in list(stage.dms.disk(ROOT).iterdir()):
        stage.dms.person.delete(f"{ROOT}/{path.name}")
    for name in names:
        stage.dms.person.move(f"Disque/{name}", f"{ROOT}/{name}")


def _for_a_while(stage: Cabinet) -> None:
    stage.run(3, calm=2)
    stage.clock.advance(QUARTER_S)
    stage.run(2, calm=2)


@dataclass(frozen=True)
class Deed:
    """What is done, and the first line that is read then.

    ``now``: where the pair is, ``copy``: where its copy is; a life that is not named reads as it did before.
    ``here``: says where the copy is, for a pair.
    """

    act: Act
    now: Mapping[str, Line] = field(default_factory=dict)
    copy: Mapping[str, Line] | None = None
    place: Callable[[Pair], str] | None = None
    rounds: int = 3
    """Passes before it is looked at; 0: done together with the next one."""
    wait_s: int = MISSED_S
    """What goes by until two more; 0: it is to be seen before."""
    machine: Callable[[Cabinet], None] | None = None
    """What befalls the machine right after it."""
    says: str = ""
    """What the status of a request that is out tells of this very deed."""
    asides: int | None = None
    """How many notes of people were moved aside by now; None: it does not matter."""
    noted: bool = False
    """Is a note there, which must not be lost?"""


STAYED = "SIGNÉ – la version signée est dans « delivered_beside » : « lettre (signé).pdf »"
PATIENT: Mapping[str, Line] = {"waiting_pdf": (SAME, NOTHING)}
"""At a new place it is said again only after some minutes: the last deed waits for that."""
at_once = partial(Deed, now=PATIENT, wait_s=0)
FOLLOWED: dict[str, Deed] = {
    "pair renamed": at_once(
        one_by_one(lambda pair: pair.renamed("lettre bis")), says="Cette demande a changé de nom le "
    ),
    "pair moved": at_once(
        one_by_one(lambda pair: pair.moved(f"{pair.folder}/Sous")),
        now={**PATIENT, "delivered_beside": STAYED},
        says="Cette demande a été déplacée le ",
    ),
    "pair moved, as delete and upload": at_once(
        one_by_one(lambda pair: pair.carried(pair.folder.removesuffix("/Sous")))
    ),
    "pair restored": at_once(away_and_back(Pair.deleted)),
    "folder renamed": at_once(
        one_by_one(lambda pair: pair.folder_moved(f"{pair.folder} 2026")), says="Ce dossier a été déplacé le "
    ),
    "folder moved": at_once(
        one_by_one(lambda pair: pair.folder_moved(f"{ROOT}/Archives/{pair.life}")),
        says="Ce dossier a été déplacé le ",
    ),
    "folder moved into another watched folder": at_once(
        one_by_one(lambda pair: pair.folder_moved(f"{OTHER}/{pair.life}"))
    ),
    "folder restored": Deed(away_and_back(Pair.folder_deleted)),
}


def noted(pair: Pair) -> None:
    note = pair.stage.dms.person.read(pair.status) + NOTE
    pair.stage.write(f"{pair.name}.signature.txt", note, folder=pair.folder)


def beside_another(pair: Pair) -> None:
    """Beside a PDF without a request, and beside a whole new pair; what it told of matters little."""
    if pair.life not in TEMPLATES:
        return
    stage, folder = pair.stage, f"{pair.folder}/Autre"
    stage.dms.person.mkdir(folder)
    for other in ("seul", "lettre"):
        stage.write(f"{other}.pdf", documents.letter(1, f"{other} {pair.life}", lines=3), folder=folder)
        stage.dms.person.copy(pair.status, f"{folder}/{other}.signature.txt")
    stage.write("lettre.sign.yaml", ONE + f"# {pair.life}\n", folder=folder)


def another_way(way: Callable[[Pair], object]) -> Callable[[Pair], None]:
    """Only where there still is a status: once a request is over, it is the person's to do away with."""

    def act(pair: Pair) -> None:
        if pair.stage.dms.disk(pair.status).is_file():
            way(pair)

    return act


def status_moved(to: str) -> Callable[[Pair], None]:
    def act(pair: Pair) -> None:
        place = f"{pair.folder}/{to}"
        pair.stage.dms.person.mkdir(place.rpartition("/")[0])
        pair.stage.dms.person.move(pair.status, place)

    return act


def put_back(pair: Pair, data: bytes) -> None:
    """What an editor or a PC writes without anybody having wanted it."""
    pair.stage.disown(f"{pair.name}.signature.txt", folder=pair.folder)
    pair.stage.dms.person.write(pair.status, data)


soon = partial(Deed, wait_s=0)
"""What is put right within a pass, once the file has settled."""
NOTE = "appelé le 3/12\r\n".encode()
STATUS_DEEDS = {
    "status noted in": soon(one_by_one(noted), asides=0, noted=True),
    "status overwritten with an old text": soon(
        one_by_one(lambda pair: put_back(pair, pair.old_text())), asides=0
    ),
    "status emptied": soon(one_by_one(lambda pair: put_back(pair, b"")), asides=0),
    "status overwritten with words of a person": soon(
        one_by_one(lambda pair: pair.stage.write(f"{pair.name}.signature.txt", OWN, folder=pair.folder)),
        asides=1,
    ),
    "status renamed": soon(one_by_one(status_moved("lettre ancien.signature.txt")), each(ENDED, NOTHING)),
    "status moved": soon(
        one_by_one(another_way(status_moved("Sous/lettre.signature.txt"))), each(ENDED, NOTHING)
    ),
    "status deleted": soon(
        one_by_one(another_way(lambda pair: pair.stage.dms.person.delete(pair.status))), each(ENDED, NOTHING)
    ),
    "status noted in again": soon(one_by_one(another_way(noted)), each(ENDED, NOTHING)),
}
"""The last one so that the words change over a note before the story ends."""
OWN = "Tout est signé !\r\n".encode()
TEMPLATES = ("rejected", "previewed", "in_progress", "delivered", "refused", "held", "in_doubt")
COPIED = tuple(life for life in LIVES if life not in {"waiting_pdf", "rejected"})
GONE_LINE = " – le PDF a été supprimé ; la signature continue"


@dataclass(frozen=True)
class Walk:
    """Deeds one after the other, and what is read in the end where the story is told to its end (else None).

    ``home``: whether what comes then comes where its request is; otherwise it comes to the folder for what has lost
    its own.
    """

    deeds: Mapping[str, Deed]
    ends: Mapping[str, Line] | None = None
    home: bool = True
    modes: Sequence[Mode] = MODES


LEFT_SINCE = ("waiting", "marked")
"""What leaves once there is credit again."""
COME_HOME: Mapping[str, Line] = {
    **each((*OUT, *LEFT_SINCE), HOME),
    "edited": BESIDE,
}
TO_UNWATCHED = Deed(one_by_one(lambda pair: pair.folder_moved(f"{UNWATCHED}/{pair.life}")))
WALKS: dict[str, Walk] = {
    "followed": Walk(FOLLOWED, COME_HOME),
    "copied": Walk(
        {
            "pair copied": Deed(
                one_by_one(lambda pair: pair.copied(f"{ROOT}/Copies/{pair.life}")),
                copy={**each(COPIED, COPY), "rejected": SAME, "waiting_pdf": (SAME, NOTHING)},
                place=lambda pair: f"{ROOT}/Copies/{pair.life}",
                rounds=0,
            ),
            "folder copied": Deed(
                one_by_one(lambda pair: pair.stage.dms.person.copy(pair.folder, f"{ROOT}/2027 {pair.life}")),
                copy={**each(COPIED, COPY), "rejected": (SAME, COPY), "waiting_pdf": SAME},
                place=lambda pair: f"{ROOT}/2027 {pair.life}",
                rounds=0,
            ),
            "status copied beside another PDF": Deed(
                one_by_one(beside_another),
                copy=each(TEMPLATES, COPY),
                place=lambda pair: f"{pair.folder}/Autre",
            ),
        }
    ),
    "status": Walk(STATUS_DEEDS, {**COME_HOME, **each(ENDED, NOTHING)}),
    "root": Walk(
        {
            "root renamed for a while": Deed(root_renamed),
            "root unavailable for a while": Deed(root_unavailable),
            "root emptied for a while": Deed(root_emptied),
        }
    ),
    "deleted": Walk(
        {
            "pair deleted": Deed(
                one_by_one(Pair.deleted),
                {
                    **each(BEFORE, NOTHING),
                    # Whether it left is asked first by a service that has been started again since.
                    "marked": (NOTHING, LINES["marked"]),
                    "in_progress": "EN COURS – 0 signature sur 1" + GONE_LINE,
                    "half_signed": "EN COURS – 1 signature sur 2" + GONE_LINE,
                    "edited": "EN COURS – 0 signature sur 1" + GONE_LINE,
                    # Nobody has it open any more: it comes beside at once.
                    "delivering": BESIDE,
                },
                wait_s=GONE_S,
            )
        },
        {**each(BEFORE, NOTHING), **each(OUT, BESIDE)},
    ),
    "folder deleted": Walk(
        {"folder deleted": Deed(one_by_one(Pair.folder_deleted), each(LIVES, NOTHING), wait_s=GONE_S)},
        each(LIVES, NOTHING),
        home=False,
    ),
    # What has not left is out of reach there, and stays as it was; the rest is found by its file id.
    "out of sight": Walk(
        {"folder moved out of every watched folder": replace(TO_UNWATCHED, wait_s=GONE_S)},
        {**COME_HOME, **each(LEFT_SINCE, SAME)},
        modes=("nextcloud",),
    ),
    "out of reach": Walk(
        {"folder moved out of every watched folder ": replace(TO_UNWATCHED, wait_s=GONE_S)},
        {},
        home=False,
        modes=("plain",),
    ),
}

MACHINE: dict[str, Walk] = {
    "the journal lost and put back": Walk(
        {
            "pair renamed": Deed(
                one_by_one(lambda pair: pair.renamed("lettre bis")), machine=Cabinet.lose_journal
            ),
            "folder moved": Deed(
                one_by_one(lambda pair: pair.folder_moved(f"{ROOT}/Archives/{pair.life}")),
                machine=lambda stage: stage.restore(stage.directory / "saved"),
            ),
        },
        COME_HOME,
    )
}
"""The same deeds while the machine forgets all of it, or all since the beginning."""


@dataclass(frozen=True)
class Cell:
    """What was to be read of one letter after one deed."""

    here: str
    text: str
    old: str
    copy: str
    name: str
    sends: tuple[int, ...]
    files: tuple[str, ...]
    noted: bool
    """Is the note of a person still there, wherever?"""
    signed: int
    """How many signed PDFs lie in its folder and below."""


@dataclass(frozen=True)
class Walked:
    """One world at its end. ``cells``: (deed, life) → what was read; ``broken``: what ``Stage.intact`` found."""

    cells: Mapping[tuple[str, str], Cell]
    broken: str
    lost_folder: tuple[str, ...]


def line_at(stage: Cabinet, path: str) -> str:
    return text_at(stage, path).split("\r\n", 1)[0]


def text_at(stage: Cabinet, path: str) -> str:
    place = stage.dms.disk(path)
    text = place.read_bytes().decode("utf-8-sig", "replace") if place.is_file() else ""
    return text.replace("\u00a0", " ")


def walk(
    base: Base,
    directory: Path,
    story: Walk,
) -> Walked:
    """Do one deed after the other to every letter, and read what is told after each and in the end."""
    shutil.copytree(base.directory, directory)
    cells: dict[tuple[str, str], Cell] = {}
    with Cabinet(directory, base) as stage:
        stage.run(2, calm=3)
        stage.save_journal()
        pairs = [Pair(stage, life, stage.folder(life)) for life in LIVES]
        seen: list[tuple[str, Deed, dict[str, str]]] = []
        for name, deed in story.deeds.items():
            before = {pair.life: pair.status for pair in pairs}
            deed.act(pairs)
            if deed.machine is not None:
                deed.machine(stage)
            if deed.rounds:
                stage.run(deed.rounds, calm=2)
            if deed.wait_s:
                stage.clock.advance(deed.wait_s)
                stage.run(2, calm=2)
            seen.append((name, deed, before))
            if deed.rounds:
                for one in seen:
                    _look(cells, *one[:2], pairs, one[2])
                seen.clear()
        if story.ends is not None:
            to_the_end(stage)
            _look(cells, END, None, pairs, {})
        broken = ""
        try:
            stage.intact()
        except AssertionError as error:
            broken = str(error) or repr(error)
        found = stage.dms.disk(LOST_FOLDER)
        lost = tuple(sorted(path.name for path in found.iterdir())) if found.is_dir() else ()
        assert all(is_signed(found / name) for name in lost if name.endswith(".pdf"))
    return Walked(cells, broken, lost)


def _look(
    cells: dict[tuple[str, str], Cell],
    name: str,
    deed: Deed | None,
    pairs: Sequence[Pair],
    before: Mapping[str, str],
) -> None:
    views = pairs[0].stage.platform.transactions()
    for pair in pairs:
        stage, old = pair.stage, before.get(pair.life, pair.status)
        copy = ""
        if deed is not None and deed.place is not None:
            copy = f"{deed.place(pair)}/{pair.name}.signature.txt"
        there = stage.dms.disk(pair.folder)
        cells[name, pair.life] = Cell(
            here=line_at(stage, pair.status),
            text=text_at(stage, pair.status),
            old="" if old == pair.status else line_at(stage, old),
            copy=line_at(stage, copy) if copy else "",
            name=pair.name,
            sends=tuple(view.sends for view in views if view.object == pair.life and view.sends),
            files=tuple(sorted(path.name for path in there.iterdir())) if there.is_dir() else (),
            noted=any(NOTE in path.read_bytes() for path in there.glob("*.txt")),
            signed=sum(is_signed(path) for path in there.rglob("*.pdf")),
        )


def is_signed(path: Path) -> bool:
    return b"/ByteRange" in path.read_bytes()


@pytest.fixture(scope="module")
def walked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Walked:
    mode, name = request.param
    directory = tmp_path_factory.mktemp("walk") / "world"
    return once(
        tmp_path_factory,
        f"strays {mode} {name}",
        lambda: walk(base_of(tmp_path_factory, mode), directory, {**WALKS, **MACHINE}[name]),
    )


def reads(found: str, expected: Line, cell: Cell, life: str) -> bool:
    if isinstance(expected, tuple):
        return any(reads(found, one, cell, life) for one in expected)
    if expected == NOTHING:
        return found == ""
    if expected == SAME:
        expected = LINES[life]
    return found.startswith(expected.format(name=cell.name))


CELLS = [
    pytest.param((mode, name), deed, life, id=f"{mode}-{deed.strip()}-{life}")
    for mode in MODES
    for name, story in WALKS.items()
    if mode in story.modes
    for deed in (*story.deeds, *([END] if story.ends is not None else []))
    for life in LIVES
]


@pytest.mark.parametrize(("walked", "deed_name", "life"), CELLS, indirect=["walked"])
def test_a_cell(request: pytest.FixtureRequest, walked: Walked, deed_name: str, life: str) -> None:
    story = WALKS[request.node.callspec.params["walked"][1]]
    if deed_name == END:
        check_the_end(story, walked, life)
    else:
        check_a_deed(story.deeds[deed_name], walked.cells[deed_name, life], life)


def check_a_deed(deed: Deed, cell: Cell, life: str) -> None:
    assert reads(cell.here, deed.now.get(life, SAME), cell, life), f"read: {cell.here!r}"
    assert cell.old == "", f"left behind: {cell.old!r}"
    if deed.copy is not None and life in deed.copy:
        assert reads(cell.copy, deed.copy[life], cell, life), f"at the copy: {cell.copy!r}"
    assert cell.sends == ((1,) if life in SENT else ())
    if life in {"in_progress", "half_signed"}:
        assert deed.says in cell.text, cell.text
    asides = sum("(note)" in name for name in cell.files)
    assert asides == deed.asides if deed.asides is not None else True
    assert cell.noted or not deed.noted


def check_the_end(story: Walk, walked: Walked, life: str) -> None:
    assert story.ends is not None
    cell = walked.cells[END, life]
    line = story.ends.get(life, SAME)
    assert reads(cell.here, line, cell, life), f"read: {cell.here!r}"
    comes = life in OUT or (life in LEFT_SINCE and line == HOME)
    assert cell.sends == ((1,) if comes or life in SENT else ())
    if story.home and comes:
        assert cell.signed == 1
    if story is WALKS["status"] and comes:
        assert cell.noted, cell.files


@pytest.mark.parametrize(
    "walked",
    [
        pytest.param((mode, name), id=f"{mode}-{name}")
        for mode in MODES
        for name, story in {**WALKS, **MACHINE}.items()
        if mode in story.modes
    ],
    indirect=True,
)
def test_nothing_is_lost_on_the_way(request: pytest.FixtureRequest, walked: Walked) -> None:
    """Nobody's work is gone, nothing was sent twice, and what has no place any more lies where it is looked for."""
    story = {**WALKS, **MACHINE}[request.node.callspec.params["walked"][1]]
    assert walked.broken == ""
    arrived = [name for name in walked.lost_folder if name.endswith(".pdf")]
    assert len(arrived) == (0 if story.home else len(OUT)), walked.lost_folder
    for name in arrived:
        assert name.removesuffix(".pdf") + ".signature.txt" in walked.lost_folder


LOSSES = [
    pytest.param((mode, name), life, id=f"{mode}-{life}")
    for mode in MODES
    for name in MACHINE
    for life in LIVES
]


@pytest.mark.parametrize(("walked", "life"), LOSSES, indirect=["walked"])
def test_a_cell_while_the_machine_forgets(walked: Walked, life: str) -> None:
    """Sent once, delivered once, and nothing that had not left leaves by itself, whatever the journal remembers."""
    cell = walked.cells[END, life]
    left_since = life in LEFT_SINCE and bool(cell.sends)
    assert sum(cell.sends) == (life in {*SENT, *OUT} or left_since), cell
    assert cell.signed == (life in {*OUT, "delivered", "delivered_beside"} or left_since), cell
    if life not in ENDED:
        assert cell.here != "", cell.files
