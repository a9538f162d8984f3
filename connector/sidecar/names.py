"""Which file name is what: the requests, the settings, everything the connector itself writes, and noise.

Names are *compared* in :func:`comparable` form and *addressed* with the server's exact bytes: never send a
comparable form to a server. Names that the connector makes are NFC and at most 250 bytes of UTF-8, so that every
server and every sync client can hold them. Source: "The files, by the names she would give them" and finding 3 of
the accountant's page; arrival cases A3 to A5 of the scenarios.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import Final

from connector.sidecar import words

MAX_NAME_BYTES: Final = 250
SETTINGS_STEM: Final = "_signature"
PAUSE_NAME: Final = "SIGNATURES EN PAUSE.txt"
PAUSE_NAMES: Final = {"fr": PAUSE_NAME, "en": "SIGNATURES PAUSED.txt"}
"""Name of the notice in a watched root while sending rests, by language."""
OVERVIEW_NAME: Final = "_Suivi des signatures.txt"
OVERVIEW_NAMES: Final = {"fr": OVERVIEW_NAME, "en": "_Signature overview.txt"}
"""Name of the overview of a folder's requests, by language."""
REGISTRY_FOLDER: Final = ".signature"
CONNECTOR_FOLDER: Final = ".jse-connector"
MODELS_FOLDER: Final = "Modèles de signature"
LOST_FOLDER: Final = "Signatures à classer"
"""Where signed documents go whose folder is gone."""
DONE_FOLDER: Final = "Demandes terminées"
"""Where finished requests and their statuses go, beside their documents, with ``après signature: ranger``."""
LIST_STEM: Final = "_signataires"
LISTS: Final = ("_signataires.xlsx", "_signataires.csv", "_signataires.csv.txt")
"""The names of a list that is read."""
LIST_ANSWER: Final = "_signataires.signature.txt"
"""What became of the rows of a list, beside it, whatever its extension."""

OTHER_ENDINGS: Final = (
    *(".doc", ".docx", ".docm", ".dot", ".dotx", ".odt", ".rtf", ".pages", ".txt", ".md", ".htm", ".html"),
    *(".xls", ".xlsx", ".xlsm", ".ods", ".numbers", ".csv", ".ppt", ".pptx", ".odp"),
    *(".webp", ".avif", ".gif", ".bmp"),
)
"""Documents of other programs, and pictures of kinds not read: what people would have signed, and must save as a PDF
first."""
IMAGE_ENDINGS: Final = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".heic", ".heif", ".hif")

