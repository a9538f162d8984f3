"""Texts of requests that have not left: missing PDF, to correct, ready, draft (ux page S1, S2, S3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.config.model import Ceiling
from connector.errors import Problem
from connector.lifecycle import State
from connector.report import words
from connector.report.facts import Case
from connector.report.problems import in_body, in_first_line
from connector.report.typography import Words, loose
from connector.sidecar.model import Wish
from connector.sidecar.names import is_image, is_pdf

_NAMED_IN_FIRST_LINE = 2
_ONE_TOO_MANY = {
    "two_sidecars": (
        "Gardez une seule de ces demandes ({names}), et supprimez l’autre.",
        "Keep one of these requests only ({names}), and delete the other.",
    ),
    "two_settings": (
        "Gardez un seul de ces fichiers de réglages ({names}), et supprimez l’autre.",
        "Keep one of these settings files only ({names}), and delete the other.",
    ),
    "settings_misnamed": (
        "Donnez à « {names} » le nom « _signature.yaml » ; s’il ne doit rien régler ici, donnez-lui un tout autre nom.",
        "Give “{names}” the name “_signature.yaml”; if it is to set nothing here, give it quite another name.",
    ),
    "settings_not_text": (
        "Copiez le texte de « {names} » dans un fichier « _signature.yaml », fait avec le Bloc-notes ; s’il ne doit "
        "rien régler ici, donnez-lui un tout autre nom.",
        "Copy the text of “{names}” into a file “_signature.yaml”, made with Notepad; if it is to set nothing here, "
        "give it quite another name.",
    ),
    "sidecar_not_text": (
        "Remplacez « {names} » par un fichier texte du même nom.",
        "Replace “{names}” with a text file of the same name.",
    ),
    "pdf_name_ambiguous": (
        "Renommez celui de ces PDF qui n’est pas à signer ({names}).",
        "Rename the one of these PDFs that is not to be signed ({names}).",
    ),
}
"""Problems of which no line and no page is the cause: a file has to go, or to bear another name."""


def waiting_pdf(case: Case) -> None:
    """S1: the request is right, a document of it is not there."""
    page, request = case.page, case.record.request
    missing = [str(each) for each in case.extra_list("missing")] or [case.pdf]
    documents = request.documents if request else ()
    annexes = [each for each in missing if request and each in request.annexes and each not in documents]
    named = [each for each in missing if each in annexes or each in documents]
    if len(missing) > 1:
        page.first(
            words.WAITING_PDF,
            "{count} documents ne sont pas dans ce dossier",
            "{count} documents are not in this folder",
            count=Words(str(len(missing))),
        )
    elif _is_pattern(missing[0]):
        page.first(
            words.WAITING_PDF,
            "aucun fichier ne correspond à « {pattern} »",
            "no file matches “{pattern}”",
            pattern=missing[0],
        )
    else:
        page.first(
            words.WAITING_PDF,
            "« {pdf} » n’est pas dans ce dossier",
            "“{pdf}” is not in this folder",
            pdf=missing[0],
        )
    what_fr, what_en = _what_is_missing(missing, named, annexes)
    page.para(
        f"La demande de signature est lue et correcte, mais {what_fr}. Rien n’est parti.",
        f"The signature request is read and correct, but {what_en}. Nothing has been sent.",
    )
    page.what_to_do()
    for name in missing:
        _put_it_there(case, name, alone=len(missing) == 1)
    if len(missing) > 1:
        then_fr, then_en = _then(case)
        page.bullet(f"Quand rien ne manquera plus, {then_fr}.", f"Once nothing is missing, {then_en}.")
    for name in missing:
        if not _is_pattern(name) and name not in _as_others(case):
            _under_another_name(case, name, named=name in named, annex=name in annexes)
    page.bullet(
        "La demande n’a plus lieu d’être ? Supprimez « {file} » ; ce message disparaîtra avec elle.",
        "Is the request no longer needed? Delete “{file}”; this message will go with it.",
        file=case.request_file,
    )


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name


def _as_others(case: Case) -> Mapping[str, str]:
    """Missing name → the Word file, or the like, that lies there in its stead."""
    found = case.record.extra.get("other_formats")
    return found if isinstance(found, Mapping) else {}


def _what_is_missing(missing: list[str], named: list[str], annexes: list[str]) -> tuple[str, str]:
    if len(missing) > 1:
        if len(annexes) == len(missing):
            return "des annexes manquent", "annexes are missing"
        return "des documents manquent", "documents are missing"
    if annexes:
        return "une annexe manque", "an annex is missing"
    if named:
        return "un document à signer manque", "a document to sign is missing"
    return "le document à signer manque", "the document to sign is missing"


def _then(case: Case) -> tuple[str, str]:
    """What comes once nothing is missing: a request that is to be looked at first does not leave by itself."""
    if _goes_by_itself(case):
        return "la demande partira d’elle-même", "the request will leave by itself"
    return "la demande sera relue aussitôt", "the request will be read again at once"


def _put_it_there(case: Case, name: str, *, alone: bool) -> None:
    """What to do about one missing file; and, where it is ``alone``, what comes then."""
    page = case.page
    then_fr, then_en = _then(case)
    then_fr, then_en = (f" : {then_fr}", f": {then_en}") if alone else ("", "")
    if other := _as_others(case).get(name):
        page.bullet(
            "« {other} » se trouve dans ce dossier : enregistrez-le au format PDF, "
            f"sous le nom « {{pdf}} »{then_fr}.",
            f"“{{other}}” is in this folder: save it as a PDF, under the name “{{pdf}}”{then_en}.",
            other=other,
            pdf=name if is_pdf(name) else f"{name}.pdf",
        )
    elif _is_pattern(name):
        page.bullet(
            "Aucun fichier de ce dossier ne correspond à « {pattern} ». Déposez-en un ici, ou corrigez cette ligne "
            f"dans « {{file}} »{then_fr}.{{near}}",
            "No file of this folder matches “{pattern}”. Put one here, or correct that line in "
            f"“{{file}}”{then_en}.{{near}}",
            pattern=name,
            file=_asked_in(case, name),
            near=_near(case, name),
        )
    else:
        page.bullet(
            f"Déposez « {{pdf}} » dans ce dossier{then_fr}.",
            f"Put “{{pdf}}” into this folder{then_en}.",
            pdf=name,
        )


def _under_another_name(case: Case, name: str, *, named: bool, annex: bool) -> None:
    page, near = case.page, _near(case, name)
    if not named:
        page.bullet(
            "Le document est là sous un autre nom ? Donnez le même nom aux deux fichiers.{near}",
            "Is the document there under another name? Give both files the same name.{near}",
            near=near,
        )
        return
    what_fr, what_en = ("L’annexe", "annex") if annex else ("Le document", "document")
    page.bullet(
        f"{what_fr} est là sous un autre nom ? Écrivez ce nom dans « {{file}} », à la place de « {{name}} ».{{near}}",
        f"Is the {what_en} there under another name? Write that name into “{{file}}”, in place of “{{name}}”.{{near}}",
        file=_asked_in(case, name),
        name=name,
        near=near,
    )


def _near(case: Case, name: str) -> Words:
    """Say which file bears nearly that name: it was looked for in the stead of the first that is missing."""
    near, missing = case.extra_text("near_name"), case.extra_list("missing")
    if not near or (missing and missing[0] != name):
        return Words("")
    return case.page.say(
        " Un nom proche se trouve ici : « {near} ».", " A similar name is here: “{near}”.", near=near
    )


def _asked_in(case: Case, name: str) -> str:
    """Name of the file in which a document or an annex is named: the request, or settings above it."""
    request = case.record.request
    if request is None:
        return case.request_file
    return request.origins.get("documents" if name in request.documents else "annexes", case.request_file)


def rejected(case: Case) -> None:
    """S2: every problem at once."""
    page, problems = case.page, [problem_of(each) for each in case.record.problems]
    count = len(problems)
    if 0 < count <= _NAMED_IN_FIRST_LINE:
        sentence, values = in_first_line(problems[0], page.language)
        page.first(words.TO_CORRECT, sentence, sentence, **values)
    else:
        page.first(
            words.TO_CORRECT,
            "{count} points à corriger ; rien n’est parti",
            "{count} points to correct; nothing has been sent",
            count=Words(str(count)),
        )
    too_many = [problem for problem in problems if problem.code in _ONE_TOO_MANY]
    documents = [problem for problem in problems if _about_document(problem)]
    shares = [problem for problem in problems if _about_shares(problem)]
    files = list(
        dict.fromkeys(
            problem.values.get("file") or case.request_file
            for problem in problems
            if problem not in (*documents, *shares, *too_many)
        )
    )
    alone = len(files) == 1 and not (documents or shares or too_many)
    _count_sentence(case, count, file=files[0] if alone else "")
    page.section()
    for number, problem in enumerate(problems, start=1):
        page.item(number, in_body(problem, page.language))
        if problem.cure:
            page.below("Cette ligne devient :", "The line becomes:", indent=5)
            page.typed(problem.cure)
    page.what_to_do()
    if shares and len(shares) == count:
        page.bullet(
            "Dans « {file} » il n’y a rien à changer : prévenez la personne qui gère les partages.",
            "In “{file}” there is nothing to change: tell whoever manages the shares.",
            file=case.request_file,
        )
    if corrected := case.extra_text("corrected_name"):
        page.bullet(
            "Une version corrigée est prête : « {corrected} ». Pour l’utiliser, supprimez « {file} ».",
            "A corrected version is ready: “{corrected}”. To use it, delete “{file}”.",
            corrected=corrected,
            file=case.request_file,
        )
    for problem in too_many:
        _choose_one(case, problem)
    for file in files:
        _correct_request(case, file, one=count - len(too_many) - len(shares) == 1)
    signed = {
        problem.values.get("document") or case.pdf for problem in problems if problem.code == "pdf_signed"
    }
    for name in dict.fromkeys(problem.values.get("document") or case.pdf for problem in documents):
        if name in signed and not case.context.versions_kept:
            _leave_signed(case, name)
        else:
            _correct_document(case, name)


def _about_document(problem: Problem) -> bool:
    return problem.code not in _ONE_TOO_MANY and problem.code.startswith(
        ("pdf_", "image_", "document_unreadable")
    )


def _about_shares(problem: Problem) -> bool:
    """True for what lies in how a folder or a file is shared, which nobody corrects in a file."""
    return problem.code.startswith("public_link")


def _count_sentence(case: Case, count: int, *, file: str) -> None:
    plural_fr, plural_en = ("points", "points") if count != 1 else ("point", "point")
    where_fr, where_en = (" dans « {file} »", " in “{file}”") if file else ("", "")
    case.page.para(
        f"Rien n’est parti. {{count}}~{plural_fr} à corriger{where_fr} :",
        f"Nothing has been sent. {{count}}~{plural_en} to correct{where_en}:",
        count=count,
        file=file,
    )


def _goes_by_itself(case: Case) -> bool:
    """Tell whether it leaves once all is right, without another word (as ``steps.wish``): nothing else is promised."""
    request, extra = case.record.request, case.record.extra
    if request is None or case.context.ceiling != Ceiling.LIVE or request.send not in {None, Wish.SEND}:
        return False
    if extra.get("needs_ask") or (extra.get("there_before") and not extra.get("confirmed")) or _stopped(case):
        return False
    shown = extra.get("shown") or {}
    if request.send is not None and "send" not in request.origins:
        return _is_edited(case) or not shown.get("capped")
    if request.born_of == "list" or shown.get("capped"):
        return False
    if any(problem_of(each).values.get("file") for each in case.record.problems):
        return False  # settings that are not read may say how far it goes
    if request.send is not None:
        return not shown  # what was shown leaves as it was shown, or not by that word
    return request.born_of is None and (not shown or (_is_edited(case) and not shown.get("gone")))


def _is_edited(case: Case) -> bool:
    """Tell whether its own file has to be corrected: saved again, it is not what was shown before any more."""
    return case.record.state is State.REJECTED and any(
        not (
            problem.values.get("file")
            or problem.code in _ONE_TOO_MANY
            or _about_document(problem)
            or _about_shares(problem)
        )
        for problem in map(problem_of, case.record.problems)
    )


def _stopped(case: Case) -> bool:
    order = case.record.extra.get("order")
    return isinstance(order, Mapping) and order.get("code") == "stopped_meanwhile"


def _choose_one(case: Case, problem: Problem) -> None:
    french, english = _ONE_TOO_MANY[problem.code]
    end_fr, end_en = _read_again(case)
    case.page.bullet(
        f"{french} La demande est relue aussitôt{end_fr}",
        f"{english} The request is read again at once{end_en}",
        names=loose(problem.values.get("names") or problem.values.get("file") or case.request_file),
    )


def _read_again(case: Case) -> tuple[str, str]:
    if _goes_by_itself(case):
        return " et part d’elle-même si tout est juste.", " and leaves by itself once all is right."
    return ".", "."


def _correct_request(case: Case, file: str, *, one: bool) -> None:
    end_fr, end_en = _read_again(case)
    what_fr, what_en = ("ce point", "this point") if one else ("ces lignes", "these lines")
    case.page.bullet(
        f"Ouvrez « {{file}} », corrigez {what_fr}, enregistrez. La demande est relue aussitôt" + end_fr,
        f"Open “{{file}}”, correct {what_en}, save. The request is read again at once" + end_en,
        file=file,
    )


def _correct_document(case: Case, name: str) -> None:
    if is_image(name):
        case.page.bullet(
            "Remplacez « {name} » par une image lisible, sous le même nom, ou par un PDF. La demande est relue "
            "aussitôt.",
            "Replace “{name}” with a readable picture of the same name, or with a PDF. The request is read again at "
            "once.",
            name=name,
        )
        return
    case.page.bullet(
        "Remplacez « {name} » par un PDF corrigé, sous le même nom. La demande est relue aussitôt.",
        "Replace “{name}” with a corrected PDF of the same name. The request is read again at once.",
        name=name,
    )


def _leave_signed(case: Case, name: str) -> None:
    """It may be the only copy of what people signed: no version keeps it where another takes its place."""
    case.page.bullet(
        "Laissez « {name} » tel quel, et déposez le document à signer sous un autre nom, avec sa propre demande.",
        "Leave “{name}” as it is, and put the document to be signed here under another name, with a request of its "
        "own.",
        name=name,
    )


def problem_of(mapping: Mapping[str, Any]) -> Problem:
    """Read a problem as the journal keeps it: ``code``, ``line``, ``values``, ``cure``."""
    values = mapping.get("values") or {}
    return Problem(
        code=str(mapping["code"]),
        line=mapping.get("line"),
        values={str(name): str(value) for name, value in values.items()},
        cure=mapping.get("cure"),
    )
