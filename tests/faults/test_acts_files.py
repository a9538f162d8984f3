"""What happens if the PDF or the request is edited, renamed, moved, copied, deleted, restored: one test per cell.

``TABLE`` was written by hand from the pages: protocol R1–R5, R8, R10, design page section 4 "Decided", ux page
sections 1.5 and 2. Rows are acts, columns the phases of a request's life (``tests.acts.LIVES``). A cell says what is
read afterwards, and, where its act is the last of its world, what has come of it once everybody has signed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from tests.acts import (
    BEFORE,
    END,
    LIVES,
    NEW,
    PDF,
    REQUEST,
    STATUS,
    UNSEEN,
    Act,
    Place,
    Played,
    Seen,
    asked,
    base_of,
    once,
    otherwise,
    play,
    sent,
)
from tests.documents import saved_incrementally
from tests.worlds import Mode

# ------------------------------------------------------------------------------------- first lines

WAIT = "EN ATTENTE DU PDF – « lettre.pdf » n’est pas dans ce dossier"
CORRECT = "À CORRIGER – numéro fixe pour Marie Dupont, il faut un mobile (ligne 2)"
COPY = "À CONFIRMER – cette demande semble copiée d’un autre dossier ; rien n’est parti"
USED = "À CONFIRMER – le PDF a changé après une demande terminée ; rien n’est parti"
READY = "PRÊT – rien n’est encore parti ; relisez l’aperçu, puis donnez le départ"
DRAFT = "BROUILLON – la collecte vous attend sur Jesignexpert ; envoyez-la depuis le site"
PAUSE = "EN PAUSE – le crédit Jesignexpert du cabinet est épuisé ; rien n’est perdu"
SEALING = "SIGNÉ PAR TOUS – Jesignexpert prépare le document, il arrivera ici de lui-même"
LOCKED = "SIGNÉ PAR TOUS – « lettre.pdf » est ouvert par quelqu’un ; dépôt à sa fermeture"
IN_PLACE = "SIGNÉ – « lettre.pdf » est maintenant la version signée"
BESIDE = "SIGNÉ – la version signée est à côté : « lettre (signé).pdf »"
BEFORE_US = "À VÉRIFIER – cette demande était là avant la mise en service ; rien n’est parti"
CHANGED_MARKED = "À VÉRIFIER – la demande a changé depuis sa préparation ; rien n’est parti"
DOUBT = "À VÉRIFIER – la demande est peut-être déjà partie ; rien n’a été renvoyé"
BROKEN = "À VÉRIFIER – une signature du document revenu est altérée ; il n’a rien remplacé"
UNKNOWN = "À VÉRIFIER – Jesignexpert ne connaît plus cette demande"
RENAMED = "sous le nom « signé v2 OK.pdf », pas encore signé"
EDITED = "attention : le PDF a été modifié après l’envoi"
GONE = "le PDF a été supprimé ; la signature continue"
CORRECTED = "votre correction n’est pas partie"

NOW: Mapping[str, str] = {
    "waiting_pdf": WAIT,
    "rejected": CORRECT,
    "unconfirmed": COPY,
    "previewed": READY,
    "draft": DRAFT,
    "waiting": PAUSE,
    "marked": PAUSE,
    "in_progress": "EN COURS – 0 signature sur 1 – attend Marie Dupont depuis le …",
    "half_signed": "EN COURS – 1 signature sur 2 – attend Claire Bernard depuis le …",
    "edited": "EN COURS – 0 signature sur 1 – attention : le PDF a été modifié après l’envoi",
    "sealing": SEALING,
    "delivering": LOCKED,
    "delivered": IN_PLACE,
    "delivered_beside": BESIDE,
    "refused": "REFUSÉ – Marie Dupont a refusé de signer le … (motif ci-dessous)",
    "expired": "EXPIRÉ – Marie Dupont n’a pas signé avant le …",
    "cancelled": "ANNULÉ – depuis le site de Jesignexpert, le …",
    "held": BEFORE_US,
    "in_doubt": DOUBT,
    "quarantined": BROKEN,
    "lost": UNKNOWN,
}
"""What is read in each phase when nobody has done anything."""

NEVER_LEFT = ("waiting_pdf", "rejected", "unconfirmed", "previewed", "waiting", "marked", "held")
OUT = ("in_progress", "half_signed", "edited")
FOLLOWED = ("draft", *OUT, "sealing", "delivering", "in_doubt", "quarantined")
"""From the marker to the end: these go on whatever becomes of their files."""
DONE = ("delivered", "delivered_beside", "refused", "expired", "cancelled", "lost")
COMES_HOME = ("waiting", "marked", *FOLLOWED)
"""What is signed in the end, left alone."""

AWAY = "ailleurs/lettre"
ASKED_NEW = "demande"
ASKED_COPY = "lettre - Copie"


def counted(life: str, matter: str) -> str:
    """First line of a request that is out, with ``matter`` in place of who is awaited."""
    return f"EN COURS – {'1 signature sur 2' if life == 'half_signed' else '0 signature sur 1'} – {matter}"


def wait_for(name: str) -> str:
    return WAIT.replace("« lettre.pdf »", f"« {name}.pdf »")


def locked(path: str) -> str:
    return LOCKED.replace("« lettre.pdf »", f"« {path.rpartition('/')[2]}.pdf »")


def in_place(path: str) -> str:
    return IN_PLACE.replace("« lettre.pdf »", f"« {path.rpartition('/')[2]}.pdf »")


def beside(path: str) -> str:
    return BESIDE.replace("« lettre (signé).pdf »", f"« {path.rpartition('/')[2]} (signé).pdf »")


# --------------------------------------------------------------------------------------- the table


@dataclass(frozen=True)
class Fate:
    """What is to be found. ``reads``: every status → its first line, paths without ``.signature.txt``."""

    reads: Mapping[str, str]
    ends: Mapping[str, str]
    """The same once everybody has signed; looked at only after the last act of a world."""
    home: str = ""
    """Where the signed document lies then, without ``.pdf``; empty: nowhere."""
    sends: int = 0
    """How many transactions were sent for it then, the original of a copy left out."""
    says: tuple[str, ...] = ()
    """What its text tells of this very act."""


Row = Mapping[str, Fate]
"""Phase of a life → what is to be found. A phase that is missing has no such file."""


def as_before(life: str) -> Fate:
    """Nothing has come of the act."""
    lines = {"lettre": NOW[life]}
    if life in COMES_HOME:
        home = "lettre (signé)" if life == "edited" else "lettre"
        return Fate(lines, {"lettre": BESIDE if life == "edited" else IN_PLACE}, home=home, sends=1)
    home = {"delivered": "lettre", "delivered_beside": "lettre (signé)"}.get(life, "")
    return Fate(lines, lines, home=home, sends=int(life in DONE))


def stays(line: str, *, at: str = "lettre", home: str = "", sends: int = 0) -> Fate:
    """It reads so now and in the end."""
    return Fate({at: line}, {at: line}, home=home, sends=sends)


def leaves(line: str = PAUSE) -> Fate:
    """It reads so now, leaves when it can, and comes home to its place."""
    return Fate({"lettre": line}, {"lettre": IN_PLACE}, home="lettre", sends=1)


def comes_beside(line: str, *, at: str = "lettre", says: Sequence[str] = ()) -> Fate:
    """It reads so now; in the end the signed document lies beside."""
    return Fate({at: line}, {at: beside(at)}, home=f"{at} (signé)", sends=1, says=tuple(says))


def comes_home(line: str, *, at: str = "lettre", says: Sequence[str] = ()) -> Fate:
    """It reads so now; in the end the PDF at ``at`` is the signed one."""
    return Fate({at: line}, {at: in_place(at)}, home=at, sends=1, says=tuple(says))


WITH_PDF = tuple(life for life in LIVES if life != "waiting_pdf")
UNTOUCHED: Row = {life: as_before(life) for life in LIVES}
PDF_UNTOUCHED: Row = {life: as_before(life) for life in WITH_PDF}
HELD_NOW = stays(CHANGED_MARKED)
NOTHING = Fate({}, {})

PDF_EDITED: Row = {
    **PDF_UNTOUCHED,
    # Here the PDF has only come now.
    "waiting_pdf": leaves(),
    # R10: neither key nor bytes are known any more: a new request (protocol section 0, "a copy … then edited").
    "unconfirmed": leaves(),
    "waiting": leaves(),
    # R2: what is marked leaves as it is marked or not at all.
    "marked": HELD_NOW,
    **{
        life: comes_beside(counted(life, EDITED), says=["cette modification n’en fait pas partie"])
        for life in OUT
    },
    "draft": comes_beside(DRAFT, says=["« lettre.pdf » a été modifié le"]),
    "sealing": comes_beside(SEALING, says=["« lettre.pdf » a été modifié le", "« lettre (signé).pdf »"]),
    # The lock keeps the signed document from its place only; beside it is free.
    "delivering": comes_beside(BESIDE),
    "in_doubt": comes_beside(DOUBT, says=["« lettre.pdf » a été modifié le"]),
    "quarantined": comes_beside(BROKEN, says=["« lettre.pdf » a été modifié le"]),
    # R3: an ended place with other unsigned bytes.
    "delivered": stays(USED, sends=1),
    "delivered_beside": stays(USED, home="lettre (signé)", sends=1),
    **{life: stays(USED, sends=1) for life in ("refused", "expired", "cancelled", "lost")},
}
PDF_RESAVED: Row = {
    **{life: fate for life, fate in PDF_EDITED.items() if life != "waiting_pdf"},
    **{
        life: comes_beside(counted(life, EDITED), says=["Les pages semblent identiques"])
        for life in ("in_progress", "half_signed")
    },
    # Its signature is still there: nothing that anybody could want to have signed (R3, "unsigned").
    "delivered": as_before("delivered"),
}
PDF_RESTORED: Row = {
    **PDF_UNTOUCHED,
    "marked": HELD_NOW,
    # S6: « restaurez celle du … : la version signée prendra sa place ».
    "edited": comes_home(NOW["in_progress"]),
    # It came beside while the PDF was another one.
    "delivering": stays(BESIDE, home="lettre (signé)", sends=1),
}
PDF_PUT_BACK = PDF_RESTORED
PDF_DELETED: Row = {
    **PDF_UNTOUCHED,
    **{life: stays(WAIT) for life in ("unconfirmed", "previewed", "waiting")},
    # Whether it may be called unsent is asked for a while after a start (R9): it waits, and is held then.
    "marked": Fate({"lettre": PAUSE}, {"lettre": CHANGED_MARKED}),
    **{life: comes_beside(counted(life, GONE), says=["« lettre (signé).pdf »"]) for life in OUT},
    "draft": comes_beside(DRAFT, says=["« lettre.pdf » n’est plus dans ce dossier"]),
    "sealing": comes_beside(SEALING, says=["« lettre.pdf » n’est plus dans ce dossier"]),
    "delivering": comes_beside(BESIDE),
    "in_doubt": comes_beside(DOUBT, says=["« lettre.pdf » n’est plus dans ce dossier"]),
    "quarantined": comes_beside(BROKEN, says=["« lettre.pdf » n’est plus dans ce dossier"]),
    # A person may throw away what is theirs: nothing comes again.
    "delivered": stays(IN_PLACE, sends=1),
}
NEVER_LEFT_ALONE: Row = {
    **{life: stays(WAIT) for life in ("unconfirmed", "previewed", "waiting")},
    "rejected": as_before("rejected"),
    "held": as_before("held"),
}
"""Nothing has left, and the PDF bears another name, or lies in another folder, than the request."""


def pdf_followed(at: str, *, renamed: bool, edited: Fate) -> Row:
    """The PDF of what is out is followed, its status with it, and is signed there (design page, "Decided")."""
    told = [] if renamed else ["« lettre.pdf » a été déplacé le"]
    out = {life: counted(life, RENAMED) if renamed else NOW[life] for life in ("in_progress", "half_signed")}
    return {
        **PDF_UNTOUCHED,
        **NEVER_LEFT_ALONE,
        **{life: comes_home(line, at=at, says=told) for life, line in out.items()},
        "edited": edited,
        # From the marker on it lives on wherever its file goes: the bytes that leave are those that were marked.
        "marked": comes_home(PAUSE, at=at),
        **{life: comes_home(NOW[life], at=at) for life in ("draft", "sealing", "in_doubt", "quarantined")},
        "delivering": comes_home(locked(at), at=at),
        # An ended request is not followed: what it says was true when it ended.
        "delivered": stays(IN_PLACE, home=at, sends=1),
    }


# Without a file id neither its name nor its bytes are known any more (R3): gone, as far as anybody can tell.
EDITED_AND_GONE = comes_beside(counted("edited", GONE))
EDITED_RENAMED = comes_beside(counted("edited", EDITED), at=NEW)
EDITED_MOVED = comes_beside(counted("edited", EDITED), at=AWAY)

REQUEST_EDITED: Row = {
    **UNTOUCHED,
    "rejected": leaves(),
    "marked": HELD_NOW,
    **{
        life: comes_home(counted(life, CORRECTED), says=["la demande telle qu’elle est partie"])
        for life in ("in_progress", "half_signed")
    },
    "edited": comes_beside(NOW["edited"], says=["la demande telle qu’elle est partie"]),
    "draft": comes_home(DRAFT, says=["« lettre.sign.yaml » a été modifié"]),
    "sealing": comes_home(SEALING, says=["« lettre.sign.yaml » a été modifié"]),
    "delivering": comes_home(LOCKED, says=["« lettre.sign.yaml » a été modifié"]),
    "in_doubt": comes_home(DOUBT, says=["« lettre.sign.yaml » a été modifié"]),
    "quarantined": comes_home(BROKEN, says=["« lettre.sign.yaml » a été modifié"]),
}
REQUEST_RESTORED: Row = {
    **{life: fate for life, fate in UNTOUCHED.items() if life != "rejected"},
    "marked": HELD_NOW,
}
GOES_ON = "« lettre.sign.yaml » a été supprimé, mais"
REQUEST_DELETED: Row = {
    **UNTOUCHED,
    **dict.fromkeys(NEVER_LEFT, NOTHING),
    **{
        life: Fate(fate.reads, fate.ends, fate.home, fate.sends, says=(GOES_ON,))
        for life, fate in UNTOUCHED.items()
        if life in FOLLOWED
    },
}
REQUEST_PUT_BACK: Row = {
    **UNTOUCHED,
    # It has arrived before our eyes now (R7).
    "held": leaves(),
}


def request_elsewhere(path: str) -> Row:
    """The request's file bears another name, or lies in another folder, than its PDF."""
    waits = {path: wait_for(path.rpartition("/")[2])}
    gone = REQUEST_DELETED
    return {
        **{life: Fate(waits, waits) for life in NEVER_LEFT},
        "rejected": stays(CORRECT, at=path),
        # A request's file alone proves nothing (R3): there it is a new one, whose PDF has not come.
        **{
            life: Fate(
                {**gone[life].reads, **waits},
                {**gone[life].ends, **waits},
                gone[life].home,
                gone[life].sends,
                gone[life].says,
            )
            for life in (*FOLLOWED, *DONE)
        },
    }


