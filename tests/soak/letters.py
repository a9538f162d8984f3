"""What becomes of each letter of a soak: what people do with it on its way, and where it must have come to."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pyhanko.pdf_utils.reader import PdfFileReader

from connector.sandbox.dms import DmsWorld
from connector.sandbox.platform import PlatformWorld
from connector.sandbox.platform.model import TransactionView
from tests import documents
from tests.worlds import Mode

ROOT, FILED = "Lettres", "Lettres/Dossier client"
MARIE = "marie.dupont@cabinet.fr"
RIGHT = f"Marie Dupont <{MARIE}> 06 47 12 83 95"
"""No mobile of a model: at a platform that is not on this very host, nobody is asked by those."""
LANDLINE = f"Marie Dupont <{MARIE}> 04 78 12 34 56"


class Fate(StrEnum):
    """What happens to one letter, in the order in which they are dealt out."""

    SIGNED = "signed"
    EDITED = "edited while it is out, then signed"
    REFUSED = "refused"
    MOVED = "moved with its request while it is out, then signed"
    CORRECTED = "wrong at first, then corrected and signed"
    DELETED = "deleted while it is out, then signed"
    CANCELLED = "taken back by its author"


class Progress(StrEnum):
    """How far people are with one letter."""

    DROPPED = "dropped"
    TOUCHED = "touched"
    ENDED = "ended"
    """By a signature, a refusal or an order; the rest is the connector's."""


@dataclass
class Letter:
    """One letter. ``sent``: the bytes that were to be signed."""

    name: str
    fate: Fate
    sent: bytes
    progress: Progress = Progress.DROPPED
    doubted: bool = False
    edited: bytes = field(default=b"", repr=False)

    @property
    def folder(self) -> str:
        """Where it lies now."""
        moved = self.fate is Fate.MOVED and self.progress is not Progress.DROPPED
        return FILED if moved else ROOT

    def sidecar(self, *lines: str) -> bytes:
        """What asks for its signature."""
        wrong = self.fate is Fate.CORRECTED and self.progress is Progress.DROPPED
        return "\n".join(
            [f"objet: {self.name}", f"signataires: {LANDLINE if wrong else RIGHT}", *lines, ""]
        ).encode()


def dealt(count: int, of: str = "") -> list[Letter]:
    """So many letters, no two alike, all fates in turn. ``of``: whose they are; it begins their names."""
    fates = list(Fate)
    return [
        Letter(name, fates[number % len(fates)], documents.letter(1, text=name))
        for number in range(count)
        for name in [f"{of}lettre-{number:04d}"]
    ]


