"""Texts of requests that are shown and wait for a word: ready, draft on the site (ux page S3, section 2.3)."""

from __future__ import annotations

from connector.config.model import Ceiling
from connector.report import words
from connector.report.answers import typed_order
from connector.report.before import problem_of
from connector.report.facts import Case
from connector.report.meanwhile import meanwhile
from connector.report.people import preview_people
from connector.report.problems import in_body
from connector.report.typography import Words, loose
from connector.sidecar.model import Verb, Wish
from connector.sidecar.names import preview_name


def previewed(case: Case) -> None:
    """S3: shown, and gone no further."""
    page, stopped = case.page, case.record.reason == "stopped"
    missing = case.record.carried is not None and case.extra_text("preview_missing") == case.record.carried
    if stopped:
        page.first(
            words.READY,
            "rien n’est parti : la demande est arrêtée, comme vous l’avez écrit",
            "nothing has been sent: the request is stopped, as you wrote",
        )
    elif case.context.ceiling == Ceiling.PREVIEW:
        page.first(
            words.READY,
            "aperçu seulement : l’envoi n’est pas encore ouvert dans ce dossier",
            "preview only: sending is not open in this folder yet",
        )
    else:
        page.first(
            words.READY,
            f"rien n’est encore parti ; relisez {'le document' if missing else 'l’aperçu'}, puis donnez le départ",
            f"nothing has been sent yet; read the {'document' if missing else 'preview'}, then say go",
        )
    _what(case)
    if case.record.reason == "preview_changed":
        page.para(
            "Le PDF ou les signataires ont changé depuis l’aperçu précédent : relisez celui-ci.",
            "The PDF or the signatories have changed since the last preview: read this one.",
        )
    warnings(case)
    page.what_to_do()
    _look(case, missing=missing)
    if stopped:
        page.bullet(
            "Pour l’envoyer, retirez de « {file} » la ligne :",
            "To send it, remove from “{file}” the line:",
            file=case.request_file,
        )
        page.typed("action: " + typed_order(case, case.extra_text("stopped", "cancel")))
    else:
        _go(case)


def _look(case: Case, *, missing: bool) -> None:
    """Where it can be seen what would be sent; ``missing``: there is no preview of it."""
    page, one = case.page, case.only is not None
    if missing:
        page.bullet(
            "L’aperçu n’a pas pu être déposé ici. Relisez « {pdf} » ; l’emplacement de chaque signature est indiqué "
            "ci-dessus.",
            "The preview could not be put here. Read “{pdf}”; where each will sign is told above.",
            pdf=case.pdf,
        )
        return
    page.bullet(
        "Ouvrez « {preview} » : "
        + (
            "le cadre montre l’emplacement de la signature."
            if one
            else "les cadres montrent où chacun signera."
        ),
        "Open “{preview}”: "
        + ("the box shows where to sign." if one else "the boxes show where each will sign."),
        preview=case.extra_text("preview_name", preview_name(case.pdf)),
    )


def _what(case: Case) -> None:
    page, document = case.page, case.record.document
    page.section()
    others = [each for each in case.extra_list("documents") if isinstance(each, dict)]
    first = [(case.pdf, document.pages)]
    listed = first + [(str(each.get("name", "")), each.get("pages")) for each in others]
    for rank, (name, pages) in enumerate(listed):
        label = (("Documents", "Documents") if others else ("Document", "Document")) if not rank else ("", "")
        page.labelled(label, _with_pages(case, name, pages))
    for rank, name in enumerate(case.extra_list("annexes")):
        page.labelled(("Annexes", "Annexes") if not rank else ("", ""), page.say("{n}", "{n}", n=name))
    page.labelled(("Objet", "Subject"), case.subject)
    preview_people(case)


def _with_pages(case: Case, name: str, pages: object) -> Words:
    if not isinstance(pages, int):
        return case.page.say("{name}", "{name}", name=name)
    plural = "s" if pages != 1 else ""
    return case.page.say(
        f"{{name}}, {{pages}}~page{plural}", f"{{name}}, {{pages}}~page{plural}", name=name, pages=pages
    )


def warnings(case: Case) -> None:
    """Tell what does not stop a request but should be known (``extra["warnings"]``, as problems)."""
    found = [problem_of(each) for each in case.extra_list("warnings") if isinstance(each, dict)]
    if found:
        case.page.heading("Bon à savoir", "Good to know")
    for problem in found:
        case.page.bullet("{told}", "{told}", told=in_body(problem, case.page.language))


