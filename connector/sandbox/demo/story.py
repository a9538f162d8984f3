"""What happens on the stage: a letter is dropped, people sign, the signed version comes back, and it is proven."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.sandbox.demo.letter import FOLDER, NAME, REQUEST, letter
from connector.sandbox.demo.proof import intact_signatures
from connector.sandbox.demo.stage import Stage
from connector.sandbox.demo.voice import DemoFailed
from connector.sandbox.people import Person, PersonStuckError

_LIMIT_S = 150.0
_PATIENCE_S = 10.0
_OVER = ("À CORRIGER", "À CONFIRMER", "À VÉRIFIER", "REFUSÉ", "EXPIRÉ", "ANNULÉ", "BROUILLON", "PRÊT")
SIGNED = "SIGNÉ –"
_PURPOSES = {"invitation": "an invitation to sign", "signed": "the signed document to download"}


@dataclass(frozen=True)
class Pair:
    """A document and its request, as they are dropped."""

    name: str
    pdf: bytes
    request: bytes

    @property
    def document(self) -> str:
        """Return where the document lies in the shared folder."""
        return f"{FOLDER}/{self.name}.pdf"

    @property
    def sidecar(self) -> str:
        """Return where the request lies in the shared folder."""
        return f"{FOLDER}/{self.name}.sign.yaml"

    @property
    def status(self) -> str:
        """Return where the accountant reads how it stands."""
        return f"{FOLDER}/{self.name}.signature.txt"


def example() -> Pair:
    """Return the demo's own letter for two signatories."""
    return Pair(NAME, letter(), REQUEST.encode())


def own(pdf: Path, sidecar: Path) -> Pair:
    """Return a person's own files; the request takes the document's name. Raises DemoFailed: not readable."""
    try:
        return Pair(pdf.stem, pdf.read_bytes(), sidecar.read_bytes())
    except OSError as error:
        raise DemoFailed(f"{error.filename}: {error.strerror}") from error


def drop(stage: Stage, pair: Pair) -> None:
    """Put both files into the folder, as a sync client would."""
    stage.folder.put(pair.document, pair.pdf)
    stage.folder.put(pair.sidecar, pair.request)
    stage.voice.say(
        "accountant", f"drops two files into « {FOLDER} »:\n{pair.name}.pdf\n{pair.name}.sign.yaml"
    )


def played(stage: Stage, pair: Pair, *, signatories: int | None) -> None:
    """Play the whole story once and prove its end. ``signatories``: how many must have signed, if known.

    Raises DemoFailed.
    """
    drop(stage, pair)
    file_id = stage.folder.file_id(pair.document)
    before = len(stage.folder.versions(file_id))
    signed = _until_signed(stage, pair)
    if signatories is not None and len(signed) != signatories:
        raise DemoFailed(f"{len(signed)} people signed instead of {signatories}: {', '.join(signed)}")
    _prove(stage, pair, len(signed))
    _prove_version(stage, pair, file_id, before)


def _until_signed(stage: Stage, pair: Pair) -> list[str]:
    """Follow the status and the outbox; sign for whoever is invited; return who signed."""
    until = time.monotonic() + _LIMIT_S
    shown, read, patience = "", "", time.monotonic() + _PATIENCE_S
    waiting, signed = list[str](), list[str]()
    while time.monotonic() < until:
        line = stage.folder.first_line(pair.status)
        if line != shown:
            stage.voice.say("the folder", f"{pair.name}.signature.txt reads:\n{line}")
            shown = line
        if line.startswith(SIGNED):
            _tell(stage, stage.new_messages())
            return signed
        if line.startswith(_OVER):
            raise DemoFailed(f"the request ended otherwise:\n{stage.folder.text(pair.status)}")
        waiting += _tell(stage, stage.new_messages())
        # People take their time: the next one signs when the folder has told of the one before.
        if waiting and (line != read or time.monotonic() > patience):
            email = waiting.pop(0)
            waiting += _sign(stage, email)
            signed.append(email)
            read, patience = line, time.monotonic() + _PATIENCE_S
        stage.children.check()
        time.sleep(0.2)
    raise DemoFailed(f"not signed within {_LIMIT_S:.0f} s; the folder reads:\n{shown or '(no status)'}")


def _sign(stage: Stage, email: str) -> list[str]:
    """Sign for one person; return who was invited thereupon."""
    stage.voice.say("signatory", f"{email} opens the link, reads every page, ticks the box")
    try:
        with Person(email, stage.platform) as person:
            person.sign()
    except PersonStuckError as error:
        raise DemoFailed(f"{email} cannot sign: {error}") from error
    came = stage.new_messages()
    _tell(stage, [one for one in came if one["kind"] == "sms"])
    stage.voice.say("signatory", f"{email} types the code and presses « Signer »")
    return _tell(stage, [one for one in came if one["kind"] != "sms"])


def _tell(stage: Stage, messages: list[dict[str, Any]]) -> list[str]:
    """Tell what came into the outbox; return who was invited."""
    for message in messages:
        if message["kind"] == "sms":
            stage.voice.say("SMS", f"to {message['to']}: code {message['code']}")
        else:
            what = _PURPOSES.get(message["purpose"], message["purpose"])
            stage.voice.say(
                "e-mail", f"to {message['to']}: « {message['subject']} », {what}\n{message['link']}"
            )
    return [str(one["to"]) for one in messages if one["purpose"] == "invitation"]


def _prove(stage: Stage, pair: Pair, expected: int) -> None:
    pdf = stage.folder.get(pair.document)
    if pdf is None:
        raise DemoFailed(f"« {pair.document} » is gone")
    found = intact_signatures(pdf)
    certificates = {one.certificate for one in found}
    if len(found) != expected or len(certificates) != expected:
        raise DemoFailed(f"{len(found)} signatures by {len(certificates)} certificates instead of {expected}")
    names = "\n".join(f"{one.name}, certificate {one.certificate[:16]}…" for one in found)
    stage.voice.say(
        "proof", f"« {pair.name}.pdf », read back over WebDAV: {expected} intact signatures\n{names}"
    )


def _prove_version(stage: Stage, pair: Pair, file_id: str, before: int) -> None:
    if stage.folder.file_id(pair.document) != file_id:
        raise DemoFailed("the signed PDF is another file, not a new version of the same one")
    versions = stage.folder.versions(file_id)
    if len(versions) <= before:
        raise DemoFailed("no new version of the file is to be seen")
    original = next((one for one in versions if stage.folder.read_version(one) == pair.pdf), None)
    if original is None:
        raise DemoFailed("no version holds the unsigned original")
    label = f" « {original.label} »" if original.label else ""
    stage.voice.say("proof", f"same file, new version; the unsigned original is its earlier version{label}")