class People:
    """The firm and its client. Each act is made once, when what they see calls for it."""

    def __init__(self, dms: DmsWorld, platform: PlatformWorld, mode: Mode) -> None:
        self._dms, self._platform, self._mode = dms, platform, mode
        self._acts: Mapping[Fate, Callable[[Letter], None]] = {
            Fate.EDITED: self._edit,
            Fate.MOVED: self._move,
            Fate.DELETED: lambda letter: self._dms.person.delete(f"{ROOT}/{letter.name}.pdf"),
        }
        dms.person.mkdir(ROOT)
        dms.person.mkdir(FILED)

    def drop(self, letter: Letter) -> None:
        """Put a letter and its request into the folder."""
        self._dms.person.write(f"{ROOT}/{letter.name}.pdf", letter.sent)
        self._ask(letter)

    def look(self, letters: Sequence[Letter], *, late: bool) -> None:
        """Do what is to be done now. ``late``: whether something may still be on its way to a server."""
        sent = {view.object: view for view in self._platform.transactions() if view.sends}
        for letter in letters:
            if letter.progress is Progress.ENDED:
                continue
            told = self.told(letter)
            if letter.fate is Fate.CORRECTED and letter.progress is Progress.DROPPED:
                if told.startswith("À CORRIGER"):
                    letter.progress = Progress.TOUCHED
                    self._ask(letter)
            elif told.startswith("À VÉRIFIER") and letter.name not in sent and not late:
                self._resolve(letter)
            elif letter.name in sent and told.startswith("EN COURS"):
                self._go_on(letter, sent[letter.name])

    def _resolve(self, letter: Letter) -> None:
        """Answer a doubt truthfully, once, as the status asks: nothing has left."""
        if not letter.doubted:
            letter.doubted = True
            self._ask(letter, "action: pas partie")

    def _go_on(self, letter: Letter, view: TransactionView) -> None:
        if letter.progress is Progress.DROPPED and letter.fate in self._acts:
            self._acts[letter.fate](letter)
            letter.progress = Progress.TOUCHED
            return
        letter.progress = Progress.ENDED
        if letter.fate is Fate.CANCELLED:
            self._ask(letter, "action: annuler")
        elif letter.fate is Fate.REFUSED:
            self._platform.person_refuses(view.id, MARIE, "Les honoraires ne conviennent pas.")
        else:
            self._platform.person_signs(view.id, MARIE)

    def _ask(self, letter: Letter, *lines: str) -> None:
        self._dms.person.write(f"{letter.folder}/{letter.name}.sign.yaml", letter.sidecar(*lines))

    def _edit(self, letter: Letter) -> None:
        letter.edited = letter.sent + b"\n% annotated\n"
        self._dms.person.write(f"{ROOT}/{letter.name}.pdf", letter.edited)

    def _move(self, letter: Letter) -> None:
        for name in (f"{letter.name}.pdf", f"{letter.name}.sign.yaml"):
            self._dms.person.move(f"{ROOT}/{name}", f"{FILED}/{name}")

    # --------------------------------------------------------------------------------- what they see

    def told(self, letter: Letter) -> str:
        """The status of a letter, wherever it lies; empty: none."""
        for folder in (letter.folder, ROOT):
            path = self._dms.disk(f"{folder}/{letter.name}.signature.txt")
            if path.exists():
                return path.read_text("utf-8-sig", errors="replace")
        return ""

    def at_rest(self, letter: Letter) -> bool:
        """Whether the folder says that it is over."""
        return letter.progress is Progress.ENDED and self.told(letter).startswith(
            ("SIGNÉ –", "REFUSÉ", "ANNULÉ")
        )

    def faults(self, letter: Letter) -> list[str]:
        """Everything that is not as it must be at the end, in words; also what both servers counted."""
        found = [*self._miscounted(letter), *self._misplaced(letter)]
        first = self.told(letter).partition("\n")[0].strip()
        if not first.startswith(_WORDS[letter.fate]):
            found.append(f"status: {first or 'none'}")
        return [f"{letter.name} ({letter.fate}): {fault}" for fault in found]

    def _miscounted(self, letter: Letter) -> list[str]:
        views = [view for view in self._platform.transactions() if view.object == letter.name]
        sends = [view.sends for view in views if view.sends]
        return [] if sends == [1] else [f"sends {[view.sends for view in views]}"]

    def _misplaced(self, letter: Letter) -> list[str]:
        """What lies in the folders, against what must: exactly the signed one once, and every byte of a person."""
        found = {
            path.name: path.read_bytes()
            for folder in (ROOT, FILED)
            for path in self._dms.disk(folder).glob(f"{letter.name}*.pdf")
        }
        place = f"{letter.name}.pdf"
        beside, original = f"{letter.name} (signé).pdf", f"{letter.name} (original).pdf"
        if letter.fate in (Fate.REFUSED, Fate.CANCELLED):
            wanted = {place: letter.sent}
        elif letter.fate is Fate.EDITED:
            wanted = {place: letter.edited, beside: None}
        elif letter.fate is Fate.DELETED:
            wanted = {beside: None}
        else:
            wanted = {place: None} | ({original: letter.sent} if self._mode == "plain" else {})
        faults = [f"unexpected {name}" for name in found.keys() - wanted.keys()]
        faults += [f"missing {name}" for name in wanted.keys() - found.keys()]
        for name in found.keys() & wanted.keys():
            if wanted[name] is None and signatures(found[name]) != 1:
                faults.append(f"{name} holds {signatures(found[name])} signatures")
            elif wanted[name] is not None and found[name] != wanted[name]:
                faults.append(f"{name} is not what a person left there")
        if self._mode == "nextcloud" and wanted.get(place, b"") is None and not faults:
            versions = [data for _, _, data in self._dms.versions_of(f"{letter.folder}/{place}")]
            if versions != [found[place], letter.sent]:
                faults.append(f"{len(versions)} versions")
        return faults


_WORDS = {
    Fate.SIGNED: "SIGNÉ –",
    Fate.EDITED: "SIGNÉ –",
    Fate.MOVED: "SIGNÉ –",
    Fate.CORRECTED: "SIGNÉ –",
    Fate.DELETED: "SIGNÉ –",
    Fate.REFUSED: "REFUSÉ",
    Fate.CANCELLED: "ANNULÉ",
}


def signatures(content: bytes) -> int:
    """How many signatures a PDF bears, by the library and not by our own reading."""
    return len(PdfFileReader(io.BytesIO(content), strict=False).embedded_signatures)
