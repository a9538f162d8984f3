"""The example of the ux page, section 2.2: Marie Dupont, then Claire Bernard, a letter of four pages; and variants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connector.config.model import Ceiling
from connector.lifecycle import DocumentFacts, Record, SignatoryFacts, State
from connector.report.answers import ANSWERS
from connector.report.context import ACTED_NOW, Pause, PauseCause, StatusContext, WaitReason
from connector.report.facts import SIGNED_HERE, place_words
from connector.report.page import Page
from connector.report.reasons import REASONS
from connector.sidecar.model import Order, Signatory, SignatureRequest, Verb

PARIS = ZoneInfo("Europe/Paris")
SUPPORT = "{support}"


def at(day: int, month: int = 11, hour: int = 0, minute: int = 0, year: int = 2026) -> datetime:
    """A moment by the clocks of Paris, in UTC as the journal keeps it."""
    return datetime(year, month, day, hour, minute, tzinfo=PARIS).astimezone(UTC)


CONTEXT = StatusContext(
    zone=PARIS,
    support=SUPPORT,
    sender="Cabinet Exemple Lyon",
    now=at(23, hour=12),
    acted=frozenset(Verb),
)
SENT = at(23, hour=10, minute=42)
MARIE = SignatoryFacts(order=1, email="marie.dupont@example.fr", name="Marie Dupont", phone="+33612345678")
CLAIRE = SignatoryFacts(
    order=2, email="claire.bernard@example.fr", name="Claire Bernard", phone="+33698765432"
)
MARIE_INVITED = MARIE.model_copy(update={"progress": "invited", "invited_at": SENT})
MARIE_SIGNED = MARIE_INVITED.model_copy(
    update={"progress": "signed", "signed_at": at(25, hour=18, minute=20)}
)
CLAIRE_INVITED = CLAIRE.model_copy(update={"progress": "invited", "invited_at": at(25, hour=18, minute=21)})
CLAIRE_SIGNED = CLAIRE_INVITED.model_copy(
    update={"progress": "signed", "signed_at": at(1, 12, 16, 5)},
)
EXPIRES = at(8, 12, 10, 42)


def record(
    state: State, *people: SignatoryFacts, document: dict[str, Any] | None = None, **fields: Any
) -> Record:
    """The example of the page: a letter of four pages, client then expert-comptable."""
    facts = {"href": "/Lettres/Lettre DUPONT.pdf", "pages": 4} | (document or {})
    request = SignatureRequest(
        signatories=(Signatory(email=MARIE.email), Signatory(email=CLAIRE.email)), order=Order.SEQUENTIAL
    )
    base: dict[str, Any] = {
        "id": 1,
        "ref": "7F3K2Q",
        "folder": "lyon",
        "server": "lyon",
        "account": "lyon",
        "state": state,
        "place": "/Lettres/Lettre DUPONT.sign.yaml",
        "request": request,
        "document": DocumentFacts(**facts),
        "subject": "Lettre de mission 2026",
        "signatories": people or (MARIE, CLAIRE),
        "created_at": SENT,
        "updated_at": SENT,
    }
    return Record(**(base | fields))


def s1() -> tuple[Record, StatusContext]:
    return record(State.WAITING_PDF, extra={"near_name": "Lettre Dupond.pdf"}), CONTEXT


def s2() -> tuple[Record, StatusContext]:
    problems = (
        {
            "code": "phone_fixed_line",
            "line": 1,
            "values": {"who": "Marie Dupont", "written": "04 78 12 34 56"},
        },
        {"code": "unknown_key", "line": 2, "values": {"written": "obget", "nearest": "objet"}},
    )
    return record(State.REJECTED, problems=problems), CONTEXT


def s3() -> tuple[Record, StatusContext]:
    page = Page("fr", PARIS)
    marie = MARIE.model_copy(update={"place": place_words(page, number=4, near="Signature du client")})
    claire = CLAIRE.model_copy(
        update={"place": place_words(page, number=4, near="L'expert-comptable", inherited=True)}
    )
    return record(State.PREVIEWED, marie, claire), with_context(ready_count=38)


def s4() -> tuple[Record, StatusContext]:
    return record(State.IN_PROGRESS, MARIE_INVITED, CLAIRE, sent_at=SENT, expires_at=EXPIRES), CONTEXT


def s5() -> tuple[Record, StatusContext]:
    claire = CLAIRE_INVITED.model_copy(update={"reminded_at": (at(28, hour=9), at(2, 12, 9))})
    return record(State.IN_PROGRESS, MARIE_SIGNED, claire, sent_at=SENT, expires_at=EXPIRES), CONTEXT


def s6() -> tuple[Record, StatusContext]:
    document = {"changed_at": at(24, hour=9, minute=15), "changed_same_pages": True}
    return (
        record(
            State.IN_PROGRESS,
            MARIE_SIGNED,
            CLAIRE_INVITED,
            document=document,
            sent_at=SENT,
            expires_at=EXPIRES,
        ),
        CONTEXT,
    )


def s7() -> tuple[Record, StatusContext]:
    return record(State.SEALING, MARIE_SIGNED, CLAIRE_SIGNED, sent_at=SENT), CONTEXT


def s8() -> tuple[Record, StatusContext]:
    return (
        record(
            State.DELIVERED,
            MARIE_SIGNED,
            CLAIRE_SIGNED,
            document={"signatures": 2, "signed_pages": 4},
            delivered_at=at(1, 12, 16, 12),
            extra={"attestation_name": "Lettre DUPONT.attestation.pdf"},
        ),
        CONTEXT,
    )


def s9() -> tuple[Record, StatusContext]:
    document = {
        "changed_at": at(24, hour=9, minute=15),
        "delivered_href": "/Lettres/Lettre DUPONT (signé).pdf",
    }
    return (
        record(State.DELIVERED_BESIDE, MARIE_SIGNED, CLAIRE_SIGNED, document=document, reason="pdf_changed"),
        CONTEXT,
    )


def s10() -> tuple[Record, StatusContext]:
    marie = MARIE_INVITED.model_copy(
        update={
            "progress": "refused",
            "refused_at": at(25, hour=18, minute=20),
            "reason": "Les honoraires ne correspondent pas à notre échange.",
        }
    )
    return record(State.REFUSED, marie, CLAIRE), CONTEXT


def s11() -> tuple[Record, StatusContext]:
    marie = MARIE_INVITED.model_copy(update={"reminded_at": (at(26, hour=9), at(30, hour=9))})
    return record(State.EXPIRED, marie, CLAIRE, expires_at=EXPIRES), CONTEXT


def s12() -> tuple[Record, StatusContext]:
    return record(State.WAITING), with_context(platform_away_since=SENT)


def s13() -> tuple[Record, StatusContext]:
    pause = Pause(cause=PauseCause.NO_CREDIT, since=SENT, notified_at=at(23, hour=10, minute=45))
    return record(State.WAITING), with_context(pause=pause)


def s14() -> tuple[Record, StatusContext]:
    return record(State.IN_DOUBT, reason="send_unanswered", values={"at": SENT.isoformat()}), CONTEXT


def copied() -> tuple[Record, StatusContext]:
    values = {
        "other": "/Cabinet/Lettres de mission 2025/Lettre DUPONT.pdf",
        "ended": at(4, 12, year=2025).isoformat(),
    }
    return record(State.UNCONFIRMED, reason="copy", values=values, subject="Lettre de mission 2025"), CONTEXT


def copied_beside() -> tuple[Record, StatusContext]:
    one, context = copied()
    values = {**one.values, "other": "Lettre MARTIN.pdf", "beside": "yes"}
    return one.model_copy(update={"values": values}), context


def with_context(**changes: Any) -> StatusContext:
    """The example's context with changes."""
    known = {name: getattr(CONTEXT, name) for name in CONTEXT.__dataclass_fields__}
    return StatusContext(**(known | changes))