def request_copied(life: str) -> Fate:
    fate = as_before(life)
    copied = {ASKED_COPY: CORRECT if life == "rejected" else wait_for(ASKED_COPY)}
    return Fate({**fate.reads, **copied}, {**fate.ends, **copied}, fate.home, fate.sends)


TABLE: Mapping[str, Mapping[Mode, Row]] = {
    name: row if "plain" in row else {"nextcloud": row, "plain": row}  # type: ignore[dict-item, misc]
    for name, row in {
        "pdf edited": PDF_EDITED,
        "pdf resaved": PDF_RESAVED,
        "pdf restored": PDF_RESTORED,
        "pdf put back": PDF_PUT_BACK,
        "pdf deleted": PDF_DELETED,
        "pdf copied": PDF_UNTOUCHED,
        "pdf renamed": {
            "nextcloud": pdf_followed(NEW, renamed=True, edited=EDITED_RENAMED),
            "plain": pdf_followed(NEW, renamed=True, edited=EDITED_AND_GONE),
        },
        "pdf renamed anew": pdf_followed(NEW, renamed=True, edited=EDITED_AND_GONE),
        "pdf moved": {
            "nextcloud": pdf_followed(AWAY, renamed=False, edited=EDITED_MOVED),
            "plain": pdf_followed(AWAY, renamed=False, edited=EDITED_AND_GONE),
        },
        "pdf moved anew": pdf_followed(AWAY, renamed=False, edited=EDITED_AND_GONE),
        "request edited": REQUEST_EDITED,
        "request restored": REQUEST_RESTORED,
        "request deleted": REQUEST_DELETED,
        "request put back": REQUEST_PUT_BACK,
        "request copied": {life: request_copied(life) for life in LIVES},
        "request renamed": request_elsewhere(ASKED_NEW),
        "request renamed anew": request_elsewhere(ASKED_NEW),
        "request moved": request_elsewhere(AWAY),
        "request moved anew": request_elsewhere(AWAY),
    }.items()
}