# Windows hides the last extension it knows, so a person cannot see that a request is called ….yaml.txt.
_REQUEST: Final = re.compile(
    r"(?P<stem>.+)\.sign\.(?P<corrected>corrig(?:é|e\u0301?)\.)?(?:ya?ml(?:\.txt)?|txt)", re.DOTALL
)
_REQUEST_AS_WRITTEN: Final = re.compile(_REQUEST.pattern, re.DOTALL | re.IGNORECASE)
_SETTINGS: Final = re.compile(r"_signature\.(?:ya?ml(?:\.txt)?|txt)")
# The last group is what spreadsheets save beside the two that are read: each is answered by name, none is ignored.
_LIST: Final = re.compile(
    r"_signataires\.(?:(xlsx)|(csv(?:\.txt)?)|(xls|xlsm|xlsb|xltx|xlt|ods|numbers|tsv))"
)
_STATUS: Final = ".signature.txt"
_NUMBER: Final = r"(?: \([0-9]+\))?"
_OURS: Final = re.compile(
    rf".+ \((?:signé|signé, à vérifier|original)\){_NUMBER}\.pdf|.+\.apercu\.pdf|.+\.attestation{_NUMBER}\.pdf"
    r"|.+\.signature\.txt",
    re.DOTALL,
)
_MADE: Final = re.compile(
    rf"(?P<stem>.+?)(?: \((?:signé|signé, à vérifier|original)\){_NUMBER}|\.apercu|\.attestation{_NUMBER})\.pdf",
    re.DOTALL,
)
_SHORTENED: Final = re.compile(r".*~[0-9a-f]{6}", re.DOTALL)
# A person's name may hold brackets of its own: "(conflicted copy Marie (compta) 2026-11-23 104512)".
_BRACKETED: Final = r"(?:[^()]|\([^()]*\))*"
_CONFLICT: Final = re.compile(
    rf"\((?:{_BRACKETED} )?(?:conflicted copy|case clash|copie en conflit|copie conflictuelle|sfconflict){_BRACKETED}\)"
    r"|_[^_]+_[a-z]{3}-[0-9]{2}-[0-9]{4,6}-[0-9]{4}_[a-z]*conflict(?:_[0-9]+)?(?=\.)"  # Synology Drive
    r"|\.sync-conflict-[0-9]",  # Syncthing
)
_NOISE: Final = re.compile(
    r"~\$.*"  # Word, Excel: somebody has the file open
    r"|\.~lock\..*#"  # LibreOffice
    r"|\.?_?.*\.sw[opx]"  # vim
    r"|.*\.(?:part|partial|filepart|crdownload|download|tmp|temp|bak)"
    r"|.*~"
    r"|\.\..*\.~[0-9a-f]+|\..*\.~[0-9a-f]+"  # Nextcloud's client, while it downloads
    r"|[.~]syncthing[.~].*"
    r"|\.goutputstream-.*"
    r"|\._.+|\.ds_store|thumbs\.db|desktop\.ini|@eadir|#recycle|\.trash.*"
    r"|\.(?:nextcloud|owncloud)sync\.log|\.sync_[0-9a-f]+\.db.*|\._sync_.*",
    re.DOTALL,
)


def comparable(name: str) -> str:
    """Return the form in which two names are the same for people: NFC, no case, no blanks at either's end.

    A blank before the extension counts as the stem's end (``lettre .pdf`` is ``lettre.pdf``).
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).rstrip()
    stem, dot, extension = folded.rpartition(".")
    return f"{stem.rstrip()}.{extension}" if dot and stem.strip() else folded


def loose(name: str) -> str:
    """Return the form in which a folder's name and what settings call it are the same: accents and marks aside, too."""
    return words.fold(name) or comparable(name)


def is_too_long(name: str) -> bool:
    """Tell whether some server, Nextcloud for one, refuses to write under this name."""
    return len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES


def is_sidecar(name: str) -> bool:
    """Tell whether this file asks for a signature, by its name alone."""
    return bool(pair_of(name))


@lru_cache(maxsize=2048)
def pair_of(sidecar_name: str) -> tuple[str, ...]:
    """Return the PDF names a request answers for, in :func:`comparable` form, the likelier one first.

    Empty when the name is not a request's. ``lettre.sign.yaml`` → ``("lettre.pdf",)``; ``lettre.pdf.sign.yaml`` →
    ``("lettre.pdf", "lettre.pdf.pdf")``. Compare with ``comparable(pdf_name)``.
    """
    if is_noise(sidecar_name):
        return ()
    found = _REQUEST.fullmatch(comparable(sidecar_name))
    if not found or not (stem := found["stem"].rstrip()):
        return ()
    with_extension = comparable(f"{stem}.pdf")
    return (comparable(stem), with_extension) if stem.endswith(".pdf") else (with_extension,)


def corrected_name(sidecar_name: str) -> str | None:
    """Return the name under which a corrected request is offered: ``lettre.sign.yaml`` → ``lettre.sign.corrigé.yaml``.

    It answers for the same PDF once the wrong one is deleted. None where nothing may be offered: the name is no
    request's, is a corrected one itself (a second name would make a second request), or would grow too long.
    """
    found = _REQUEST_AS_WRITTEN.fullmatch(sidecar_name.rstrip())
    if not found or found["corrected"] or not is_sidecar(sidecar_name):
        return None
    name = unicodedata.normalize("NFC", f"{found['stem']}.sign.corrigé.yaml")
    return None if is_too_long(name) else name