CASES: dict[str, Callable[[], tuple[Record, StatusContext]]] = {
    "S1": s1,
    "S2": s2,
    "S3": s3,
    "S4": s4,
    "S5": s5,
    "S6": s6,
    "S7": s7,
    "S8": s8,
    "S9": s9,
    "S10": s10,
    "S11": s11,
    "S12": s12,
    "S13": s13,
    "S14": s14,
    "copy": copied,
}


# --------------------------------------------------------------------------------------------------
# Variants: (name, first line in French, record, context)

Variant = tuple[str, str, Record, StatusContext]

HALF = (MARIE_SIGNED, CLAIRE_INVITED)
OUT: dict[str, Any] = {"sent_at": SENT, "expires_at": EXPIRES}
DONE = (MARIE_SIGNED, CLAIRE_SIGNED)


def problem(code: str, line: int | None = None, **values: str) -> Record:
    """A request with one problem."""
    return record(State.REJECTED, problems=({"code": code, "line": line, "values": values},))


def rejected_variants() -> list[Variant]:
    """The « À CORRIGER » of section 2.3."""
    rows = [
        ("ce PDF porte déjà une signature électronique", problem("pdf_signed")),
        (
            "le PDF pèse 14 Mo ; Jesignexpert accepte moins de 10 Mo",
            problem("pdf_too_large", size_mb="14", limit_mb="10"),
        ),
        ("le PDF est protégé par un mot de passe", problem("pdf_encrypted")),
        (
            "le PDF contient des champs à remplir ; imprimez-le d’abord en PDF",
            problem("pdf_form_fields"),
        ),
        (
            "ce dossier ne permet pas d’utiliser le compte « annecy » (ligne 2)",
            problem("account_fenced", 2, account="annecy"),
        ),
        (
            "« mallory » ne peut pas demander de signature ici",
            problem("owner_refused", written="lettre.sign.yaml", owner="mallory"),
        ),
        (
            "à qui appartient cette demande n’est pas indiqué ici",
            problem("owner_untold", written="lettre.sign.yaml"),
        ),
        (
            "un lien public permet à n’importe qui d’écrire ici",
            problem("public_link", folder="Clients"),
        ),
        (
            "impossible de savoir si un lien public ouvre ce dossier",
            problem("public_link_untold"),
        ),
        (
            "on ignore encore si un lien public ouvre ce dossier",
            problem("public_link_unanswered"),
        ),
        (
            "ce dossier n’envoie rien à une adresse en ailleurs.fr (ligne 2)",
            problem("domain_not_allowed", 2, who="Claire Bernard", written="ailleurs.fr"),
        ),
        (
            "Jesignexpert ne permet pas de parapher ; retirez cette ligne (ligne 4)",
            problem("initials_impossible", 4, written="paraphe: oui"),
        ),
        ("il manque un mobile pour Claire Bernard", problem("phone_missing", who="Claire Bernard")),
        (
            "un lien public permet à n’importe qui de modifier « bail.pdf »",
            problem("public_link_file", written="bail.pdf"),
        ),
    ]
    return [(f"rejected-{n}", "À CORRIGER – " + line, one, CONTEXT) for n, (line, one) in enumerate(rows)]


