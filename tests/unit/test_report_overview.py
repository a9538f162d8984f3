"""The overview's text: the example of ux page section 2.6, its form for whatever a folder holds, names told apart."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.lifecycle import Record, SignatoryFacts, State
from connector.report import overview_rows, words
from connector.report.block import Whole, read_status, seal_status
from connector.report.columns import Named, row, told_apart
from connector.report.context import Pause, PauseCause, StatusContext
from connector.report.overview import MOST_BELOW, MOST_NAMES, overview_words, render_overview
from connector.report.overview_lines import RANKS, line_of
from connector.report.overview_news import (
    Below,
    Line,
    ListLine,
    OverviewNews,
    Section,
    counts_of,
)
from connector.report.overview_strays import Misnamed, StrayDrop, Strays
from connector.report.typography import LINE_WIDTH, TIE, Language
from connector.sidecar.model import Order
from tests.unit.report_example import (
    CONTEXT,
    DONE,
    MARIE,
    OUT,
    PARIS,
    SENT,
    at,
    record,
    variants,
    with_context,
)
from tests.unit.test_report_form import FORBIDDEN, GENDERED, RELATIVE, long_record

WRITTEN = at(1, 12, 16, 12)
VARIANTS = variants()
NAMES = [each[0] for each in VARIANTS]
SIGNED_BESIDE = {"delivered_href": "/Lettres/Lettre DUPONT (signé).pdf"}


def news_of(*lines: Line, **fields: Any) -> OverviewNews:
    """The news of one folder that holds these requests."""
    return OverviewNews(
        **{"folder": "Lettres de mission 2026", "lines": lines, "counts": counts_of(lines), **fields}
    )


def text_of(news: OverviewNews, language: Language = "fr") -> str:
    """The text with plain spaces, as people read it."""
    return render_overview(news, zone=PARIS, language=language, at=WRITTEN).replace("\u00a0", " ")


def words_of(news: OverviewNews) -> str:
    return overview_words(news, zone=PARIS, language="fr")


def told(one: Record, context: StatusContext = CONTEXT, language: Language = "fr") -> Line:
    return line_of(one, dataclasses.replace(context, language=language))


def named(name: str, state: State, *people: SignatoryFacts, ref: str = "7F3K2Q", **fields: Any) -> Line:
    """The line of a letter of that name."""
    document = {"href": f"/Lettres/{name}.pdf", **fields.pop("document", {})}
    place = f"/Lettres/{name}.sign.yaml"
    return told(record(state, *people, document=document, place=place, ref=ref, **fields))


def out(name: str, who: str, day: int, expires: int) -> Line:
    """A letter that waits for one person."""
    person = SignatoryFacts(order=1, email="a@b.fr", name=who, progress="invited", invited_at=at(day))
    return named(name, State.IN_PROGRESS, person, sent_at=at(day), expires_at=at(expires, 12))


def example() -> OverviewNews:
    """The folder of ux page section 2.6, as far as the page shows it."""
    marie = MARIE.model_copy(
        update={"progress": "refused", "reason": "Les honoraires ne correspondent pas à notre échange."}
    )
    fixed = {
        "code": "phone_fixed_line",
        "line": 1,
        "values": {"who": "Paul Moreau", "written": "04 78 12 34 56"},
    }
    large = {"code": "pdf_too_large", "line": None, "values": {"size_mb": "14", "limit_mb": "10"}}
    return news_of(
        named("Lettre BLANC", State.DELIVERED, *DONE, delivered_at=at(1, 12, 16, 12)),
        named("Lettre DUPONT", State.REFUSED, marie, ended_at=at(25)),
        out("Lettre FOURNIER", "Claire Bernard", 24, 9),
        named("Lettre GARCIA", State.WAITING_PDF),
        named("Lettre MOREAU", State.REJECTED, problems=(fixed,)),
        named("Lettre PETIT", State.REJECTED, problems=(large,)),
        out("Lettre ROUX", "Julie Roux", 23, 8),
        without=("Lettre NOËL", "Lettre ROCHE"),
    )


GOLDEN = """\
SUIVI DES SIGNATURES – Lettres de mission 2026
Au 1er décembre 2026 à 16 h 12
7 demandes : 4 à traiter, 2 en cours, 1 signée