LEAVES_NO_TRACE = ("pdf copied", "pdf restored", "pdf put back", "request restored", "request put back")
"""After these the text is what it was before anybody did anything, to the letter, where its first line is."""


# ---------------------------------------------------------------------------------------- the acts


def edit_pdf(place: Place) -> None:
    place.write(PDF, otherwise(f"{place.life} (2)"))


def resave_pdf(place: Place) -> None:
    if place.has(PDF):
        place.kept[PDF] = sent(place.life) if place.life == "edited" else place.read(PDF)
        place.write(PDF, saved_incrementally(place.read(PDF)))


def restore_pdf(place: Place) -> None:
    """From Nextcloud's versions, with its old time; elsewhere from the person's own copy."""
    if PDF not in place.kept:
        return
    path, dms = f"{place.folder}/{PDF}", place.stage.dms
    wanted = [number for number, _, content in dms.versions_of(path) if content == place.kept[PDF]]
    if place.stage.mode == "nextcloud":
        place.stage.disown(PDF, folder=place.folder)
        dms.person.restore(path, wanted[0])
    else:
        place.write(PDF, place.kept[PDF])


def delete_pdf(place: Place) -> None:
    if place.has(PDF):
        place.kept[PDF] = place.read(PDF)
        place.delete(PDF)