def reminder(code: str, *, signed: int = 1, wording: str = "remind", **told: object) -> dict[str, Any]:
    """What became of the last reminder, as ``steps.reminders`` keeps it."""
    at_ = at(26, hour=9, minute=2).isoformat()
    return {"reminder": {"code": code, "wording": wording, "at": at_, "signed": signed, **told}}


def reminded_variants() -> list[Variant]:
    """Reminders by order and by themselves: done, refused, perhaps done, impossible."""
    claire = CLAIRE_INVITED.model_copy(update={"reminded_at": (at(26, hour=9, minute=2),)})
    tomorrow = {"from": at(27, hour=0, minute=2).isoformat()}
    few = with_context(now=at(26, hour=23, minute=30), acted=frozenset(Verb) - {Verb.REMIND})
    late = with_context(now=at(26, hour=23, minute=30))
    awaits = "1 signature sur 2 – attend Claire Bernard depuis le 25 novembre 2026"
    again = "1 signature sur 2 – rappel possible à partir du 27 novembre 2026 à 0 h 02"
    rows: list[tuple[str, dict[str, Any], StatusContext]] = [
        (awaits, reminder("done"), late),
        (awaits, reminder("done", wording=""), late),
        (awaits, reminder("unconfirmed"), late),
        (awaits, reminder("done", signed=0), late),
        (again, reminder("refused", text="Une relance par heure au plus.", **tomorrow), late),
        (awaits, reminder("refused", wording="", text="Non.", **tomorrow), late),
        (awaits, reminder("refused", text="Non.", **tomorrow), with_context(now=at(28, hour=9))),
        (awaits, reminder("unavailable"), few),
    ]
    return [
        (
            f"reminded-{n}",
            "EN COURS – " + line,
            record(State.IN_PROGRESS, MARIE_SIGNED, claire, obeyed=("remind",), extra=extra, **OUT),
            context,
        )
        for n, (line, extra, context) in enumerate(rows)
    ]


def extras_variants() -> list[Variant]:
    """Attestation and lock: there, awaited, given up, impossible, lifted."""
    name = "Lettre DUPONT.pdf"
    until = at(31, 12, 16, 12).isoformat()
    one = {"1": {"href": f"/Lettres/{name}", "token": "", "until": None}}
    two = {**one, "2": {"href": "/Lettres/Mandat.pdf", "token": "x", "until": until}}
    locks: list[dict[str, Any]] = [
        {"done": True, "files": one, "not": {}},
        {"done": True, "files": two, "not": {"3": "busy"}},
        *(
            {"done": True, "files": {}, "not": {"1": code}}
            for code in ("unsupported", "busy", "changed", "gone", "forbidden", "unreachable", "beside")
        ),
        {"files": {}, "not": {"1": "busy"}, "tries": 1},
        *({"done": True, "code": code, "by": "unlock"} for code in ("unlocked", "foreign", "nothing")),
    ]
    rows: list[dict[str, Any]] = [{"lock": {"at": SENT.isoformat(), **lock}} for lock in locks]
    rows += [{}, {"attestation": {"tries": 1}}, {"attestation": {"given_up": SENT.isoformat()}}]
    rows += [{"attestation_name": "Lettre DUPONT.attestation (2).pdf", **rows[1]}]
    found: list[Variant] = []
    for n, extra in enumerate(rows):
        here = record(
            State.DELIVERED,
            *DONE,
            document={"signatures": 2, "signed_pages": 4},
            delivered_at=at(1, 12, 16, 12),
            extra=extra,
        )
        beside = record(
            State.DELIVERED_BESIDE,
            *DONE,
            document={"delivered_href": "/Lettres/Lettre DUPONT (signé).pdf", "changed_at": at(24)},
            reason="pdf_changed",
            extra=extra,
        )
        found += [
            (f"extra-{n}-{where}", "SIGNÉ – ", with_request(one, certificate=True, lock=True), CONTEXT)
            for where, one in (("here", here), ("beside", beside))
            if where == "here" or not extra.get("lock", {}).get("files")
        ]
    return found


def with_request(one: Record, **changes: Any) -> Record:
    """The record with changes in what its request asks for."""
    assert one.request is not None
    return one.model_copy(update={"request": one.request.model_copy(update=changes)})


