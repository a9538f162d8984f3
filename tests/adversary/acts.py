"""What a person does in the folder meanwhile. Each act says False where there is nothing to do it to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.adversary.world import ELSEWHERE, Person

Act = Callable[[Person], bool]
PDF, SIDECAR, STATUS, PREVIEW = ".pdf", ".sign.yaml", ".signature.txt", ".apercu.pdf"


def edit_pdf(person: Person) -> bool:
    """Save another letter under its name."""
    if not person.has(PDF):
        return False
    person.edits += 1
    person.write(person.file(PDF), person.letter(person.edits))
    return True


def edit_sidecar(person: Person) -> bool:
    """Another subject."""
    return _rewrite(person, "objet: Autre objet\n")


def ask_again(person: Person) -> bool:
    """Ask anew, in so many words."""
    person.asks += person.has(SIDECAR)
    person.order = f"action: recommencer {person.asks + 1}\n"
    return _rewrite(person, "")


def cancel(person: Person) -> bool:
    """Call it off."""
    person.order = "action: annuler\n"
    return _rewrite(person, "")


def _rewrite(person: Person, more: str) -> bool:
    if not person.has(SIDECAR):
        return False
    person.write(person.file(SIDECAR), (person.asked + more + person.order).encode())
    return True


def note_status(person: Person) -> bool:
    """Write something of one's own into the status."""
    if not person.has(STATUS):
        return False
    there = person.folder.content(person.file(STATUS)) or b""
    person.write(person.file(STATUS), there + b"Vu avec Mme Dupont le 3.\r\n")
    return True


def delete_pdf(person: Person) -> bool:
    """Delete it."""
    return _delete(person, PDF)


def delete_sidecar(person: Person) -> bool:
    """Delete it."""
    return _delete(person, SIDECAR)


def delete_status(person: Person) -> bool:
    """Delete it."""
    return _delete(person, STATUS)


def delete_pair(person: Person) -> bool:
    """Delete both."""
    return person.has(PDF) and _delete(person, SIDECAR) and _delete(person, PDF)


def _delete(person: Person, suffix: str) -> bool:
    if not person.has(suffix):
        return False
    person.delete(person.file(suffix))
    return True


def restore_pdf(person: Person) -> bool:
    """Bring the first letter back: the oldest version where versions are kept, else from one's own disk."""
    href = person.file(PDF)
    there = person.folder.content(href)
    if there == person.letter():
        return False
    if there is not None and person.folder.mode == "nextcloud":
        return person.folder.go_back(href)
    person.write(href, person.letter())
    return True


def restore_sidecar(person: Person) -> bool:
    """Bring the sidecar back as it was first."""
    if person.folder.content(person.file(SIDECAR)) == person.asked.encode():
        return False
    person.order = ""
    person.write(person.file(SIDECAR), person.asked.encode())
    return True


def move_pair(person: Person) -> bool:
    """Move PDF and sidecar into another folder; the status stays behind."""
    return person.has(SIDECAR) and _move(person, (PDF, SIDECAR))


def move_all(person: Person) -> bool:
    """Move everything into another folder."""
    return person.has(SIDECAR) and person.has(STATUS) and _move(person, (PDF, SIDECAR, STATUS))


def _move(person: Person, suffixes: tuple[str, ...]) -> bool:
    if person.place == ELSEWHERE or not person.has(PDF):
        return False
    taken = [one for one in suffixes if person.folder.content(f"{ELSEWHERE}{person.name}{one}") is not None]
    if taken:
        return False
    for suffix in suffixes:
        person.folder.rename(person.file(suffix), f"{ELSEWHERE}{person.name}{suffix}")
    person.place = ELSEWHERE
    return True


def rename_pdf(person: Person) -> bool:
    """Give the PDF alone another name."""
    to = f"{person.place}{person.name} relue.pdf"
    if not person.has(PDF) or person.folder.content(to) is not None:
        return False
    person.folder.rename(person.file(PDF), to)
    return True


def copy_pair(person: Person) -> bool:
    """Copy PDF and sidecar into another folder."""
    return person.has(SIDECAR) and _copy(person, (PDF, SIDECAR))


def copy_all(person: Person) -> bool:
    """Copy everything into another folder."""
    return person.has(SIDECAR) and person.has(STATUS) and _copy(person, (PDF, SIDECAR, STATUS))


def copy_pdf(person: Person) -> bool:
    """Copy the PDF beside itself."""
    to = f"{person.place}Copie de {person.name}.pdf"
    if not person.has(PDF) or person.folder.content(to) is not None:
        return False
    person.folder.copy(person.file(PDF), to)
    return True


def _copy(person: Person, suffixes: tuple[str, ...]) -> bool:
    if person.place == ELSEWHERE or not person.has(PDF):
        return False
    if any(person.folder.content(f"{ELSEWHERE}{person.name}{one}") is not None for one in suffixes):
        return False
    for suffix in suffixes:
        person.folder.copy(person.file(suffix), f"{ELSEWHERE}{person.name}{suffix}")
    person.copies += 1
    return True


ACTS: Final[Mapping[str, Act]] = {
    act.__name__: act
    for act in (
        edit_pdf,
        edit_sidecar,
        note_status,
        delete_pdf,
        delete_sidecar,
        delete_status,
        delete_pair,
        restore_pdf,
        restore_sidecar,
        move_pair,
        move_all,
        rename_pdf,
        copy_pair,
        copy_all,
        copy_pdf,
        ask_again,
        cancel,
    )
}