def put_back_pdf(place: Place) -> None:
    if PDF in place.kept:
        place.write(PDF, place.kept[PDF])


def copy_pdf(place: Place) -> None:
    if place.has(PDF):
        place.copy(PDF, "lettre (2).pdf")
        place.copy(PDF, f"{AWAY}.pdf")


def throw_away_copies(place: Place) -> None:
    for name in ("lettre (2).pdf", f"{AWAY}.pdf", f"{ASKED_COPY}.sign.yaml"):
        if place.has(name):
            place.delete(name)


def correct_request(place: Place) -> None:
    """Other mobiles; where one is wrong, a right one."""
    text = asked(place.life).replace("04 78 12 34 56", "06 12 34 56 78")
    place.write(REQUEST, text.replace("34 56 78", "34 56 79").replace("76 54 32", "76 54 33"))


def restore_request(place: Place) -> None:
    """But the one whose correction was needed."""
    if place.life != "rejected":
        place.write(REQUEST, asked(place.life))


def delete_request(place: Place) -> None:
    place.delete(REQUEST)


def put_back_request(place: Place) -> None:
    place.write(REQUEST, asked(place.life))


def moved(name: str, to: str, *, anew: bool = False) -> Act:
    def act(place: Place) -> None:
        if place.has(name):
            (place.anew if anew else place.move)(name, to)

    return act