def progress_variants() -> list[Variant]:
    """The « EN COURS » of section 2.3."""
    nearly = with_context(now=at(5, 12, 9))
    rows: list[tuple[str, Record, StatusContext]] = [
        (
            "1 signature sur 2 – sous le nom « signé v2 OK.pdf », pas encore signé",
            record(State.IN_PROGRESS, *HALF, document={"renamed_to": "/Lettres/signé v2 OK.pdf"}, **OUT),
            CONTEXT,
        ),
        (
            "1 signature sur 2 – le PDF a été supprimé ; la signature continue",
            record(State.IN_PROGRESS, *HALF, document={"missing_since": at(26, hour=9)}, **OUT),
            CONTEXT,
        ),
        (
            "1 signature sur 2 – expire le 8 décembre 2026 : pensez à relancer",
            record(State.IN_PROGRESS, *HALF, **OUT),
            nearly,
        ),
        (
            "1 signature sur 2 – délai passé le 8 décembre 2026, en attente de confirmation",
            record(State.IN_PROGRESS, *HALF, **OUT),
            with_context(now=at(10, 12, 9)),
        ),
        (
            "1 signature sur 2 – attention : le PDF a été modifié après l’envoi",
            record(State.IN_PROGRESS, *HALF, document={"changed_at": at(23, hour=17)}, **OUT),
            CONTEXT,
        ),
        (
            "1 signature sur 2 – attention : le PDF a été modifié après l’envoi",
            record(
                State.IN_PROGRESS,
                *HALF,
                document={"changed_at": at(23, hour=17), "changed_file": True},
                **OUT,
            ),
            CONTEXT,
        ),
        (
            "0 signature sur 2 – rappel possible à partir de 11 h 42",
            record(
                State.IN_PROGRESS,
                MARIE_INVITED,
                CLAIRE,
                extra=reminder("too_early", signed=0, **{"from": at(23, hour=11, minute=42).isoformat()}),
                obeyed=("remind",),
                **OUT,
            ),
            with_context(next_wordings={Verb.REMIND: "relancer 2"}),
        ),
        (
            "1 signature sur 2 – votre correction n’est pas partie",
            record(State.IN_PROGRESS, *HALF, edited_after_send=True, **OUT),
            CONTEXT,
        ),
        (
            "1 signature sur 2 – attend Claire Bernard depuis le 25 novembre 2026",
            record(
                State.IN_PROGRESS,
                *HALF,
                adopted=True,
                obeyed=("remind",),
                answered_at=SENT,
                **OUT,
            ),
            with_context(platform_away_since=SENT),
        ),
    ]
    return [
        (f"progress-{n}", "EN COURS – " + line, one, context) for n, (line, one, context) in enumerate(rows)
    ]


def _parallel() -> Record:
    """Two people asked at the same time."""
    claire = CLAIRE.model_copy(update={"progress": "invited", "invited_at": SENT})
    one = record(State.IN_PROGRESS, MARIE_INVITED, claire, **OUT)
    assert one.request is not None
    return one.model_copy(update={"request": one.request.model_copy(update={"order": Order.PARALLEL})})


def waiting_variants() -> list[Variant]:
    """The « EN ATTENTE » and « EN PAUSE » of S13's table and section 2.3."""
    told = {
        PauseCause.NO_CREDIT: "le crédit Jesignexpert du cabinet est épuisé ; rien n’est perdu",
        PauseCause.TOKENS: "la connexion du cabinet à Jesignexpert est à renouveler ; rien n’est perdu",
        PauseCause.NO_RIGHT: "il manque une délégation sur Jesignexpert (« préparer ») ; rien n’est perdu",
        PauseCause.MAINTENANCE: "Jesignexpert est en maintenance ; votre demande partira ensuite",
    }
    rows: list[Variant] = [
        (
            f"pause-{cause.value}",
            "EN PAUSE – " + told.get(cause, ""),
            record(State.MARKED),
            with_context(pause=Pause(cause=cause, since=SENT)),
        )
        for cause in PauseCause
    ]
    waits: list[tuple[WaitReason | None, str, dict[str, Any]]] = [
        (
            WaitReason.BRAKE_DAY,
            "EN PAUSE – 60 envois aujourd’hui, la limite du cabinet ; la suite partira demain",
            {"wait_limit": 60},
        ),
        (
            WaitReason.QUIET_HOURS,
            "EN ATTENTE – départ prévu le 24 novembre 2026 à 8 h 00 (horaires du cabinet)",
            {"wait_until": at(24, hour=8)},
        ),
        (WaitReason.BRAKE_HOUR, "EN ATTENTE – la limite d’envois par heure de ce dossier est atteinte", {}),
        (
            WaitReason.BRAKE_HOUR,
            "EN ATTENTE – 30 envois par heure au plus ; reprise le 24 novembre 2026 à 8 h 00",
            {"wait_limit": 30, "wait_until": at(24, hour=8)},
        ),
        (
            WaitReason.BRAKE_FOLDER_DAY,
            "EN ATTENTE – 20 envois aujourd’hui, la limite de ce dossier ; la suite demain",
            {"wait_limit": 20},
        ),
        (WaitReason.DROP_DELAY, "EN ATTENTE – ", {"wait_until": SENT}),
        (
            WaitReason.CANNOT_WRITE,
            "EN ATTENTE – ce dossier ne permet pas d’écrire le suivi ; rien n’est parti",
            {},
        ),
        (
            WaitReason.BEING_EDITED,
            "EN ATTENTE – la demande est ouverte ou verrouillée ; elle partira une fois fermée",
            {},
        ),
        (
            WaitReason.BEING_EDITED,
            "EN ATTENTE – « _signature.yaml » est ouvert par quelqu’un ; départ à sa fermeture",
            {"wait_file": "_signature.yaml"},
        ),
        (
            WaitReason.PLATFORM_AWAY,
            "EN ATTENTE – Jesignexpert ne répond pas ; la demande partira dès son retour",
            {},
        ),
        (None, "EN ATTENTE – ", {}),
    ]
    rows += [
        (
            f"wait-{wait}" + ("-told" if more else ""),
            line,
            record(State.PREPARED),
            with_context(wait=wait, **more),
        )
        for wait, line, more in waits
    ]
    asked = record(State.MARKED, reason="send_unanswered", values={"at": SENT.isoformat()})
    hindered = record(State.PREPARED, attempts=9)
    not_yet = "EN ATTENTE – la demande n’a pas encore pu partir ; elle est retentée d’elle-même"
    return [*rows, ("asking", "EN ATTENTE – ", asked, CONTEXT), ("not-yet", not_yet, hindered, CONTEXT)]