À TRAITER
  REFUSÉ              Lettre DUPONT   motif : « Les honoraires ne
                                      correspondent pas à notre échange. »
  À CORRIGER          Lettre MOREAU   numéro fixe pour Paul Moreau, il faut un
                                      mobile (ligne 1)
  À CORRIGER          Lettre PETIT    le PDF pèse 14 Mo ; Jesignexpert accepte
                                      moins de 10 Mo
  EN ATTENTE DU PDF   Lettre GARCIA

Vu ? Ce qui est refusé, expiré, perdu ou signé à côté passe plus bas quand
vous supprimez son suivi ou son fichier de demande.

EN COURS, la plus ancienne d’abord
  depuis le     demande           attend           expire le
  23 novembre   Lettre ROUX       Julie Roux       8 décembre
  24 novembre   Lettre FOURNIER   Claire Bernard   9 décembre

SIGNÉES
  le 1er décembre   Lettre BLANC

2 PDF de ce dossier ne font l’objet d’aucune demande : Lettre NOËL,
Lettre ROCHE.

--
Tenu à jour automatiquement (heure de Paris) ; vos ajouts seraient effacés.

[Les lignes suivantes servent au suivi ; ne les modifiez pas.]
"""


def test_the_example_of_the_page() -> None:
    """What needs a person first, what is out oldest first, what is signed, what nobody asked for."""
    assert text_of(example()) == GOLDEN


def test_the_file_is_sealed_as_a_status_is() -> None:
    """BOM, CRLF, and a block that tells it from what a person wrote."""
    text = render_overview(example(), zone=PARIS, language="fr", at=WRITTEN)
    data = seal_status(
        text,
        ref="overview",
        transaction=None,
        connector="lyon-1",
        place="/a",
        pdf_sha256=None,
        seal_key=b"k" * 32,
    )
    assert data.startswith(b"\xef\xbb\xbfSUIVI DES SIGNATURES")
    assert data.count(b"\n") == data.count(b"\r\n")
    status = read_status(data, b"k" * 32)
    assert isinstance(status, Whole)
    assert status.ref == "overview"


# ------------------------------------------------------------------------------------------- the form


def keeps_the_form(text: str, language: Language) -> None:
    """Width, no hole in a template, no-break spaces, no word that must never reach the accountant."""
    first, *rest = text.split("\n")
    assert len(first) <= 90
    assert all(len(line) <= LINE_WIDTH for line in rest), [line for line in rest if len(line) > LINE_WIDTH]
    assert TIE not in text
    assert "\n\n\n" not in text
    assert "\r" not in text
    assert all(line == line.rstrip() for line in rest)
    assert "None" not in text
    if language == "fr":
        assert not re.search(r"[ ](?=[:;!?»])|«[^\u00a0]", text)
        assert "'" not in text.replace("L'expert-comptable", "")
        own = text.replace(".sign.yaml", "").replace("_signature.yaml", "")
        assert not FORBIDDEN.search(own), FORBIDDEN.search(own)
        assert not GENDERED.search(own)
        assert not RELATIVE.search(own)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(("name", "beginning", "one", "context"), VARIANTS, ids=NAMES)
def test_every_request_has_a_line_of_the_right_form(
    name: str, beginning: str, one: Record, context: StatusContext, language: Language
) -> None:
    """Whatever there is to tell of a request: the state word of its status, under a part that counts it."""
    line = told(one, context, language)
    assert line.word in {pair[language == "en"] for pair in words.ALL}
    assert beginning == "" or language == "en" or beginning.startswith(line.word)
    news = news_of(line)
    text = render_overview(news, zone=PARIS, language=language, at=WRITTEN)
    keeps_the_form(text, language)
    assert line.name in text
    assert not re.search(r"\{(?!support\})|\[\[|\]\]|~", text)


SECTIONS: dict[State, Section] = {
    State.WAITING_PDF: Section.TO_DO,
    State.REJECTED: Section.TO_DO,
    State.UNCONFIRMED: Section.TO_DO,
    State.PREVIEWED: Section.READY,
    State.WAITING: Section.WAITING,
    State.PREPARED: Section.WAITING,
    State.MARKED: Section.WAITING,
    State.DRAFT: Section.READY,
    State.IN_PROGRESS: Section.IN_PROGRESS,
    State.SEALING: Section.IN_PROGRESS,
    State.DELIVERING: Section.IN_PROGRESS,
    State.DELIVERED: Section.SIGNED,
    State.DELIVERED_BESIDE: Section.SIGNED,
    State.REFUSED: Section.TO_DO,
    State.EXPIRED: Section.TO_DO,
    State.CANCELLED: Section.ENDED,
    State.HELD: Section.TO_DO,
    State.IN_DOUBT: Section.TO_DO,
    State.QUARANTINED: Section.TO_DO,
    State.LOST: Section.TO_DO,
}


@pytest.mark.parametrize("state", sorted(set(State) - {State.WITHDRAWN}))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_state_has_its_part(state: State, language: Language) -> None:
    """No state is left out, the barest adopted record is told too, and so are names that no screen was made for."""
    bare = record(state).model_copy(update={"request": None, "signatories": (), "subject": ""})
    lost = bare.model_copy(
        update={"place": "", "document": bare.document.model_copy(update={"href": ""}), "adopted": True}
    )
    lines = [told(one, language=language) for one in (record(state), bare, lost, long_record(state, **OUT))]
    assert [line.section for line in lines[:2]] == [SECTIONS[state]] * 2
    text = render_overview(news_of(*lines), zone=PARIS, language=language, at=WRITTEN)
    keeps_the_form(text, language)
    assert (text.count(lines[0].word) >= 1) or SECTIONS[state] in {Section.IN_PROGRESS, Section.SIGNED}


def test_a_withdrawn_request_is_none() -> None:
    with pytest.raises(ValueError, match="withdrawn"):
        told(record(State.WITHDRAWN))


def test_what_needs_a_person_although_it_is_over_or_on_its_way() -> None:
    """Beside and to be looked at, ended by the platform, signed and held up by somebody who has the PDF open."""
    needing = [
        record(State.DELIVERED_BESIDE, *DONE, document=SIGNED_BESIDE, reason="to_check"),
        record(State.DELIVERED_BESIDE, *DONE, reason="erased"),
        record(State.DELIVERED_BESIDE, *DONE, document=SIGNED_BESIDE, reason="pdf_changed"),
        record(State.DELIVERED_BESIDE, *DONE, document=SIGNED_BESIDE, reason="folder_gone"),
        record(State.CANCELLED, reason="platform_failed"),
        record(State.DELIVERING, *DONE, reason="delivery_blocked", values={"since": SENT.isoformat()}),
        record(State.DELIVERING, *DONE, extra={"locked": [1]}),
        record(State.IN_PROGRESS, *DONE, document={"changed_at": at(24)}, **OUT),
    ]
    assert [told(one).section for one in needing] == [Section.TO_DO] * 8
    assert [told(one).settles for one in needing] == [True] * 5 + [False] * 3
    others = [
        record(State.DELIVERED_BESIDE, *DONE, document=SIGNED_BESIDE, reason="pdf_gone"),
        record(State.CANCELLED, reason="ordered"),
        record(State.DELIVERING, *DONE),
        record(State.DELIVERED_BESIDE, *DONE, reason="put_in_place"),
    ]
    sections = [Section.SIGNED, Section.ENDED, Section.IN_PROGRESS, Section.SIGNED]
    assert [told(one).section for one in others] == sections
    assert "à côté" in text_of(news_of(told(others[0])))
    assert told(others[-1]).matter == ""
    assert "est ouvert par quelqu’un" in " ".join(text_of(news_of(told(needing[6]))).split())


def test_every_word_that_needs_a_person_has_its_rank() -> None:
    """Refused stands first, a missing PDF last."""
    lines = [told(one, context) for _, _, one, context in VARIANTS]
    needing = {line.word for line in lines if line.section is Section.TO_DO}
    assert needing <= {pair[0] for pair in RANKS}
    ordered = text_of(news_of(*(line for line in lines if line.section is Section.TO_DO)))
    found = [word for word, _ in RANKS if word in needing]
    at_line = [ordered.index(f"\n  {word} ") for word in found]
    assert at_line == sorted(at_line)


# ------------------------------------------------------------------------------------------ the counts


@pytest.mark.parametrize(
    ("states", "line"),
    [
        ([], "Au 1er décembre 2026 à 16 h 12 – aucune demande"),
        ([State.REFUSED], "Au 1er décembre 2026 à 16 h 12 – 1 demande : 1 à traiter"),
        ([State.DELIVERED], "Au 1er décembre 2026 à 16 h 12 – 1 demande : 1 signée"),
        ([State.DELIVERED] * 2, "Au 1er décembre 2026 à 16 h 12 – 2 demandes : 2 signées"),
        ([State.PREVIEWED] * 2, "Au 1er décembre 2026 à 16 h 12 – 2 demandes : 2 prêtes"),
        ([State.WAITING, State.DRAFT], "2 demandes : 1 prête, 1 en attente"),
        ([State.CANCELLED], "1 demande : 1 terminée sans signature"),
        (
            [State.REFUSED, State.DRAFT, State.WAITING, State.IN_PROGRESS, State.DELIVERED, State.CANCELLED],
            "6 demandes : 1 à traiter, 1 prête, 1 en attente, 1 en cours, 1 signée,",
        ),
    ],
)
def test_only_what_there_is_is_counted(states: list[State], line: str) -> None:
    """One, several and none, each said as French says it."""
    text = text_of(news_of(*(told(record(state)) for state in states)))
    assert line in text.split("\n")[1] + "\n" + text.split("\n")[2]


def test_english() -> None:
    """The other language, with its own name of every part."""
    lines = [told(record(state), language="en") for state in SECTIONS]
    text = text_of(
        news_of(*lines, without=("a",), root=True, below=(Below(path="b", counts={Section.TO_DO: 1}),)), "en"
    )
    assert text.startswith("SIGNATURE OVERVIEW – Lettres de mission 2026\nAs of 1 December 2026 at 16:12\n")
    for part in (
        "TO DEAL WITH",
        "READY",
        "WAITING",
        "IN PROGRESS, oldest first",
        "SIGNED",
        "ENDED WITHOUT A SIGNATURE",
    ):
        assert f"\n{part}" in text
    assert "1 PDF of this folder has no request: a." in text
    assert "20 requests, subfolders included: 9 to deal with" in text


def test_a_root_without_a_request_says_that_it_is_followed() -> None:
    """The sign of life, where a person looks for it, and what to do next."""
    text = text_of(news_of(root=True, folder="Clients"))
    assert text.startswith(
        "SUIVI DES SIGNATURES – Clients\nAu 1er décembre 2026 à 16 h 12 – aucune demande\n"
    )
    assert "Ce dossier est suivi" in text
    keeps_the_form(render_overview(news_of(root=True), zone=PARIS, language="fr", at=WRITTEN), "fr")


def test_folders_further_down() -> None:
    """One line each in which something is not over; those that need a person first, and never left out."""
    needing = [
        Below(path=f"b/{n}", counts={Section.TO_DO: n + 1, Section.SIGNED: 5}) for n in range(MOST_BELOW + 5)
    ]
    others = [Below(path=f"a/{n:03d}", counts={Section.IN_PROGRESS: 1}) for n in range(MOST_BELOW + 2)]
    over = Below(path="fini", counts={Section.SIGNED: 3, Section.ENDED: 1})
    text = text_of(news_of(root=True, below=(*others, over, *needing)))
    for one in needing:
        assert re.search(rf"\n  {one.path} +{one.counts[Section.TO_DO]} à traiter\n", text)
    assert text.index("b/64 ") < text.index("a/000 ")
    assert f"a/{MOST_BELOW - 1:03d}" in text
    assert f"a/{MOST_BELOW:03d}" not in text
    assert "… et 2 autres, où rien n’est à traiter" in text
    assert "fini" not in text


# ------------------------------------------------------------------------------------------ the parts


def test_hundreds_stay_readable() -> None:
    """Of what is over only the newest are named; of what needs a person, or is out, nothing is left out."""
    signed = [
        named(f"Signée {n}", State.DELIVERED, delivered_at=SENT + timedelta(hours=n)) for n in range(300)
    ]
    refused = [named(f"Refusée {n}", State.REFUSED) for n in range(150)]
    sent = [out(f"Envoyée {n}", "Julie Roux", 23, 8) for n in range(200)]
    text = text_of(news_of(*signed, *refused, *sent))
    assert "650 demandes : 150 à traiter, 200 en cours, 300 signées" in text
    assert text.count("Signée ") == overview_rows.MOST_SIGNED
    assert "Signée 299" in text
    assert "Signée 240" in text
    assert "Signée 239" not in text
    assert "\n  … et 240 autres, plus anciennes\n" in text
    assert text.count("  REFUSÉ ") == 150
    assert text.count("  Envoyée ") == 200


def test_one_more_than_are_named() -> None:
    signed = [
        named(f"Signée {n}", State.DELIVERED, delivered_at=SENT + timedelta(hours=n)) for n in range(61)
    ]
    assert "\n  … et 1 autre, plus ancienne\n" in text_of(news_of(*signed))


def test_what_was_just_said_is_not_said_again() -> None:
    """Forty requests that were there before the first day: one sentence, forty names."""
    held = [
        told(record(State.HELD, reason="there_before", document={"href": f"/L/L {n}.pdf"})) for n in range(9)
    ]
    text = text_of(news_of(*held))
    assert text.count("cette demande était là avant") == 1
    assert len(re.findall(r"  À VÉRIFIER   L \d   idem\n", text)) == 8


def test_what_waits_for_the_same_stands_together() -> None:
    """The cause once, the names below; another cause has its own."""
    paused = with_context(pause=Pause(cause=PauseCause.NO_CREDIT, since=SENT))
    lines = [told(record(State.WAITING, document={"href": f"/L/L {n}.pdf"}), paused) for n in range(3)]
    lines.append(told(record(State.PREPARED, document={"href": "/L/Autre.pdf"})))
    text = text_of(news_of(*lines))
    credit = "EN PAUSE – le crédit Jesignexpert du cabinet est épuisé ; rien n’est perdu"
    assert (
        f"\n{credit}\n  L 0\n  L 1\n  L 2\n\nEN ATTENTE – la demande est acceptée et se prépare\n  Autre\n"
        in text
    )


def test_a_pause_is_told_once_with_its_notice() -> None:
    pause = Pause(cause=PauseCause.NO_CREDIT, since=SENT)
    text = " ".join(text_of(news_of(pause=pause, notice="SIGNATURES EN PAUSE.txt")).split())
    assert (
        "Depuis le 23 novembre 2026 à 10 h 42, les nouvelles demandes attendent ; voir « SIGNATURES EN PAUSE.txt »."
        in text
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ({"wrong": 2, "missing": 1}, "2 lignes à corriger et 1 ligne sans PDF ; voir"),
        ({"wrong": 1}, "1 ligne à corriger ; voir"),
        ({"missing": 3}, "3 lignes sans PDF ; voir"),
        ({"whole": True}, "à revoir avant que rien n’en soit préparé ; voir"),
    ],
)
def test_a_list_is_told_on_one_line(line: dict[str, Any], sentence: str) -> None:
    one = ListLine(file="_signataires.xlsx", answer="_signataires.signature.txt", **line)
    news = news_of(told(record(State.PREVIEWED)), lists=(one,))
    text = " ".join(text_of(news).split())
    assert f"Liste « _signataires.xlsx » : {sentence} « _signataires.signature.txt »." in text
    for language in ("fr", "en"):
        keeps_the_form(render_overview(news, zone=PARIS, language=language, at=WRITTEN), language)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {},
            "« a » n’est pas lu sous ce nom : renommez-le « lettre.sign.yaml » ; "
            "s’il sert à autre chose, donnez-lui un tout autre nom.",
        ),
        (
            {"of_a_writer": True},
            "« a » n’est pas lu : ce n’est pas un fichier texte. Copiez son texte dans un fichier "
            "« lettre.sign.yaml », fait avec le Bloc-notes ; s’il sert à autre chose, donnez-lui un tout autre nom.",
        ),
        (
            {"beside": "_signature.txt"},
            "« a » n’est pas lu : les réglages de ce dossier sont dans « _signature.txt ». Reportez-y ce qui manque, "
            "puis supprimez « a ».",
        ),
    ],
)
def test_what_is_not_read_under_its_name(fields: dict[str, Any], sentence: str) -> None:
    def misnamed(count: int) -> str:
        files = [Misnamed(file=name, right="lettre.sign.yaml", **fields) for name in "abcdefgh"[:count]]
        return " ".join(text_of(news_of(strays=Strays(misnamed=files))).split())

    assert sentence in misnamed(1)
    assert "… et" not in misnamed(5)
    assert "… et 1 autre fichier qui n’est pas lu sous son nom." in misnamed(6)
    assert "… et 3 autres fichiers qui ne sont pas lus sous leur nom." in misnamed(8)


def test_pdfs_without_a_request() -> None:
    """One, several, and many of which the rest is counted."""
    one = told(record(State.PREVIEWED))
    assert "1 PDF de ce dossier ne fait l’objet d’aucune demande : a." in text_of(
        news_of(one, without=("a",))
    )
    many = tuple(f"Lettre {n}" for n in range(MOST_NAMES + 30))
    text = " ".join(text_of(news_of(one, without=many)).split())
    assert f"{MOST_NAMES + 30} PDF de ce dossier ne font l’objet d’aucune demande : Lettre 0, " in text
    assert text.count("Lettre 1") == 3
    assert f"Lettre {MOST_NAMES - 1} et 30 autres." in text


def test_what_was_done_to_the_files_stands_below_the_row() -> None:
    """The same words as in the status; the row itself stays a row."""
    line = told(record(State.IN_PROGRESS, MARIE, edited_after_send=True, **OUT))
    lines = text_of(news_of(line)).split("\n")
    at_row = next(n for n, each in enumerate(lines) if "Lettre DUPONT" in each)
    assert lines[at_row + 1].strip() == "votre correction n’est pas partie"


def test_several_who_sign_at_once_are_counted() -> None:
    """One who is awaited is named, several are a number; who has signed is awaited no more."""
    people = [
        SignatoryFacts(order=n, email="a@b.fr", name=f"Personne {n}", progress=progress)
        for n, progress in enumerate(("signed", "invited", "invited"), 1)
    ]
    one = record(State.IN_PROGRESS, *people, **OUT)
    assert one.request is not None
    request = one.request.model_copy(update={"order": Order.PARALLEL})
    assert told(one.model_copy(update={"request": request})).awaits == "2 personnes"
    assert told(one).awaits == "Personne 2"
    assert told(record(State.SEALING, *people)).awaits == "(signé par tous)"


def test_a_year_is_said_where_the_date_does_not_show_it() -> None:
    """Over the turn of the year no day is taken for that of another year."""
    line = out("Lettre ROUX", "Julie Roux", 23, 8)
    later = line.until + timedelta(days=60) if line.until else WRITTEN
    shown = render_overview(news_of(line), zone=PARIS, language="fr", at=later).replace("\u00a0", " ")
    assert "23 novembre 2026   Lettre ROUX" in shown
    assert "2026" not in "".join(text_of(news_of(line)).split("\n")[3:])


# ------------------------------------------------------------------------------- when it is written again


def test_only_the_date_moves_by_itself() -> None:
    """The same news have the same words at any hour of any year; every other difference is a new word."""
    news = example()
    assert words_of(news) == words_of(example())
    for changed in (
        dataclasses.replace(news, without=("Lettre NOËL",)),
        dataclasses.replace(news, folder="Lettres"),
        news_of(*news.lines[1:], without=news.without),
        dataclasses.replace(news, pause=Pause(cause=PauseCause.MANUAL, since=SENT), notice="x"),
    ):
        assert words_of(changed) != words_of(news)
    first, second = (
        render_overview(news, zone=PARIS, language="fr", at=moment).split("\n")
        for moment in (WRITTEN, WRITTEN + timedelta(hours=5))
    )
    assert [(a, b) for a, b in zip(first, second, strict=True) if a != b] == [(first[1], second[1])]


def test_a_line_does_not_move_with_the_clock() -> None:
    """A request that nears its end changes its status on that day; its line stays."""
    one = record(State.IN_PROGRESS, MARIE, **OUT)
    assert told(one, with_context(now=at(24))) == told(one, with_context(now=at(7, 12, 23)))


# ------------------------------------------------------------------------------------------ the names


def test_a_malicious_value_stays_a_value() -> None:
    """Line ends, braces, direction marks and lone surrogates in names and reasons change nothing around them."""
    nasty = "Zoé {who}\r\n\nÀ TRAITER\u202e\u2028\udc80 [[x]] ~ "
    marie = MARIE.model_copy(update={"name": nasty, "progress": "refused", "reason": nasty})
    lines = [
        told(record(state, marie, document={"href": f"/x/{nasty}.pdf"}, values={"text": nasty, "at": nasty}))
        for state in SECTIONS
    ]
    news = news_of(
        *lines,
        folder=nasty,
        without=(nasty,),
        root=True,
        below=(Below(path=nasty, counts={Section.TO_DO: 1}),),
    )
    text = render_overview(news, zone=PARIS, language="fr", at=WRITTEN)
    text.encode("utf-8")
    assert "\u202e" not in text
    assert "{who}" in text
    assert text.split("\n").count("À TRAITER") == 1
    assert all(len(line) <= LINE_WIDTH for line in text.split("\n")[1:])


def test_two_letters_of_one_name_are_told_apart() -> None:
    """By their whole names, else by their references."""
    lines = [
        told(record(State.PREVIEWED, document={"href": f"/L/photo.{end}"}, ref=ref))
        for end, ref in (("pdf", "AAAAAA"), ("jpg", "BBBBBB"), ("jpg", "CCCCCC"))
    ]
    text = text_of(news_of(*lines))
    for name in ("photo.pdf", "photo.jpg (BBBBBB)", "photo.jpg (CCCCCC)"):
        assert f"  {name}\n" in text


ALIKE = [
    "Lettre de mission 2026 - SARL Les Jardins de la Croix-Rousse - version définitive signée",
    "Lettre de mission 2026 - SARL Les Jardins de la Guillotière - version définitive signée",
    "Lettre de mission 2026 - SARL Les Vergers de la Croix-Rousse - version définitive signée",
]


def test_long_names_keep_what_tells_them_apart() -> None:
    """A beginning, an ellipsis, and the part in which they differ."""
    made = told_apart([Named(name=name, longer=name, ref=str(n)) for n, name in enumerate(ALIKE)], 26)
    assert made == ["Lettre…s Jardins de la Cr…", "Lettre…s Jardins de la Gu…", "Lettre…s Vergers de la Cr…"]


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=60), max_size=12),
    st.integers(min_value=18, max_value=60),
)
def test_no_two_names_ever_look_the_same(names: list[str], limit: int) -> None:
    """Whatever they are called, however little room there is."""
    made = told_apart([Named(name=name, longer=name, ref=f"{n:06d}") for n, name in enumerate(names)], limit)
    assert len(set(made)) == len(made)
    assert all(len(each) <= limit for each in made)
    assert not any("\n" in each or "\r" in each for each in made)


@given(st.lists(st.text("ab ", max_size=70), min_size=1, max_size=3), st.text("ab é", max_size=400))
def test_no_row_is_wider_than_a_line(cells: list[str], last: str) -> None:
    """Cells within their share, the last one in what is left, on three lines at most."""
    lines = row([(cell[:15], 15) for cell in cells], last)
    assert 1 <= len(lines) <= 3
    assert all(len(line) <= LINE_WIDTH for line in lines)
    assert all(below.startswith(" " * 2) for _, below in pairwise(lines))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_drop_folder_that_is_not_there(language: Language) -> None:
    """Told with the line as it stands and the file in which; every line keeps within the page."""
    stray = StrayDrop(file="Clients/_signature.yaml", folder="Dossiers " * 20 + "à signer")
    text = text_of(news_of(strays=Strays(drops=(stray,))), language)
    assert "Clients/_signature.yaml" in " ".join(text.split())
    assert all(len(line) <= LINE_WIDTH for line in text.splitlines())