WORLDS: Mapping[str, Sequence[tuple[str, Act]]] = {
    "edited": [("pdf edited", edit_pdf)],
    "restored": [
        ("pdf resaved", resave_pdf),
        ("pdf restored", restore_pdf),
        (UNSEEN, delete_pdf),
        ("pdf put back", put_back_pdf),
    ],
    "deleted": [("pdf deleted", delete_pdf)],
    "renamed": [
        ("pdf moved", moved(PDF, f"{AWAY}.pdf")),
        ("pdf renamed", moved(f"{AWAY}.pdf", f"{NEW}.pdf")),
    ],
    "renamed anew": [
        ("pdf renamed anew", moved(PDF, f"{NEW}.pdf", anew=True)),
        ("pdf moved anew", moved(f"{NEW}.pdf", f"{AWAY}.pdf", anew=True)),
    ],
    "corrected": [
        ("pdf copied", copy_pdf),
        ("request copied", lambda place: place.copy(REQUEST, f"{ASKED_COPY}.sign.yaml")),
        (UNSEEN, throw_away_copies),
        ("request edited", correct_request),
        ("request restored", restore_request),
    ],
    "taken back": [
        ("request renamed anew", moved(REQUEST, f"{ASKED_NEW}.sign.yaml", anew=True)),
        ("request moved", moved(f"{ASKED_NEW}.sign.yaml", f"{AWAY}.sign.yaml")),
        ("request renamed", moved(f"{AWAY}.sign.yaml", f"{ASKED_NEW}.sign.yaml")),
        ("request moved anew", moved(f"{ASKED_NEW}.sign.yaml", f"{AWAY}.sign.yaml", anew=True)),
        (UNSEEN, moved(f"{AWAY}.sign.yaml", REQUEST)),
        ("request deleted", delete_request),
        ("request put back", put_back_request),
    ],
}
"""Acts done one after the other in the same world; its requests are brought to their end after the last one."""

