"""Texts of requests that have not left: missing PDF, to correct, ready, draft (ux page S1, S2, S3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.config.model import Ceiling
from connector.errors import Problem
from connector.report import words
from connector.report.facts import Case
from connector.report.problems import in_body, in_first_line
from connector.report.typography import Words
from connector.sidecar.model import Wish
from connector.sidecar.names import is_image

_NAMED_IN_FIRST_LINE = 2


def waiting_pdf(case: Case) -> None:
    """S1: the request is right, a document of it is not there."""
    page, request_file = case.page, case.request_file
    missing = [str(each) for each in case.extra_list("missing")] or [case.pdf]
    if len(missing) == 1:
        page.first(
            words.WAITING_PDF,
            "« {pdf} » n’est pas dans ce dossier",
            "“{pdf}” is not in this folder",
            pdf=missing[0],
        )
    else:
        page.first(
            words.WAITING_PDF,
            "{count} documents ne sont pas dans ce dossier",
            "{count} documents are not in this folder",
            count=Words(str(len(missing))),
        )
    page.para(
        "La demande de signature est lue et correcte, mais le document à signer manque. Rien n’est parti."
        if len(missing) == 1
        else "La demande de signature est lue et correcte, mais des documents manquent. Rien n’est parti.",
        "The signature request is read and correct, but the document to sign is missing. Nothing has been sent."
        if len(missing) == 1
        else "The signature request is read and correct, but documents are missing. Nothing has been sent.",
    )
    page.what_to_do()
    for name in missing:
        page.bullet(
            "Déposez « {pdf} » dans ce dossier : la demande partira d’elle-même.",
            "Put “{pdf}” into this folder: the request will leave by itself.",
            pdf=name,
        )
    other = page.say(
        "Le document est là sous un autre nom ? Donnez le même nom aux deux fichiers.",
        "Is the document there under another name? Give both files the same name.",
    )
    if near := case.extra_text("near_name"):
        other = Words(
            other
            + page.say(
                " Un nom proche se trouve ici : « {near} ».", " A similar name is here: “{near}”.", near=near
            )
        )
    page.bullet("{other}", "{other}", other=other)
    page.bullet(
        "La demande n’a plus lieu d’être ? Supprimez « {file} » ; ce message disparaîtra avec elle.",
        "Is the request no longer needed? Delete “{file}”; this message will go with it.",
        file=request_file,
    )


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
    documents = [problem for problem in problems if _about_document(problem)]
    files = list(
        dict.fromkeys(
            problem.values.get("file") or case.request_file
            for problem in problems
            if not _about_document(problem)
        )
    )
    _count_sentence(case, count, file=files[0] if len(files) == 1 and not documents else "")
    page.section()
    for number, problem in enumerate(problems, start=1):
        page.item(number, in_body(problem, page.language))
        if problem.cure:
            page.below("Cette ligne devient :", "The line becomes:", indent=5)
            page.typed(problem.cure)
    page.what_to_do()
    if corrected := case.extra_text("corrected_name"):
        page.bullet(
            "Une version corrigée est prête : « {corrected} ». Pour l’utiliser, supprimez « {file} ».",
            "A corrected version is ready: “{corrected}”. To use it, delete “{file}”.",
            corrected=corrected,
            file=case.request_file,
        )
    for file in files:
        _correct_request(case, file, one=count == 1)
    for name in dict.fromkeys(problem.values.get("document") or case.pdf for problem in documents):
        _correct_document(case, name)


def _about_document(problem: Problem) -> bool:
    return problem.code.startswith(("pdf_", "image_", "document_unreadable"))


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
    request = case.record.request
    wish = request.send if request else None
    return case.context.ceiling == Ceiling.LIVE and wish in {None, Wish.SEND}


def _correct_request(case: Case, file: str, *, one: bool) -> None:
    end_fr, end_en = (
        (" et part d’elle-même si tout est juste.", " and leaves by itself once all is right.")
        if _goes_by_itself(case)
        else (".", ".")
    )
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


def problem_of(mapping: Mapping[str, Any]) -> Problem:
    """Read a problem as the journal keeps it: ``code``, ``line``, ``values``, ``cure``."""
    values = mapping.get("values") or {}
    return Problem(
        code=str(mapping["code"]),
        line=mapping.get("line"),
        values={str(name): str(value) for name, value in values.items()},
        cure=mapping.get("cure"),
    )