def is_corrected(name: str) -> bool:
    """Tell whether this is a corrected request: while the one it corrects is still there, it asks for nothing."""
    found = _REQUEST.fullmatch(comparable(name))
    return bool(found and found["corrected"]) and is_sidecar(name)


def is_settings(name: str) -> bool:
    """Tell whether this is a folder's settings file, ``_signature.yaml`` under any of its extensions."""
    return bool(_SETTINGS.fullmatch(comparable(name)))


def is_list(name: str) -> bool:
    """Tell whether this is a list of signatories, ``_signataires.xlsx`` or ``.csv``, or one in a form not read."""
    return bool(list_kind(name))


def list_kind(name: str) -> str:
    """Return ``xlsx``, ``csv``, ``other`` for a list in a form that is not read, ``""`` for any other file."""
    found = _LIST.fullmatch(comparable(name))
    return ("xlsx", "csv", "other")[(found.lastindex or 1) - 1] if found else ""


def is_pdf(name: str) -> bool:
    """Tell whether the name says PDF, in any case, with trailing blanks or not."""
    return comparable(name).endswith(".pdf")


def is_image(name: str) -> bool:
    """Tell whether the name says JPEG, PNG, TIFF or HEIC, in any case, with trailing blanks or not."""
    folded = comparable(name)
    return folded.endswith(IMAGE_ENDINGS) and bool(folded.rpartition(".")[0].strip())


def is_other_document(name: str) -> bool:
    """Tell whether the name says a document of another program (Word, Excel …), which cannot be sent as it is."""
    folded = comparable(name)
    return folded.endswith(OTHER_ENDINGS) and bool(folded.rpartition(".")[0].strip())


def images_of(sidecar_name: str) -> tuple[str, ...]:
    """Return the picture names a request answers for where no PDF is there, in :func:`comparable` form.

    ``photo.sign.yaml`` → ``("photo.jpg", "photo.jpeg", …)``; ``photo.jpg.sign.yaml`` → ``("photo.jpg",)``.
    """
    if not pair_of(sidecar_name):
        return ()
    found = _REQUEST.fullmatch(comparable(sidecar_name))
    stem = found["stem"].rstrip() if found else ""
    if stem.endswith(IMAGE_ENDINGS):
        return (comparable(stem),)
    return tuple(comparable(stem + ending) for ending in IMAGE_ENDINGS)


def is_conflict_copy(name: str) -> bool:
    """Tell whether a sync client made this copy of a file that two people had changed."""
    return bool(_CONFLICT.search(comparable(name)))


def original_of(conflict_copy: str) -> str:
    """Return the name of the file that a sync client made this copy of, in :func:`comparable` form; ``""`` for none.

    ``lettre.sign (conflicted copy 2026-11-23 104512).yaml`` → ``lettre.sign.yaml``.
    """
    folded = comparable(conflict_copy)
    found = _CONFLICT.search(folded)
    if found is None:
        return ""
    # Syncthing's has no bracket at its end: what follows up to the extension belongs to it.
    rest = folded[found.end() :]
    rest = rest[rest.find(".") :] if found[0].startswith(".") and "." in rest else rest
    return comparable(folded[: found.start()].rstrip() + rest)


def is_noise(name: str) -> bool:
    """Tell whether this is a temporary, lock, system or conflict file: never a request, never a document."""
    return bool(_NOISE.fullmatch(comparable(name))) or is_conflict_copy(name)


def is_ours(name: str) -> bool:
    """Tell whether the connector writes files or folders by this name: never a request, never a document of one.

    ``name`` is one segment of a path, a folder's with or without its slash.
    """
    wanted = comparable(name.rstrip("/"))
    return wanted in _FIXED or bool(_OURS.fullmatch(wanted))