MODES: Sequence[Mode] = ("nextcloud", "plain")
CELLS = [
    pytest.param((mode, world), act, life, id=f"{mode}-{act}-{life}")
    for mode in MODES
    for world, acts in WORLDS.items()
    for act, _ in acts
    if act != UNSEEN
    for life in TABLE[act][mode]
]


_PLAYED: dict[tuple[Mode, str], Played] = {}


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The world of (mode, name), played by the first test of this process that asks for it."""
    mode, name = request.param
    if request.param not in _PLAYED:
        directory = tmp_path_factory.mktemp("acts") / "world"
        _PLAYED[request.param] = once(
            tmp_path_factory,
            f"acts {mode} {name}",
            lambda: play(base_of(tmp_path_factory, mode), directory, WORLDS[name]),
        )
    return _PLAYED[request.param]


# --------------------------------------------------------------------------------------- the tests


@pytest.mark.parametrize(("world", "act", "life"), CELLS, indirect=["world"])
def test_cell(world: Played, act: str, life: str, request: pytest.FixtureRequest) -> None:
    """What a person reads after the act, and what came of it."""
    mode, name = request.node.callspec.params["world"]
    fate, seen, before = TABLE[act][mode][life], world.cells[act, life], world.cells[BEFORE, life]
    lawful(seen)
    assert first_lines(seen) == fate.reads
    told = " ".join(" ".join(seen.statuses.values()).split())
    assert [part for part in fate.says if part not in told] == [], told
    if act in LEAVES_NO_TRACE and fate.reads == {"lettre": NOW[life]}:
        assert words_of(seen) == words_of(before)
    if act == WORLDS[name][-1][0]:
        ended = world.cells[END, life]
        lawful(ended)
        assert first_lines(ended) == fate.ends
        assert ended.signed == ((f"{fate.home}.pdf",) if fate.home else ())
        assert len(ended.sends) - (life == "unconfirmed") == fate.sends


@pytest.mark.parametrize(
    "world",
    [pytest.param((mode, name), id=f"{mode}-{name}") for mode in MODES for name in WORLDS],
    indirect=True,
)
def test_world_is_intact(world: Played) -> None:
    """Beside its cells: no server met a defect, nothing half-made is left, each status says what the journal says."""
    assert world.broken == ""


JOURNAL_LOST: Mapping[Mode, str] = {"plain": "pdf renamed anew", "nextcloud": "request deleted"}
"""An act after which the machine dies, its journal with it."""


@pytest.mark.parametrize("mode", MODES)
def test_the_journal_lost_after_an_act(mode: Mode, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is out comes home as it would have; what has ended stays as it is; what had not left is not sent."""
    name = JOURNAL_LOST[mode]
    act = next(act for acts in WORLDS.values() for known, act in acts if known == name)
    directory = tmp_path_factory.mktemp("acts") / "world"
    lost = play(base_of(tmp_path_factory, mode), directory, [(name, act)], lose_journal=True)
    wrong = {}
    for life, fate in TABLE[name][mode].items():
        seen = lost.cells[END, life]
        lawful(seen)
        found = (seen.signed, len(seen.sends) - (life == "unconfirmed"))
        if life in NEVER_LEFT and life != "marked":
            wanted: object = ((), 0)
        elif life == "delivered":  # the PDF is signed, whatever its name
            wanted = ((f"{fate.home}.pdf",), 1)
        else:
            wanted = ((f"{fate.home}.pdf",) if fate.home else (), fate.sends)
        if found != wanted or (life in FOLLOWED and first_lines(seen) != fate.ends):
            wrong[life] = (found, wanted, first_lines(seen), fate.ends)
    assert wrong == {}
    assert lost.broken == ""