def reason_variants() -> list[Variant]:
    """Every reason of the states that wait for a person, and one that nobody has listed."""
    values = {
        "text": "Champ object trop long",
        "other": "/Cabinet/Lettres de mission 2025/Lettre DUPONT.pdf",
        "ended": at(4, 12, year=2025).isoformat(),
        "at": SENT.isoformat(),
        "erased": at(8, 1, year=2027).isoformat(),
    }
    word = {State.UNCONFIRMED: "À CONFIRMER – "}
    return [
        (
            f"{state.value}-{code}",
            word.get(state, "À VÉRIFIER – ") + (REASON_LINES.get(code, "")),
            record(state, *DONE, reason=code, values=values, extra={SIGNED_HERE: code == SIGNED_HERE}),
            CONTEXT,
        )
        for state, codes in REASONS.items()
        for code in [*codes, "never_heard_of"]
    ] + [
        (
            "copy-of-a-signed-one",
            "À CONFIRMER – " + REASON_LINES["copy"],
            record(State.UNCONFIRMED, reason="copy", values={**values, "signed": "yes"}),
            CONTEXT,
        ),
        ("copy-in-its-folder", "À CONFIRMER – " + REASON_LINES["copy_beside"], *copied_beside()),
    ]


REASON_LINES = {
    "copy_beside": "cette demande semble copiée d’une autre de ce dossier ; rien n’est parti",
    "there_before": "cette demande était là avant la mise en service ; rien n’est parti",
    "status_by_name": "un suivi plus ancien porte ce nom ; rien n’est parti",
    "platform_said_no": "Jesignexpert n’a pas accepté la demande (motif ci-dessous)",
    "other_document": "le document revenu n’est pas celui envoyé ; il n’a rien remplacé",
    "erased_before_fetch": "signé par tous, mais Jesignexpert a effacé le document le 8 janvier 2027",
    "copy": "cette demande semble copiée d’un autre dossier ; rien n’est parti",
}


