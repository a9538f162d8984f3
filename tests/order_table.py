"""What each order comes to in each state of a request, written from the rules and held against the code twice.

Protocol, "Orders and the key", R9, R13; ux page 1.5 and 2.8; design page section 4. A cell is what the status says of
the order, « … » before it; or, behind an arrow, the beginning of the first line that the order leads to; or ``None``
where nothing is to be said (the ask stands, and goes once the request is right).
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.lifecycle import State
from connector.sidecar.model import Verb

TYPED: Mapping[Verb, str] = {
    Verb.CANCEL: "annuler",
    Verb.REMIND: "relancer",
    Verb.RESTART: "recommencer",
    Verb.UNLOCK: "déverrouiller",
    Verb.SEND: "envoyer",
    Verb.ALREADY_SENT: "déjà partie",
    Verb.NOT_SENT: "pas partie",
}

_NOT_SENT = "est sans effet : rien n’est parti."
_STOPS = "est lu : la demande ne partira pas tant que cette ligne est là."
_FIRST = "n’a pas été suivi : faites d’abord ce qui est indiqué ci-dessus."
_OUT = "→EN COURS – 0 signature sur 1"
_BY_ITSELF = "est sans effet : la demande part déjà d’elle-même."
_DRAFT = "est sans effet : le brouillon n’est pas encore parti. Envoyez-le depuis le site de Jesignexpert."
_DOUBT = "n’a pas été suivi : indiquez d’abord si la demande est partie, comme ci-dessus."
_ALL_SIGNED = "n’est plus utile : tout le monde a signé."
_NOT_LOCKED = "est sans effet : « {pdf} » n’est pas verrouillé pendant la signature."
_ENDED = "est sans effet : cette demande est terminée."
_NOT_FROM_HERE = "→SIGNÉ – "
"""``déverrouiller`` where nothing is locked: told where a lock would be, in the text of the end itself."""

Row = tuple[str | None, str | None, str | None, str | None, str | None, str | None, str | None]

_INCOMPLETE: Row = (_STOPS, _NOT_SENT, None, _NOT_SENT, _FIRST, _NOT_SENT, None)
_WAITS: Row = (
    "→PRÊT – rien n’est parti : la demande est arrêtée",
    _NOT_SENT,
    _NOT_SENT,
    _NOT_SENT,
    _BY_ITSELF,
    _NOT_SENT,
    _NOT_SENT,
)
_SIGNED: Row = (
    "est arrivé trop tard : tout le monde avait déjà signé.",
    _ALL_SIGNED,
    "n’a pas été suivi : tout le monde a signé. Attendez d’abord le document.",
    _NOT_LOCKED,
    _ALL_SIGNED,
    _ALL_SIGNED,
    _ALL_SIGNED,
)
_AGAIN: Row = (
    _ENDED,
    _ENDED,
    _OUT,
    _ENDED,
    _ENDED,
    _ENDED,
    "est sans effet : cette demande est terminée. Pour une nouvelle demande, utilisez « {restart} ».",
)
_CANCEL_SIGNED = "est sans effet : le document est signé. S’il ne convient pas, faites signer un autre PDF."

# annuler, relancer, recommencer, déverrouiller, envoyer, déjà partie, pas partie
ROWS: Mapping[State, Row] = {
    State.WAITING_PDF: _INCOMPLETE,
    State.REJECTED: _INCOMPLETE,
    State.UNCONFIRMED: (_NOT_SENT, _NOT_SENT, _OUT, _NOT_SENT, _FIRST, _NOT_SENT, _OUT),
    State.PREVIEWED: (
        "→PRÊT – rien n’est parti : la demande est arrêtée",
        _NOT_SENT,
        _NOT_SENT,
        _NOT_SENT,
        _OUT,
        _NOT_SENT,
        _NOT_SENT,
    ),
    State.WAITING: _WAITS,
    State.HELD: (
        _NOT_SENT,
        _NOT_SENT,
        _OUT,
        _NOT_SENT,
        _FIRST,
        "n’a pas été suivi : aucun envoi de cette demande n’est connu ici. Elle est bien partie ? "
        "Supprimez « {file} » et suivez-la sur Jesignexpert.",
        _OUT,
    ),
    State.DRAFT: (
        "→ANNULÉ – à votre demande",
        _DRAFT,
        "n’a pas été suivi : le brouillon vous attend encore sur Jesignexpert. Abandonnez-le d’abord avec "
        "« annuler », puis recommencez.",
        _DRAFT,
        "n’a pas été suivi : un brouillon part seulement depuis le site de Jesignexpert.",
        "est sans effet : une fois envoyé depuis le site de Jesignexpert, le brouillon est suivi ici de lui-même.",
        _DRAFT,
    ),
    State.IN_PROGRESS: (
        "→ANNULÉ – à votre demande",
        "→EN COURS – 0 signature sur 1 – rappel possible à partir d",
        "n’a pas été suivi : la demande est encore en cours. Arrêtez-la d’abord avec « annuler », puis recommencez.",
        _NOT_LOCKED,
        "est sans effet : la demande est déjà partie.",
        "est sans effet : la demande est bien partie, et elle est suivie ici.",
        "n’a pas été suivi : Jesignexpert confirme que la demande est partie. Elle s’arrête avec « annuler ».",
    ),
    State.IN_DOUBT: ("→ANNULÉ – à votre demande", _DOUBT, _DOUBT, _DOUBT, _DOUBT, _OUT, _OUT),
    State.SEALING: _SIGNED,
    State.DELIVERING: _SIGNED,
    State.QUARANTINED: _SIGNED,
    State.DELIVERED: (
        _CANCEL_SIGNED,
        _ENDED,
        "n’a pas été suivi : « {pdf} » est la version signée. Pour une nouvelle demande, remplacez d’abord « {pdf} » "
        "par le document d’origine, sans signature.",
        _NOT_FROM_HERE,
        _ENDED,
        _ENDED,
        _ENDED,
    ),
    State.DELIVERED_BESIDE: (_CANCEL_SIGNED, _ENDED, _OUT, _NOT_FROM_HERE, _ENDED, _ENDED, _ENDED),
    State.REFUSED: _AGAIN,
    State.EXPIRED: _AGAIN,
    State.CANCELLED: _AGAIN,
    State.LOST: _AGAIN,
}


def cells() -> dict[tuple[State, Verb], str | None]:
    """Return every cell of the table."""
    return {(state, verb): cell for state, row in ROWS.items() for verb, cell in zip(TYPED, row, strict=True)}


def is_effect(cell: str | None) -> bool:
    """True where the order moves the request instead of being answered."""
    return cell is not None and cell.startswith("→")


def sentence(verb: Verb, cell: str, *, stem: str) -> str:
    """Return what the status says of an order, for the request of ``stem.pdf``."""
    told = cell.format(pdf=f"{stem}.pdf", file=f"{stem}.sign.yaml", restart="recommencer")
    return f"« {TYPED[verb]} » {told}"
