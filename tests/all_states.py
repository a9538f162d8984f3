"""One folder that holds a request in every state, made once for a process and copied for each deed.

``opened(directory, mode)`` gives a :class:`~tests.worlds.Stage` whose folder ``Lettres/Client`` holds one pair for each
name of ``STATES``, as people and the platform left them; what was misbehaving then misbehaves again. Making it costs
some seconds, a copy a tenth of that, and no deed sees what another one did.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from connector.lifecycle import State
from tests import documents
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, TWO, Mode, Stage

CLIENT = f"{ROOT}/Client"
ORIGIN = f"{ROOT}/Origine"
DAY = 86400.0
LANDLINE = f"signataires: Marie Dupont <{MARIE}> 04 78 12 34 56\n"
OTHER = "Autres"
"""Another watched folder of the same server and account."""

STATES: dict[str, State] = {
    "attend": State.WAITING_PDF,
    "corriger": State.REJECTED,
    "copie": State.UNCONFIRMED,
    "pret": State.PREVIEWED,
    "brouillon": State.DRAFT,
    "pause": State.WAITING,
    "marque": State.MARKED,
    "personne": State.IN_PROGRESS,
    "moitie": State.IN_PROGRESS,
    "scelle": State.SEALING,
    "ouvert": State.DELIVERING,
    "signe": State.DELIVERED,
    "cote": State.DELIVERED_BESIDE,
    "refuse": State.REFUSED,
    "expire": State.EXPIRED,
    "annule": State.CANCELLED,
    "avant": State.HELD,
    "doute": State.IN_DOUBT,
    "altere": State.QUARANTINED,
    "perdu": State.LOST,
}
"""Name of the pair → the state it is in."""

LINES: dict[str, str] = {
    "attend": "EN ATTENTE DU PDF – « {name}.pdf » n’est pas dans ce dossier",
    "corriger": "À CORRIGER – numéro fixe pour Marie Dupont, il faut un mobile (ligne 1)",
    "copie": "À CONFIRMER – cette demande semble copiée d’un autre dossier ; rien n’est parti",
    "pret": "PRÊT – rien n’est encore parti ; relisez l’aperçu, puis donnez le départ",
    "brouillon": "BROUILLON – la collecte vous attend sur Jesignexpert ; envoyez-la depuis le site",
    "pause": "EN PAUSE – le crédit Jesignexpert du cabinet est épuisé ; rien n’est perdu",
    "marque": "EN PAUSE – le crédit Jesignexpert du cabinet est épuisé ; rien n’est perdu",
    "personne": "EN COURS – 0 signature sur 1 – ",
    "moitie": "EN COURS – 1 signature sur 2 – ",
    "scelle": "SIGNÉ PAR TOUS – Jesignexpert prépare le document, il arrivera ici de lui-même",
    "ouvert": "SIGNÉ PAR TOUS – « {name}.pdf » est ouvert par quelqu’un ; dépôt à sa fermeture",
    "signe": "SIGNÉ – « {name}.pdf » est maintenant la version signée",
    "cote": "SIGNÉ – la version signée est à côté : « cote (signé).pdf »",
    "refuse": "REFUSÉ – Marie Dupont a refusé de signer le ",
    "expire": "EXPIRÉ – Marie Dupont n’a pas signé avant le ",
    "annule": "ANNULÉ – depuis le site de Jesignexpert, le ",
    "avant": "À VÉRIFIER – cette demande était là avant la mise en service ; rien n’est parti",
    "doute": "À VÉRIFIER – la demande est peut-être déjà partie ; rien n’a été renvoyé",
    "altere": "À VÉRIFIER – une signature du document revenu est altérée ; il n’a rien remplacé",
    "perdu": "À VÉRIFIER – ",
}
"""How the status of each begins, plain spaces; ``{name}`` is what its PDF is called."""

BEFORE = ("attend", "corriger", "copie", "pret", "pause", "marque", "avant")
"""Nothing of them has left."""
OUT = ("brouillon", "personne", "moitie", "scelle", "ouvert", "doute", "altere")
"""They have left, and something is still to come."""
ENDED = ("signe", "cote", "refuse", "expire", "annule", "perdu")
COMING = ("personne", "moitie", "scelle", "ouvert", "altere")
"""Those whose signed document comes home once people have done what is theirs to do (:func:`come_true`)."""
LEFT = frozenset({*OUT, *ENDED} - {"brouillon", "doute"})
"""Those that were sent, each of them once."""


class House(Stage):
    """A stage with a second watched folder."""

    @property
    def config_text(self) -> str:
        """The administrator's file."""
        other = f"autres: {{server: dms, path: /{OTHER}/, account: cabinet, send: live}}"
        return super().config_text.replace("folders: {", f"folders: {{{other}, ")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The folder as it was kept: its world's directory, its clock, and what each pair was."""

    directory: Path
    offset_s: float
    transactions: dict[str, str]
    old_statuses: dict[str, bytes] = field(default_factory=dict)
    """What a status said before it said what it says now."""