def ended_variants() -> list[Variant]:
    """Ends other than S8 to S11, and the way back."""
    unsigned = (MARIE_INVITED, CLAIRE)
    beside = {"delivered_href": "/Signatures à classer/Lettre DUPONT (signé).pdf"}
    different = {"signatures": "2→1", "pages": "4→5", "content": "changed"}
    many = record(State.PREVIEWED, extra=SEVERAL)
    rows: list[tuple[str, Record, StatusContext]] = [
        (
            "ANNULÉ – à votre demande, le 24 novembre 2026 ; plus personne ne peut signer",
            record(State.CANCELLED, *unsigned, reason="ordered", ended_at=at(24)),
            CONTEXT,
        ),
        (
            "ANNULÉ – depuis le site de Jesignexpert, le 24 novembre 2026",
            record(State.CANCELLED, *HALF, ended_at=at(24)),
            CONTEXT,
        ),
        ("ANNULÉ – ", record(State.CANCELLED, *HALF, extra={"ended_elsewhere": True}), CONTEXT),
        (
            "BROUILLON – la collecte vous attend sur Jesignexpert ; envoyez-la depuis le site",
            record(State.DRAFT),
            CONTEXT,
        ),
        (
            "SIGNÉ – le dossier d’origine n’est plus là ; le document signé est ici",
            record(
                State.DELIVERED_BESIDE,
                *DONE,
                document={**beside, "href": "", "missing_since": at(27, hour=9)},
                reason="folder_gone",
                extra={"lost_href": "/Lettres/Client DUPONT/2026/Lettre DUPONT.pdf"},
            ),
            with_context(root="/Lettres/"),
        ),
        (
            "SIGNÉ – le dossier d’origine n’est plus là ; le document signé est ici",
            record(State.DELIVERED_BESIDE, *DONE, document={**beside, "href": ""}, reason="folder_gone"),
            CONTEXT,
        ),
        (
            "SIGNÉ – la version signée vous attend dans « Signatures à classer »",
            record(
                State.DELIVERED_BESIDE,
                *DONE,
                document=beside,
                reason="folder_gone",
                delivered_at=at(1, 12, 16, 12),
            ),
            CONTEXT,
        ),
        ("REFUSÉ – Marie Dupont", astray(s10()[0]), with_context(root="/")),
        ("REFUSÉ – Marie Dupont", s10()[0].model_copy(update={"extra": ABOVE}), CONTEXT),
        (
            "EN ATTENTE – ce dossier ne permet pas d’écrire le suivi ; rien n’est parti",
            s3()[0].model_copy(update={"extra": ABOVE}),
            with_context(wait=WaitReason.CANNOT_WRITE, root="/"),
        ),
        ("EXPIRÉ – ", astray(s11()[0]), CONTEXT),
        ("À VÉRIFIER – ", astray(s14()[0]), CONTEXT),
        (
            "EN COURS – 1 signature sur 2 – attend Claire Bernard",
            record(
                State.IN_PROGRESS, *HALF, extra={"outside_at": SENT.isoformat()}, sidecar_gone=True, **OUT
            ),
            CONTEXT,
        ),
        ("SIGNÉ – ", record(State.DELIVERED_BESIDE, *DONE, document=beside, reason="pdf_gone"), CONTEXT),
        ("SIGNÉ – ", record(State.DELIVERED_BESIDE, *DONE, document=beside, reason="pdf_read_only"), CONTEXT),
        (
            "SIGNÉ – ",
            record(State.DELIVERED_BESIDE, *DONE, document=beside, reason="to_check", values=different),
            CONTEXT,
        ),
        (
            "SIGNÉ – ",
            record(
                State.DELIVERED,
                *DONE,
                document={"original_href": "/Lettres/Lettre DUPONT (original).pdf"},
                sidecar_gone=True,
            ),
            with_context(versions_kept=False),
        ),
        (
            "SIGNÉ – « Lettre DUPONT.pdf » est maintenant la version signée",
            s8()[0].model_copy(update={"extra": {**s8()[0].extra, **FILED}}),
            CONTEXT,
        ),
        ("SIGNÉ – ", record(State.DELIVERED, *DONE, sidecar_gone=True, extra=FILED), CONTEXT),
        (
            "SIGNÉ – ",
            record(State.DELIVERED_BESIDE, *DONE, document=beside, reason="pdf_gone", extra=FILED),
            CONTEXT,
        ),
        (
            "SIGNÉ PAR TOUS – « Lettre DUPONT.pdf » est ouvert par quelqu’un ; dépôt à sa fermeture",
            record(State.DELIVERING, *DONE, reason="pdf_locked"),
            CONTEXT,
        ),
        (
            "SIGNÉ PAR TOUS – « Lettre DUPONT.pdf » est verrouillé par Bruno ; dépôt au déverrouillage",
            record(State.DELIVERING, *DONE, extra={"locked": [1], "locked_by": {"1": "Bruno"}}),
            CONTEXT,
        ),
        (
            "SIGNÉ PAR TOUS – « Lettre DUPONT.pdf » porte un nom qui n’est plus accepté ; renommez-le",
            record(State.DELIVERING, *DONE, reason="name_refused"),
            CONTEXT,
        ),
        *(
            (
                "SIGNÉ – mais « Lettre DUPONT.pdf » est de nouveau l’original d’avant signature",
                record(
                    State.DELIVERED,
                    *DONE,
                    delivered_at=at(1, 12, 16, 12),
                    document={"unsigned_back": True, "signed_version_id": named},
                ),
                with_context(versions_kept=kept),
            )
            for named, kept in (("1795426920", True), (None, True), (None, False))
        ),
        *(
            (
                "À CONFIRMER – le PDF a changé après une demande terminée ; rien n’est parti",
                record(
                    State.UNCONFIRMED,
                    reason="ended_place_changed",
                    values={"other": "Lettre DUPONT.pdf", "ended": at(1, 12).isoformat(), "signed_in": where},
                ),
                CONTEXT,
            )
            for where in ("version", "gone")
        ),
        (
            "SIGNÉ PAR TOUS – dépôt impossible depuis le 2 décembre 2026 ; une copie est à l’abri",
            record(
                State.DELIVERING, *DONE, reason="delivery_blocked", values={"since": at(2, 12).isoformat()}
            ),
            with_context(erases_at=at(31, 12, 16, 5)),
        ),
        ("SIGNÉ PAR TOUS – ", record(State.DELIVERING, *DONE), CONTEXT),
        ("REFUSÉ – la signature a été refusée", record(State.REFUSED), CONTEXT),
        ("EXPIRÉ – ", record(State.EXPIRED, *HALF, expires_at=EXPIRES), CONTEXT),
        ("PRÊT – aperçu seulement", s3()[0], with_context(ceiling=Ceiling.PREVIEW)),
        ("PRÊT – ", s3()[0], with_context(ceiling=Ceiling.DRAFT)),
        ("PRÊT – ", many, CONTEXT),
    ]
    return [(f"end-{n}", line, one, context) for n, (line, one, context) in enumerate(rows)]