def sources_of(name: str) -> tuple[str, ...]:
    """Return the documents that a PDF of ours by this name may have been made of, in :func:`comparable` form.

    ``lettre (signé).pdf`` → ``("lettre.pdf", "lettre.jpg", …)``; an annex has its main document among them. Empty for
    any other name, and for one that was shortened.
    """
    found = _MADE.fullmatch(comparable(name))
    if found is None or _SHORTENED.fullmatch(found["stem"]):
        return ()
    parts = found["stem"].split(" - ")
    stems = [" - ".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return tuple(comparable(stem + ending) for stem in stems for ending in (".pdf", *IMAGE_ENDINGS))


_FIXED: Final = frozenset(
    comparable(own)
    for own in (
        *PAUSE_NAMES.values(),
        *OVERVIEW_NAMES.values(),
        REGISTRY_FOLDER,
        CONNECTOR_FOLDER,
        MODELS_FOLDER,
        LOST_FOLDER,
        DONE_FOLDER,
    )
)


def document_name(sidecar_name: str) -> str:
    """Return the name that a request's PDF has or would have, spelled as the request is; the name itself if none.

    ``Lettre.sign.yaml`` → ``Lettre.pdf``; ``Lettre.pdf.sign.yaml`` → ``Lettre.pdf``.
    """
    found = _REQUEST_AS_WRITTEN.fullmatch(sidecar_name.rstrip())
    if not found:
        return sidecar_name
    stem = found["stem"].rstrip()
    return stem if stem.casefold().endswith((".pdf", *IMAGE_ENDINGS)) else f"{stem}.pdf"


def sidecar_name(document_name: str) -> str:
    """Return the name of a request for this document: ``Lettre.pdf`` → ``Lettre.sign.yaml``.

    ``""`` where no request could bear that name: it would be too long for servers and sync clients.
    """
    name = unicodedata.normalize("NFC", document_name).rstrip()
    stem = name[:-4] if name.casefold().endswith(".pdf") else name
    made = f"{stem.rstrip()}.sign.yaml"
    return "" if is_too_long(made) else made


def sidecar_names(document_name: str) -> tuple[str, ...]:
    """Return every name under which a person may have put a request for this document, the usual one first."""
    bare = (
        document_name.rpartition(".")[0]
        if is_pdf(document_name) or is_image(document_name)
        else document_name
    )
    stems = dict.fromkeys((bare, document_name))
    ends = (".sign.yaml", ".sign.yaml.txt", ".sign.txt", ".sign.yml", ".sign.yml.txt")
    return tuple(stem + end for stem in stems for end in ends)


def is_hidden(path: str) -> bool:
    """Tell whether a path below a watched root leads into a folder that is never looked into for requests.

    A name made of dots alone (``...``) hides nothing: a person chose it.
    """
    folders = path.split("/")[:-1]
    return any(
        (part.startswith(".") and bool(part.strip("."))) or comparable(part) == comparable(MODELS_FOLDER)
        for part in folders
    )


def is_filed(path: str) -> bool:
    """Tell whether a path leads into a folder of finished requests: they are known there, and nothing leaves."""
    return any(comparable(part) == comparable(DONE_FOLDER) for part in path.split("/")[:-1])


def fitting_status(status: str) -> str:
    """Return a status's name that every server holds, however many folders it names."""
    bare = status[: -len(_STATUS)] if status.endswith(_STATUS) else status
    return movable(_with_suffix(f"{bare}.pdf", _STATUS))


def filed_request(request: str, number: int = 1) -> str:
    """Name of a request among finished ones: ``lettre.sign.yaml``, then ``lettre (2).sign.yaml``, …."""
    found = _REQUEST_AS_WRITTEN.fullmatch(request.rstrip())
    if number == 1 or found is None:
        return movable(request)
    stem = found["stem"].rstrip()
    return movable(_with_suffix(f"{stem}.pdf", _numbered(number) + request[len(found["stem"]) :]))


def filed_status(status: str, number: int = 1) -> str:
    """Name of a status among finished ones: ``lettre.signature.txt``, then ``lettre (2).signature.txt``, …."""
    if number == 1 or not status.endswith(_STATUS):
        return movable(status)
    return movable(_with_suffix(f"{status[: -len(_STATUS)]}.pdf", _numbered(number) + _STATUS))


def unnumbered(request: str) -> tuple[str, ...]:
    """Return the name that a filed request may have had before: ``lettre (2).sign.yaml`` → ``lettre.sign.yaml``.

    Empty where no number stands in it.
    """
    found = _REQUEST_AS_WRITTEN.fullmatch(request.rstrip())
    numbered = re.fullmatch(r"(.+) \([0-9]+\)", found["stem"], re.DOTALL) if found else None
    return (numbered[1] + request[len(found["stem"]) :],) if found and numbered else ()


def image_pdf_name(image_name: str) -> str:
    """``photo.jpg`` → ``photo.pdf``: how an image comes back; the name itself if it is not an image's."""
    if not is_image(image_name):
        return image_name
    stem = unicodedata.normalize("NFC", image_name).rstrip().rpartition(".")[0].rstrip()
    return _with_suffix(f"{stem}.pdf", ".pdf")


def status_name(pdf_name: str) -> str:
    """``lettre.pdf`` → ``lettre.signature.txt``."""
    return _with_suffix(pdf_name, _STATUS)


def preview_name(pdf_name: str) -> str:
    """``lettre.pdf`` → ``lettre.apercu.pdf``."""
    return _with_suffix(pdf_name, ".apercu.pdf")


def attestation_name(pdf_name: str, number: int = 1) -> str:
    """``lettre.pdf`` → ``lettre.attestation.pdf``, then ``lettre.attestation (2).pdf``, …."""
    return _with_suffix(pdf_name, f".attestation{_numbered(number)}.pdf")


def signed_name(pdf_name: str, number: int = 1) -> str:
    """``lettre (signé).pdf``, then ``lettre (signé) (2).pdf``, … where the earlier names are taken."""
    return _with_suffix(pdf_name, f" (signé){_numbered(number)}.pdf")


def to_check_name(pdf_name: str, number: int = 1) -> str:
    """``lettre (signé, à vérifier).pdf``, then ``… (2).pdf``."""
    return _with_suffix(pdf_name, f" (signé, à vérifier){_numbered(number)}.pdf")


def original_name(pdf_name: str, number: int = 1) -> str:
    """``lettre (original).pdf``, then ``lettre (original) (2).pdf``."""
    return _with_suffix(pdf_name, f" (original){_numbered(number)}.pdf")


def annex_name(main_pdf: str, annex_pdf: str, number: int = 1, *, to_check: bool = False) -> str:
    """Name of a signed annex beside the main document, then ``… (2).pdf``.

    ``Mandat.pdf``, ``Annexe 1 - Tarifs.pdf`` → ``Mandat - Annexe 1 - Tarifs (signé).pdf``.
    """
    naming = to_check_name if to_check else signed_name
    return naming(f"{_stem(main_pdf)} - {_stem(annex_pdf)}.pdf", number)


def movable(name: str) -> str:
    """Return a name that every server takes whole in ``Destination``: WsgiDAV 4 cuts it at ``?`` and ``;``."""
    return name.replace("?", "_").replace(";", "_")


def _numbered(number: int) -> str:
    return f" ({number})" if number > 1 else ""


def _with_suffix(pdf_name: str, suffix: str) -> str:
    """Put ``suffix`` in place of ``.pdf``, the stem shortened where the whole would be too long."""
    stem = _stem(pdf_name)
    suffix = unicodedata.normalize("NFC", suffix)
    room = MAX_NAME_BYTES - len(suffix.encode())
    encoded = stem.encode("utf-8", "surrogatepass")
    if len(encoded) <= room:
        return stem + suffix
    # Two long names often differ in their last words only: a trace of the whole keeps them apart.
    trace = "~" + hashlib.sha256(encoded).hexdigest()[:6]
    return encoded[: room - len(trace)].decode("utf-8", "ignore").rstrip() + trace + suffix


def _stem(pdf_name: str) -> str:
    """Return a PDF's or a picture's name without its extension, in NFC."""
    name = image_pdf_name(unicodedata.normalize("NFC", pdf_name).rstrip())
    return name[:-4] if name.casefold().endswith(".pdf") and len(name) > 4 else name