def pdf(name: str) -> bytes:
    """The document of a pair, as it was sent."""
    return documents.letter(1, name, lines=4)


EDITED = documents.letter(1, "cote, modifie", lines=4)
"""What a person made of the PDF of ``cote`` while it was out."""


@contextmanager
def opened(directory: Path, mode: Mode) -> Iterator[tuple[Stage, Kept]]:
    """Give a copy of the folder, with the service running and everything as it was."""
    kept = _kept(mode)
    world = directory / "world"
    shutil.copytree(kept.directory, world, symlinks=True)
    with House(world, mode, start=False) as stage:
        stage.clock.advance(kept.offset_s + 60)
        stage._connect()
        stage.start()
        _same_folders(stage)
        _misbehave(stage, kept.transactions)
        stage.run(4, calm=2)
        yield stage, kept


def come_true(stage: Stage, kept: Kept) -> None:
    """Let everybody do what is theirs to do: sign, close the file, send the right document; then the credit too."""
    stage.dms.behave()
    stage.platform.behave()
    stage.platform.credit = 100
    for name, email in (("personne", MARIE), ("moitie", CLAIRE)):
        stage.platform.person_signs(kept.transactions[name], email)
    for _ in range(2):
        # Once for what waits out an obstacle, once for what was asked about before it may leave.
        stage.clock.advance(3700)
        stage.run(6, calm=2)


def sends(stage: Stage) -> dict[str, int]:
    """How often the PDF of each name was sent, whatever the transaction."""
    counted: dict[str, int] = {}
    for view in stage.platform.transactions():
        for document in view.documents:
            name = document.removesuffix(".pdf")
            counted[name] = counted.get(name, 0) + view.sends
    return counted


def _same_folders(stage: Stage) -> None:
    """The copy answers at another address, which would make it another folder (R7)."""
    for settings in stage.parts.watched.values():
        watch = stage.parts.journal.watched(settings.name)
        assert watch is not None
        stage.parts.journal.begin_watch(settings.name, settings.watch_root, watch.there_before)


def _misbehave(stage: Stage, transactions: dict[str, str]) -> None:
    if ident := transactions.get("scelle"):
        stage.platform.misbehave(
            operation="download", kind="status", status=409, times=None, transaction=ident
        )
    if ident := transactions.get("altere"):
        stage.platform.misbehave(
            operation="download",
            kind="wrong_document",
            times=None,
            transaction=ident,
            variant="broken_signature",
        )
    stage.dms.misbehave(kind="status", method="MOVE", path="*/ouvert*.pdf", status=423, times=None)


@cache
def _kept(mode: Mode) -> Kept:
    directory = Path(tempfile.mkdtemp(prefix="all-states-"))
    stage = House(directory / "world", mode, start=False)
    with stage:
        made = _Making(stage)
        made.make()
        kept = Kept(
            directory=directory / "world",
            offset_s=stage.clock.offset_s,
            transactions=made.transactions,
            old_statuses=made.old_statuses,
        )
    return kept