def astray(one: Record) -> Record:
    """The same request, its folder taken away."""
    extra = {**one.extra, "astray_href": "/Signatures à classer/Lettre DUPONT.signature.txt"}
    document = one.document.model_copy(update={"missing_since": at(26, hour=9)})
    return one.model_copy(update={"extra": extra, "document": document, "sidecar_gone": True})


ABOVE: dict[str, Any] = {"notice_href": "/Lettres - Lettre DUPONT.signature.txt"}
FILED: dict[str, Any] = {"filed": {"from_href": "/Lettres/Lettre DUPONT.sign.yaml", "told": False}}
SEVERAL: dict[str, Any] = {
    "documents": [{"name": "Mandat SEPA.pdf", "pages": 1}],
    "annexes": ["Annexe 1 - Tarifs.pdf", "Annexe 2 - Conditions générales.pdf"],
    "masked_phones": [1],
    "known_since": {"1": "2025-12-04T09:00:00+01:00"},
    "warnings": [{"code": "unknown_key", "line": 3, "values": {"written": "obget", "nearest": ""}}],
}


def answered_variants() -> list[Variant]:
    """Orders that could not simply be obeyed, ends that the steps name, an adopted record without its place."""

    def order(code: str) -> dict[str, Any]:
        return {"order": {"code": code, "wording": "restart 2"}}

    def cancel(code: str, text: str = "") -> dict[str, Any]:
        return {"order": {"code": code, "wording": "cancel", "text": text}}

    doubt = {"reason": "send_unanswered", "values": {"at": SENT.isoformat()}}
    pending = {"pending_order": {"verb": "not sent", "wording": "not sent", "line": 3}}
    adopted = record(State.IN_DOUBT, adopted=True, reason="adopted_not_sent", place="")
    unlike = {"differences": {"signatures": "2→1", "content": "not compared", "signatories": "others"}}
    rows: list[tuple[str, Record]] = [
        (
            "EN COURS – ",
            record(State.IN_PROGRESS, MARIE_INVITED, CLAIRE, extra=order("restart_while_open"), **OUT),
        ),
        ("À VÉRIFIER – ", record(State.IN_DOUBT, extra=order("restart_in_doubt"), **doubt)),
        ("À VÉRIFIER – ", record(State.IN_DOUBT, extra=pending, **doubt)),
        ("BROUILLON – ", record(State.DRAFT, extra=order("send_on_draft"))),
        ("PRÊT – ", record(State.PREVIEWED, extra=order("no_effect"))),
        (
            "PRÊT – rien n’est parti : la demande est arrêtée, comme vous l’avez écrit",
            record(State.PREVIEWED, reason="stopped", extra={"stopped": "cancel 2"}),
        ),
        ("EN COURS – ", record(State.IN_PROGRESS, MARIE_INVITED, CLAIRE, extra=cancel("left_over"), **OUT)),
        (
            "EN COURS – ",
            record(
                State.IN_PROGRESS,
                *HALF,
                extra=cancel("cancel_refused", "Collecte en cours de signature."),
                **OUT,
            ),
        ),
        ("EN COURS – ", record(State.IN_PROGRESS, *HALF, extra=cancel("cancel_unavailable"), **OUT)),
        ("EN COURS – ", record(State.IN_PROGRESS, MARIE_INVITED, CLAIRE, extra=pending, **OUT)),
        ("SIGNÉ PAR TOUS – ", record(State.SEALING, *DONE, extra=cancel("cancel_too_late"))),
        ("SIGNÉ PAR TOUS – ", record(State.SEALING, *DONE, extra=cancel("remind_too_late"))),
        (
            "SIGNÉ – ",
            record(State.DELIVERED, *DONE, delivered_at=at(1, 12, 16), extra=cancel("cancel_too_late")),
        ),
        (
            "EXPIRÉ – ",
            record(State.EXPIRED, MARIE_INVITED, CLAIRE, expires_at=EXPIRES, extra=cancel("ended")),
        ),
        ("À VÉRIFIER – ", record(State.HELD, reason="there_before", extra=cancel("not_sent_yet"))),
        (
            "SIGNÉ – ",
            record(State.DELIVERED, *DONE, delivered_at=at(1, 12, 16), extra=order("name_taken") | FILED),
        ),
        (
            "ANNULÉ – à votre demande",
            record(State.CANCELLED, reason="ordered", ended_at=at(24), extra={"kind": "draft"}),
        ),
        ("À VÉRIFIER – ", adopted),
        ("ANNULÉ – cette demande n’était pas partie", record(State.CANCELLED, reason="not_sent")),
        (
            "ANNULÉ – par l’administrateur, le 24 novembre 2026 ; plus personne ne peut signer",
            record(State.CANCELLED, *HALF, reason="ordered_by_administrator", ended_at=at(24)),
        ),
        (
            "ANNULÉ – par l’administrateur, le 24 novembre 2026 ; plus personne ne peut signer",
            record(
                State.CANCELLED, reason="ordered_by_administrator", ended_at=at(24), extra={"kind": "draft"}
            ),
        ),
        (
            "ANNULÉ – selon l’administrateur, cette demande n’était pas partie",
            record(State.CANCELLED, reason="given_up_by_administrator", ended_at=at(24)),
        ),
        (
            "À VÉRIFIER – l’administrateur a arrêté cette demande ; rien n’est parti",
            record(State.HELD, reason="stopped_by_administrator"),
        ),
        ("ANNULÉ – Jesignexpert a mis fin à la demande", record(State.CANCELLED, reason="platform_failed")),
        ("SIGNÉ – ", record(State.DELIVERED_BESIDE, *DONE, reason="to_check", document=unlike)),
        *(
            (
                "SIGNÉ – mais le document revenu est à contrôler : «",
                record(
                    State.DELIVERED_BESIDE,
                    *DONE,
                    reason="to_check",
                    document={"differences": {"intactness": code}},
                ),
            )
            for code in ("added_later", "signature_broken", "unverified")
        ),
        (
            "SIGNÉ PAR TOUS – « Lettre DUPONT.pdf » est ouvert",
            record(State.DELIVERING, *DONE, extra={"locked": [1]}),
        ),
        (
            "SIGNÉ PAR TOUS – « Mandat SEPA.pdf » est ouvert",
            record(State.DELIVERING, *DONE, more=mandate(), extra={"locked": [2]}),
        ),
        (
            "SIGNÉ – la version signée est à côté : « Mandat SEPA (signé).pdf »",
            record(State.DELIVERED_BESIDE, *DONE, more=mandate("pdf_changed"), reason="pdf_changed"),
        ),
        (
            "SIGNÉ – « Lettre DUPONT.pdf » est maintenant la version signée",
            record(State.DELIVERED_BESIDE, *DONE, reason="put_in_place"),
        ),
        (
            "SIGNÉ – les 2 documents sont revenus signés",
            record(State.DELIVERED_BESIDE, *DONE, more=mandate(), reason="put_in_place"),
        ),
        (
            "SIGNÉ – mais « Mandat SEPA.pdf » signé n’est pas revenu",
            record(State.DELIVERED_BESIDE, *DONE, more=mandate("erased"), reason="erased"),
        ),
    ]
    rows += [("", _answered(code)) for code in ANSWERS]
    return [(f"answer-{n}", line, one, CONTEXT) for n, (line, one) in enumerate(rows)]