def _go(case: Case) -> None:
    page, ceiling = case.page, case.context.ceiling
    if ceiling == Ceiling.PREVIEW:
        page.bullet(
            "Pour ouvrir l’envoi dans ce dossier, contact : {support}. Rien ne partira sans vous.",
            "To open sending in this folder, contact: {support}. Nothing will leave without you.",
            support=loose(case.context.support),
        )
        return
    request = case.record.request
    said_already = request is not None and request.send is Wish.SEND
    if ceiling == Ceiling.DRAFT:
        _write_or_replace(
            case,
            "Pour en faire un brouillon sur Jesignexpert,",
            "To make it a draft on Jesignexpert,",
            line=_own_line(case),
        )
        page.typed(page.pick("envoi: brouillon", "send: draft"))
        return
    _write_or_replace(
        case,
        "Pour envoyer cette lettre,",
        "To send this letter,",
        line=None if said_already else _own_line(case),
    )
    page.typed(case.wording(Verb.SEND) if said_already else page.pick("envoi: oui", "send: yes"))
    if case.context.ready_count and _own_line(case) is None:
        _all_of_them(case, said_already=said_already)


def _own_line(case: Case) -> int | None:
    """Line of the request on which it says itself how far it goes: whatever the settings say, that holds."""
    request = case.record.request
    return None if request is None or "send" in request.origins else request.lines.get("send")


def _write_or_replace(case: Case, french: str, english: str, *, line: int | None) -> None:
    """A key stands once: where it stands already its line gives way."""
    if line is None:
        case.page.bullet(
            f"{french} écrivez dans « {{file}} » :",
            f"{english} write into “{{file}}”:",
            file=case.request_file,
        )
    else:
        case.page.bullet(
            f"{french} mettez dans « {{file}} », à la place de la ligne~{{line}} :",
            f"{english} put into “{{file}}”, in place of line~{{line}}:",
            file=case.request_file,
            line=line,
        )


def _all_of_them(case: Case, *, said_already: bool) -> None:
    page, request = case.page, case.record.request
    settings = case.extra_text("settings_name", "_signature.yaml")
    said_in = request.origins.get("send") if request is not None else None
    if said_already and said_in:
        page.bullet(
            "Pour envoyer les {count} demandes prêtes de ce dossier, enregistrez de nouveau « {settings} », où "
            "« envoi » le dit déjà.",
            "To send the {count} ready requests of this folder, save “{settings}” again, where “send” says so already.",
            count=case.context.ready_count,
            settings=said_in,
        )
    elif request is not None and said_in == settings:
        page.bullet(
            "Pour envoyer les {count} demandes prêtes de ce dossier, mettez la même ligne dans « {settings} », à la "
            "place de la ligne~{line}.",
            "To send the {count} ready requests of this folder, put the same line into “{settings}”, in place of "
            "line~{line}.",
            count=case.context.ready_count,
            settings=settings,
            line=request.lines.get("send"),
        )
    else:
        page.bullet(
            "Pour envoyer les {count} demandes prêtes de ce dossier, écrivez la même ligne dans « {settings} ».",
            "To send the {count} ready requests of this folder, write the same line into “{settings}”.",
            count=case.context.ready_count,
            settings=settings,
        )


def draft(case: Case) -> None:
    """A collecte that a person sends from the site."""
    page = case.page
    page.first(
        words.DRAFT,
        "la collecte vous attend sur Jesignexpert ; envoyez-la depuis le site",
        "the request awaits you on Jesignexpert; send it from the site",
    )
    page.para(
        "La collecte « {subject} » est prête sur Jesignexpert. Personne n’a encore reçu d’e-mail, et rien "
        "ne partira d’ici.",
        "The request “{subject}” is ready on Jesignexpert. Nobody has received an e-mail yet, and nothing "
        "will be sent from here.",
        subject=case.subject,
    )
    meanwhile(case)
    page.what_to_do()
    page.bullet(
        "Pour l’envoyer : ouvrez-la sur le site de Jesignexpert. Une fois envoyée, elle est suivie ici et "
        "le document signé reviendra de lui-même.",
        "To send it: open it on the site of Jesignexpert. Once sent it is followed here, and the signed "
        "document will come back by itself.",
    )
    if not case.acts(Verb.CANCEL):
        page.bullet(
            "Pour l’abandonner : supprimez-la sur le site de Jesignexpert.",
            "To drop it: delete it on the site of Jesignexpert.",
        )
        return
    page.bullet(
        "Pour l’abandonner : supprimez-la sur le site de Jesignexpert, ou écrivez dans « {file} » :",
        "To drop it: delete it on the site of Jesignexpert, or write into “{file}”:",
        file=case.request_file,
    )
    page.typed(case.wording(Verb.CANCEL))