class _Making:
    """The story that leads to all states at once."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.transactions: dict[str, str] = {}
        self.old_statuses: dict[str, bytes] = {}

    def make(self) -> None:
        """Make them, in the only order in which they can be."""
        stage = self.stage
        for folder in (CLIENT, ORIGIN, OTHER):
            stage.dms.person.mkdir(folder)
        self.drop("avant")
        stage.start()
        stage.run(4)
        self.drop("expire")
        stage.clock.advance(16 * DAY)
        stage._connect()
        stage.run(6)
        self.drop("personne", "signe", "cote", "scelle", "ouvert", "refuse", "annule", "altere", "perdu")
        self.drop("moitie", sidecar=TWO)
        self.drop("brouillon", sidecar=ONE + "envoi: brouillon\n")
        self.drop("pret", sidecar=ONE + "envoi: non\n")
        self.drop("corriger", sidecar=LANDLINE)
        self._remember_statuses()
        self._people_act()
        self._in_doubt()
        self._copies()
        self._without_credit()
        for name, state in STATES.items():
            assert stage.record(name, folder=CLIENT).state is state, (name, stage.status(name, folder=CLIENT))

    def drop(self, *names: str, sidecar: str = ONE) -> None:
        """Drop pairs, and learn under which transactions they went."""
        for name in names:
            self.stage.drop(name, pdf(name), sidecar, folder=CLIENT)
        if self.stage.state.directory.joinpath("journal").exists() and hasattr(self.stage, "parts"):
            self.stage.run(6)
            for name in names:
                record = self.stage.record(name, folder=CLIENT)
                if record.transaction:
                    self.transactions[name] = record.transaction

    def _remember_statuses(self) -> None:
        for name in STATES:
            path = self.stage.dms.disk(f"{CLIENT}/{name}.signature.txt")
            if path.is_file():
                self.old_statuses[name] = path.read_bytes()

    def _people_act(self) -> None:
        stage, transactions = self.stage, self.transactions
        stage.write("cote.pdf", EDITED, folder=CLIENT)
        stage.run(4)
        _misbehave(stage, transactions)
        for name in ("signe", "cote", "scelle", "ouvert", "altere", "moitie"):
            stage.platform.person_signs(transactions[name], MARIE)
        stage.platform.person_refuses(transactions["refuse"], MARIE, "Les honoraires ne correspondent pas.")
        stage.platform.site(transactions["annule"], "cancel")
        stage.platform.site(transactions["perdu"], "delete")
        stage.clock.advance(60)
        stage.run(8)

    def _in_doubt(self) -> None:
        self.stage.platform.misbehave(operation="send", kind="cut_before")
        self.drop("doute")

    def _copies(self) -> None:
        stage = self.stage
        stage.drop("copie", pdf("copie"), ONE + "envoi: non\n", folder=ORIGIN)
        stage.run(4)
        for name in ("copie.pdf", "copie.sign.yaml"):
            stage.copy(name, name, folder=ORIGIN, to_folder=CLIENT)
        stage.write("attend.sign.yaml", ONE, folder=CLIENT)
        stage.run(4)

    def _without_credit(self) -> None:
        stage = self.stage
        stage.platform.credit = 0
        self.drop("marque")
        self.drop("pause")
        stage.clock.advance(300)
        stage.run(4)


def plain(text: str) -> str:
    """A text with plain spaces."""
    return text.replace("\u00a0", " ")


def line_of(name: str, called: str = "") -> str:
    """How the status of a pair begins, whatever its PDF is called now."""
    return LINES[name].format(name=called or name)


def told(stage: Stage, folder: str) -> dict[str, str]:
    """Name of every status in a folder → its first line."""
    root = stage.dms.disk(folder)
    found = {}
    for path in sorted(root.glob("*.signature.txt")) if root.is_dir() else ():
        first = path.read_bytes().decode("utf-8-sig", "replace").split("\r\n", 1)[0]
        found[re.sub(r"\.signature\.txt$", "", path.name)] = plain(first)
    return found