def _answered(code: str) -> Record:
    """A request that bears this answer, in a state in which it is told."""
    shown = (State.IN_PROGRESS, State.DRAFT, State.IN_DOUBT, State.SEALING, State.REFUSED, State.HELD)
    state = next(one for one in shown if one in ANSWERS[code].states)
    told = {
        "code": code,
        "wording": "restart 2",
        "near": "recommencer",
        "text": "Collecte en cours de signature.",
    }
    return record(state, MARIE_INVITED, CLAIRE, extra={"order": told}, **OUT)


def asides_variants() -> list[Variant]:
    """What lies beside a request that is out: copies that synchronisation made, a note that was kept, or shown."""
    copy = "Lettre DUPONT (conflicted copy Claire {}).sign.yaml"
    asides: list[dict[str, Any]] = [
        {"conflict_copies": [copy.format(1)]},
        {"conflict_copies": [copy.format(number) for number in range(3)]},
        {"near_settings": ["_signature (1).yaml"]},
        {"near_settings": ["_signature (1).yaml", "Lettres/_signatures.yaml"]},
        {"note_aside": "Lettre DUPONT.signature (note).txt"},
    ]
    rows = [record(State.IN_PROGRESS, MARIE_INVITED, CLAIRE, extra=aside, **OUT) for aside in asides]
    rows.append(with_request(rows[-1], note="Appelé le 3/12"))
    moved = {"moved_out_at": at(24).isoformat(), "outside_at": at(24).isoformat()}
    rows.append(record(State.IN_PROGRESS, MARIE_INVITED, CLAIRE, extra=moved, sidecar_gone=True, **OUT))
    return [(f"aside-{n}", "EN COURS – ", one, CONTEXT) for n, one in enumerate(rows)]


def mandate(beside: str = "") -> tuple[DocumentFacts, ...]:
    """A second document of the request, and why it did not take its place."""
    href = "/Lettres/Mandat SEPA (signé).pdf" if beside == "pdf_changed" else None
    return (DocumentFacts(rank=2, href="/Lettres/Mandat SEPA.pdf", beside=beside, delivered_href=href),)


def variants() -> list[Variant]:
    """Every text that the facts of a record can call for, with its beginning in French."""
    states: list[Variant] = [(name, "", *make()) for name, make in CASES.items()]
    few = with_context(acted=ACTED_NOW - {Verb.CANCEL, Verb.REMIND})
    fewer: list[Variant] = [(f"{name}-on-the-site", "", make()[0], few) for name, make in CASES.items()]
    return [
        *states,
        *fewer,
        *rejected_variants(),
        *progress_variants(),
        *reminded_variants(),
        *extras_variants(),
        *waiting_variants(),
        *reason_variants(),
        *ended_variants(),
        *answered_variants(),
        *asides_variants(),
    ]