def first_lines(seen: Seen) -> dict[str, str]:
    """Every status by its path without its ending → its first line, days left out."""
    day = re.compile(r"le \d+(?:er)? \w+ \d{4}")
    return {path.removesuffix(".signature.txt"): day.sub("le …", line) for path, line in seen.lines.items()}


def words_of(seen: Seen) -> str:
    """The text by the PDF's name, its foot left out: a request that was put back is a new one, with a new reference."""
    return seen.statuses[STATUS].partition("\n--\n")[0]


def lawful(seen: Seen) -> None:
    """What holds in every cell: nothing lost, nothing sent twice, a preview beside what is ready and nowhere else."""
    assert seen.lost == ()
    assert all(count == 1 for count in seen.sends)
    ready = {path for path, line in first_lines(seen).items() if line.startswith("PRÊT")}
    previews = {name.removesuffix(".apercu.pdf") for name in seen.files if name.endswith(".apercu.pdf")}
    assert previews == ready


def test_every_act_is_done_and_every_phase_is_there() -> None:
    """No row of the table without a world, no phase without a cell in each row but where there is no such file."""
    done = [name for acts in WORLDS.values() for name, _ in acts if name != UNSEEN]
    assert sorted(done) == sorted(TABLE)
    absent: dict[str, set[str]] = {name: set(LIVES) - set(TABLE[name]["plain"]) for name in TABLE}
    assert {name for name, lives in absent.items() if lives} == {
        name for name in TABLE if name.startswith("pdf") and name != "pdf edited"
    } | {"request restored"}
    assert all(len(lives) <= 1 for lives in absent.values())
