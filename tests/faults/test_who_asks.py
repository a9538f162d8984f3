"""Who may ask: owners, public links, brakes of a folder (administrator's page, "Who may ask")."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from requests import PreparedRequest, Response

from connector.errors import Unavailable
from connector.lifecycle import State
from connector.ports import Entry, Href
from connector.sandbox.dms.folder import CREATE, DELETE, EVERYTHING, READ, RESHARE, UPDATE, Link
from connector.steps import askers
from tests import documents
from tests.spreadsheets import csv_text
from tests.wires import LONG_S, Between
from tests.worlds import ONE, ROOT, Stage

HOUR = 3700
LINKED = "À CORRIGER – un lien public permet à n’importe qui d’écrire ici"
CHANGEABLE = "À CORRIGER – un lien public permet à n’importe qui de modifier"
UNANSWERED = "À CORRIGER – on ignore encore si un lien public ouvre ce dossier"
UNTOLD = "À CORRIGER – impossible de savoir si un lien public ouvre ce dossier"


def at(folder: str) -> str:
    return f"{ROOT}/{folder}"


def later(stage: Stage, seconds: float = HOUR) -> None:
    stage.run()
    stage.clock.advance(seconds)
    stage.run()


def letter(stage: Stage, folder: str, number: int, sidecar: str = "") -> None:
    stage.person.mkdir(folder)
    pdf = documents.letter(1, f"{folder} {number}")
    stage.drop(f"lettre {number}", pdf, folder=folder, **({"sidecar": sidecar} if sidecar else {}))


def plain(text: str) -> str:
    """As one line with plain spaces."""
    return " ".join(text.replace("\u00a0", " ").split())


def asked_of_shares(stage: Stage) -> int:
    return sum("files_sharing" in one.path for one in stage.dms.requests)


# ------------------------------------------------------------------------------------- public links

LINKS = {
    "demande de fichiers": Link(at("demande de fichiers"), CREATE),
    "tout": Link(at("tout"), READ | UPDATE | CREATE | DELETE),
    "courriel": Link(at("courriel"), READ | UPDATE, kind=4),
    "autre nuage": Link(at("autre nuage"), READ | CREATE, kind=6),
}


def test_nothing_leaves_from_where_a_stranger_can_write(tmp_path: Path) -> None:
    """A file request, a link with every right, one by e-mail, another cloud; there and below, until it is taken away.

    A link that only lets people read stops nothing; nor does one to the folder beside.
    """
    with Stage(tmp_path) as stage:
        stage.dms.links.extend(LINKS.values())
        stage.dms.links.append(Link(at("lecture"), READ))
        for number, name in enumerate(LINKS):
            letter(stage, at(name), number)
            letter(stage, at(f"{name}/2026"), number + 10)
        letter(stage, at("lecture"), 20)
        letter(stage, at("fermé"), 21)
        letter(stage, at("fermé"), 22)
        stage.dms.links.append(Link(at("fermé/lettre 22.sign.yaml"), READ | UPDATE))
        later(stage)
        for number, name in enumerate(LINKS):
            assert stage.first_line(f"lettre {number}", folder=at(name)) == LINKED, name
            assert f"« {name} » est partagé par un lien public" in plain(
                stage.status(f"lettre {number + 10}", folder=at(f"{name}/2026"))
            )
        assert stage.first_line("lettre 22", folder=at("fermé")) == LINKED
        assert "cette demande est partagée" in plain(stage.status("lettre 22", folder=at("fermé"))).lower()
        assert stage.first_line("lettre 20", folder=at("lecture")).startswith("EN COURS")
        assert stage.first_line("lettre 21", folder=at("fermé")).startswith("EN COURS")
        assert stage.sends() == [1, 1]
        # Taken away, which moves nothing in the folder: they leave by themselves.
        stage.dms.links.clear()
        later(stage)
        assert stage.sends() == [1] * 11
        stage.intact()


EDIT = READ | UPDATE
FILES = {
    "pdf": ("lettre.pdf", "lettre.pdf"),
    "document": ("deux.pdf", "deux.pdf"),
    "annexe": ("plan.pdf", "plan.pdf"),
    "message": ("Mot.txt", "Mot.txt"),
    "réglages": ("_signature.yaml", f"{ROOT}/_signature.yaml"),
    "message des réglages": ("Accueil.txt", "Accueil.txt"),
}


@pytest.mark.parametrize("file", FILES)
def test_one_file_that_a_stranger_can_write(tmp_path: Path, file: str) -> None:
    """Through a link to a document, an annex, a message or the settings alone a stranger has a say as well: the status
    names the file, the neighbour that does without it leaves, and the link's end lets it go. To be read stops nothing.
    """
    name, shown = FILES[file]
    above = file in {"réglages", "message des réglages"}
    home = ROOT if above else at("2026")
    with Stage(tmp_path, start=False) as stage:
        stage.person.mkdir(at("2026"))
        stage.write("_signature.yaml", "message: voir Accueil.txt\n" if above else "objet: Lettre\n")
        stage.write("Accueil.txt", "Bonjour,\nvoici la lettre.\n")
        stage.start()
        stage.run()
        stage.dms.links.append(Link(f"{home}/{name}", EDIT))
        stage.dms.links.append(Link(at("2026/voisine.pdf"), READ))
        for one in ("deux", "plan"):
            stage.write(f"{one}.pdf", documents.letter(1, one), folder=at("2026"))
        stage.write("Mot.txt", "Bonjour,\nvoici.\n", folder=at("2026"))
        more = "documents: [deux]\nannexes: [plan]\n" + ("" if above else "message: voir Mot.txt\n")
        stage.drop(folder=at("2026"), sidecar=ONE + more)
        if not above:
            letter(stage, at("2026"), 1)
        later(stage)
        told = plain(stage.status(folder=at("2026")))
        if file == "message des réglages":
            shown = f"{ROOT}/{shown}"
        assert told.startswith(CHANGEABLE + f" « {shown} »"), told
        assert f"« {shown} » est partagé par un lien public" in told
        assert stage.sends() == ([] if above else [1])
        stage.dms.links[0] = Link(f"{home}/{name}", READ)
        later(stage)
        assert stage.first_line(folder=at("2026")).startswith("EN COURS")
        stage.intact()


def test_settings_of_many_folders_are_asked_about_once(tmp_path: Path) -> None:
    """Asked about once for each saving of them, not for each request below; another saving is asked about anew."""
    with Stage(tmp_path, start=False) as stage:
        stage.write("_signature.yaml", "objet: Lettre\n")
        stage.start()
        stage.run()
        for number in range(3):
            letter(stage, at(f"client {number}"), number)
            stage.run()
        assert stage.sends() == [1] * 3
        assert asked_of_shares(stage) == 3 * 3 + 1, "of each folder, request and PDF, and of the settings"
        stage.dms.links.append(Link(at("_signature.yaml"), EDIT))
        letter(stage, at("client 3"), 3)
        stage.run()
        assert stage.sends() == [1] * 4, "as they are, no stranger wrote them"
        stage.write("_signature.yaml", "objet: Autre chose\n")
        letter(stage, at("client 4"), 4)
        stage.run()
        assert plain(stage.first_line("lettre 4", folder=at("client 4"))).startswith(CHANGEABLE)
        assert stage.sends() == [1] * 4
        stage.intact()


def test_a_list_that_a_stranger_can_write(tmp_path: Path) -> None:
    """A stranger's row becomes a request as any row, which says why it stays: the firm's « envoi: oui » lets others go,
    and that one when it is said again after the link has gone."""
    with Stage(tmp_path, start=False) as stage:
        stage.write("_signature.yaml", "objet: Lettre\n")
        stage.start()
        stage.run()
        stage.dms.links.append(Link(at("_signataires.csv"), EDIT))
        stage.write("a.pdf", documents.letter(1, "a"))
        row = ("a", "mallory@cabinet.fr", "Mal", "Lory", "06 12 34 56 78")
        stage.write("_signataires.csv", csv_text([row]))
        stage.run(calm=6)
        assert plain(stage.first_line("a")) == f"{CHANGEABLE} « _signataires.csv »"
        stage.write("_signature.yaml", "objet: Lettre\nenvoi: oui\n")
        stage.drop("b", sidecar=ONE)
        later(stage)
        assert stage.sends() == [1]
        assert stage.first_line("b").startswith("EN COURS")
        stage.dms.links.clear()
        later(stage)
        # Shown now for the first time as it would leave: the word is said again once it was.
        assert (stage.first_line("a")[:4], stage.sends()) == ("PRÊT", [1])
        stage.write("_signature.yaml", "objet: Lettre\nenvoi: oui # relu\n")
        later(stage)
        assert stage.sends() == [1, 1]
        stage.intact()


def test_settings_of_a_drop_folder_that_a_stranger_can_write(tmp_path: Path) -> None:
    """They name the people: what is dropped gets its request, which says why it stays."""
    box = at("À signer")
    with Stage(tmp_path, more="policy: {drop_folder: allow}\n", start=False) as stage:
        stage.person.mkdir(box)
        people = ONE.removeprefix("signataire:").strip()
        stage.write("_signature.yaml", f"dépôt: À signer\nenvoi: oui\nsignataires: {people}\n")
        stage.start()
        stage.run(calm=6)
        stage.dms.links.append(Link(at("_signature.yaml"), EDIT))
        stage.write("a.pdf", documents.letter(1, "a"), folder=box)
        stage.run(calm=6)
        stage.clock.advance(700)
        later(stage)
        shown = f"{ROOT}/_signature.yaml"
        assert plain(stage.first_line("a", folder=box)) == f"{CHANGEABLE} « {shown} »"
        assert stage.sends() == []
        stage.dms.links.clear()
        later(stage)
        assert stage.sends() == [1]
        stage.intact()


def test_what_is_about_to_leave_when_a_stranger_writes_the_settings(tmp_path: Path) -> None:
    """Marked, not sent for want of credit, when a stranger's hand is in the settings: it does not go on."""
    with Stage(tmp_path, start=False) as stage:
        stage.write("_signature.yaml", "objet: Lettre\n")
        stage.start()
        stage.run()
        stage.platform.credit = 0
        stage.drop()
        stage.run()
        assert stage.record().state is State.MARKED
        stage.dms.links.append(Link(at("_signature.yaml"), EDIT))
        stage.write("_signature.yaml", "objet: Lettre\nenvoi: oui\n")
        stage.platform.credit = 5
        later(stage)
        assert stage.sends() == [0]
        assert plain(stage.first_line()).startswith("À VÉRIFIER – la demande a changé depuis sa préparation")
        stage.drop(sidecar=ONE + "action: recommencer\n")
        later(stage)
        assert (plain(stage.first_line()), stage.sends()) == (f"{CHANGEABLE} « _signature.yaml »", [0])
        stage.intact()


def test_a_link_above_all_that_the_login_sees(tmp_path: Path) -> None:
    """The owner's folder above is linked: what is shared from it can be written by anybody, and that is found out."""
    with Stage(tmp_path) as stage:
        stage.dms.shares[ROOT] = EVERYTHING
        stage.dms.owners[ROOT] = "alice"
        stage.dms.links.append(Link("", READ | UPDATE | CREATE))
        stage.drop()
        later(stage)
        assert (stage.first_line(), stage.sends()) == (LINKED, [])
        # An order does not help a stranger either.
        stage.write("lettre.sign.yaml", stage.read("lettre.sign.yaml") + b"action: recommencer\n")
        later(stage)
        assert (stage.first_line(), stage.sends()) == (LINKED, [])


def test_a_link_that_comes_later(tmp_path: Path) -> None:
    """What has left goes on; what comes through the link afterwards does not leave, nor a new ask on what ended."""
    with Stage(tmp_path) as stage:
        stage.drop("avant")
        stage.run()
        stage.dms.links.append(Link(ROOT, READ | UPDATE | CREATE | DELETE))
        stage.drop("apres")
        stage.run()
        stage.sign()
        later(stage)
        assert stage.first_line("avant").startswith("SIGNÉ – ")
        stage.write("avant.sign.yaml", stage.read("avant.sign.yaml") + b"action: recommencer\n")
        stage.write("avant.pdf", documents.letter(1, "remplacé"))
        later(stage)
        assert stage.first_line("apres") == LINKED
        assert stage.sends() == [1]


def test_a_folder_is_asked_about_again_for_what_comes_later(tmp_path: Path) -> None:
    """A link that was made since the last request holds for the next one, and for no letter that is out."""
    with Stage(tmp_path) as stage:
        letter(stage, at("client"), 0)
        later(stage)
        assert stage.sends() == [1]
        stage.dms.links.append(Link(at("client"), EDIT))
        letter(stage, at("client"), 1)
        later(stage)
        assert stage.sends() == [1]
        told = [one for one in stage.files(at("client")) if one.endswith(".signature.txt")]
        assert sum("lien public" in plain(stage.read(one, folder=at("client")).decode()) for one in told) == 1


def test_of_a_file_nobody_tells(tmp_path: Path) -> None:
    """Its folder is told of, the file itself is not: nothing leaves, until it is."""
    with Stage(tmp_path) as stage:
        stage.dms.misbehave(kind="status", method="GET", path="*/shares", status=403, times=None)
        stage.drop()
        later(stage)
        assert (stage.first_line(), stage.sends()) == (UNTOLD, [])
        stage.dms.behave()
        stage.clock.advance(3600)
        later(stage)
        assert stage.sends() == [1]


def test_what_one_is_told_is_no_answer_to_another(tmp_path: Path) -> None:
    """Nobody tells of the settings' own links: a request that rests on them stays for as long as they are not told of,
    whatever is asked meanwhile for others of their folder, with or without an answer."""
    status, came, opened = 403, threading.Event(), threading.Event()
    opened.set()

    def portal(request: PreparedRequest, go: Callable[[], Response]) -> Response:
        answer = go()
        if "v1/shares?" in str(request.url) and "_signature.yaml" in str(request.url):
            came.set()
            assert opened.wait(LONG_S)
            answer.status_code = status
        return answer

    with Stage(tmp_path, seams=Between(portal).seams(), start=False) as stage:
        stage.person.mkdir(at("2026"))
        stage.write("_signature.yaml", "objet: Lettre\n")
        for name in ("deux", "trois"):
            stage.drop(name)
        stage.drop("une", folder=at("2026"))
        stage.start()
        parts, folder = stage.parts, stage.parts.folders["dms"]
        (settings,) = parts.watched.values()
        files = {
            name: folder.stat(Href(f"{settings.root}{name}"))
            for name in ("2026/une.sign.yaml", "deux.sign.yaml", "trois.sign.yaml", "_signature.yaml")
        }
        above = files["_signature.yaml"]
        une, deux, trois = ([files[name], above] for name in files if name != "_signature.yaml")

        def problems() -> list[str]:
            return [one.code for one in askers.link_problems(parts, settings, une)]

        def ask(deciding: list[Entry]) -> None:
            askers.ask(parts, settings, deciding, seen_at=stage.clock.now())

        ask(une)
        assert problems() == ["public_link_untold"]
        ask(trois[:1])
        assert problems() == ["public_link_untold"], "that was of its folder, and of another request"
        status = 503
        opened.clear()
        came.clear()
        stage.clock.advance(60)
        with ThreadPoolExecutor(1) as threads:
            other = threads.submit(ask, deux)
            assert came.wait(LONG_S)
            assert problems() == ["public_link_untold"], "it is being asked"
            opened.set()
            assert isinstance(other.exception(LONG_S), Unavailable)
        assert problems() == ["public_link_untold"], "and was not answered"
        status = 200
        ask(deux)
        assert problems() == []


def test_what_has_stayed_is_not_asked_about_again(tmp_path: Path) -> None:
    """A request that is edited while its PDF stays: its folder and the request alone."""
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=ONE + "envoi: non\n")
        later(stage)
        before = asked_of_shares(stage)
        stage.write("lettre.sign.yaml", ONE)
        later(stage)
        assert stage.sends() == [1]
        assert asked_of_shares(stage) - before == 2


def test_where_nobody_tells_of_links(tmp_path: Path) -> None:
    """Without the right to share on, Nextcloud tells nothing: nothing leaves, and why is said, until it tells."""
    with Stage(tmp_path) as stage:
        stage.dms.shares[ROOT] = EVERYTHING & ~RESHARE
        stage.drop()
        later(stage)
        assert (stage.first_line(), stage.sends()) == (UNTOLD, [])
        assert asked_of_shares(stage) == 0
        stage.dms.shares[ROOT] = EVERYTHING
        later(stage)
        assert stage.first_line().startswith("EN COURS")
        stage.intact()


@pytest.mark.parametrize("policy", ["{public_links: allow}", ""])
def test_where_links_do_not_matter(tmp_path: Path, policy: str) -> None:
    """Where the administrator allows them, or nothing leaves anyway: nobody is asked, and all is as before."""
    settings = {} if policy else {"send": "preview"}
    with Stage(tmp_path, settings=settings, more=policy and f"policy: {policy}\n") as stage:
        stage.dms.shares[ROOT] = EVERYTHING & ~RESHARE
        stage.dms.links.append(Link(ROOT))
        stage.drop()
        stage.run()
        assert stage.first_line().startswith("EN COURS" if policy else "PRÊT")
        assert asked_of_shares(stage) == 0


def test_many_requests_in_a_folder_cost_one_question_for_it(tmp_path: Path) -> None:
    """And one for each file; nothing at all while nothing moves, however long a link stands there."""
    with Stage(tmp_path) as stage:
        for number in range(9):
            letter(stage, ROOT, number)
        stage.run()
        assert stage.sends() == [1] * 9
        assert asked_of_shares(stage) == 1 + 9 * 2
        stage.dms.links.append(Link(ROOT))
        letter(stage, ROOT, 10)
        stage.run()
        before = asked_of_shares(stage)
        assert before == 1 + 9 * 2 + 1
        later(stage)
        assert asked_of_shares(stage) == before + 1
        assert stage.sends() == [1] * 9


def test_a_question_without_an_answer_is_no_answer(tmp_path: Path) -> None:
    """The server fails to tell: busy, it is asked again and nothing is said for a while; refusing, it does not tell."""
    with Stage(tmp_path) as stage:
        stage.dms.misbehave(kind="status", path="*files_sharing*", status=503, times=None)
        stage.drop()
        stage.run()
        assert (stage.status(), stage.sends()) == ("", [])
        assert stage.records() == []
        stage.clock.advance(1200)
        stage.run()
        assert (stage.first_line(), stage.sends()) == (UNANSWERED, []), "after so long it is said"
        stage.dms.behave()
        stage.dms.misbehave(kind="status", path="*inherited*", status=500, times=None)
        later(stage)
        assert (stage.first_line(), stage.sends()) == (UNTOLD, [])
        assert "enregistrez" not in stage.status(), "nothing in the request is wrong"
        assert "dans « lettre" not in stage.status().replace("\u00a0", " ")
        stage.dms.behave()
        later(stage)
        assert stage.sends() == [1]
        stage.intact()


def test_a_proxy_that_stands_before_the_question(tmp_path: Path) -> None:
    """WebDAV alone is let through, the rest goes to a portal: what waits says so, and the login is not refused."""
    with Stage(tmp_path) as stage:
        for name, status in (("lettre", 302), ("autre", 401)):
            stage.dms.misbehave(kind="status", path="*files_sharing*", status=status, times=None)
            stage.drop(name)
            stage.run()
            assert (stage.first_line(name), stage.sends()) == (UNTOLD, [])
            asked = asked_of_shares(stage)
            stage.run(4)
            assert asked_of_shares(stage) == asked, "not hammered"
            stage.dms.behave()
        # Away just when it is asked again: a passing moment, and no defect of the pass.
        stage.parts.folders["dms"].reconnect()  # type: ignore[attr-defined]
        stage.dms.misbehave(kind="status", method="PROPFIND", status=503, times=None)
        askers.ask_again(stage.parts, list(stage.parts.watched.values()))
        stage.dms.behave()
        later(stage)
        assert stage.sends() == [1, 1]


# ------------------------------------------------------------------------------------------- owners


def test_a_stranger_with_a_login_shares_a_folder_into_ours(tmp_path: Path) -> None:
    """Whose files they are counts: another login's share, hung in where we watch, asks nothing; told with all else."""
    policy = "{owners: [alice, signatures], allow_domains: [cabinet.fr]}"
    with Stage(tmp_path, settings={"policy": policy}) as stage:
        for owner in ("alice", "mallory"):
            stage.dms.shares[at(owner)] = EVERYTHING
            stage.dms.owners[at(owner)] = owner
            letter(stage, at(owner), 1)
        stage.drop()
        faulty = "signataires: Marie <m@ailleurs.fr> 06 12 34\nniveau: avancé\n"
        letter(stage, at("mallory"), 2, faulty)
        later(stage)
        assert stage.sends() == [1, 1]
        assert stage.first_line("lettre 1", folder=at("mallory")) == (
            "À CORRIGER – « mallory » ne peut pas demander de signature ici"
        )
        told = plain(stage.status("lettre 2", folder=at("mallory")))
        assert stage.first_line("lettre 2", folder=at("mallory")).startswith("À CORRIGER – 3 points")
        assert "« lettre 2.sign.yaml » appartient à « mallory »" in told
        # The document that somebody else's share holds is not taken from there either.
        stage.move("lettre 1.pdf", "a.pdf", folder=at("mallory"), to_folder=at("alice"))
        stage.intact()


@pytest.mark.parametrize("deciding", ["_signature.yaml", "texte.txt", "annexe.pdf", "_signataires.csv"])
def test_whoever_owns_one_file_that_decides_has_a_say_too(tmp_path: Path, deciding: str) -> None:
    """Settings, a message's text, an annex or a list hung in by another login speak for nobody who may ask."""
    with Stage(tmp_path, settings={"policy": "{owners: [alice, signatures]}"}) as stage:
        stage.dms.owners[ROOT] = "alice"
        for path, owner in ((ROOT, "alice"), (at(deciding), "mallory")):
            stage.dms.shares[path], stage.dms.owners[path] = EVERYTHING, owner
        sidecar = ONE
        match deciding:
            case "_signature.yaml":
                stage.write(deciding, "objet: Lettre\n")
            case "texte.txt":
                stage.write(deciding, "Bonjour\n")
                sidecar = ONE + "message: voir texte.txt\n"
            case "annexe.pdf":
                stage.write(deciding, documents.letter(1, "annexe"))
                sidecar = ONE + "annexes: [annexe.pdf]\n"
            case _:
                stage.write(
                    deciding, csv_text([("lettre", "marie@cabinet.fr", "Marie", "Dupont", "06 12 34 56 78")])
                )
                stage.write("lettre.pdf", documents.letter(1))
        if not deciding.startswith("_signataires"):
            stage.drop(sidecar=sidecar)
        stage.run(calm=6)
        later(stage)
        assert stage.first_line() == "À CORRIGER – « mallory » ne peut pas demander de signature ici"
        assert f"« {deciding} » appartient à « mallory »" in plain(stage.status())
        assert stage.sends() == []
        stage.dms.owners[at(deciding)] = "alice"
        stage.write(deciding, stage.read(deciding) + b"\n")
        later(stage)
        assert stage.first_line().startswith(("EN COURS", "PRÊT"))


def test_owners_are_never_ignored_where_nobody_tells_them(tmp_path: Path) -> None:
    """``check-config`` refuses them there; should a server tell none all the same, nothing leaves, and that is said."""
    with Stage(tmp_path, "plain") as stage:
        (name, settings), *_ = stage.parts.watched.items()
        stage.parts.watched = {name: replace(settings, owners=("alice",))}
        stage.drop()
        later(stage)
        assert stage.first_line() == "À CORRIGER – à qui appartient cette demande n’est pas indiqué ici"
        assert stage.sends() == []


# ------------------------------------------------------------------------------------------- brakes


def waiting(stage: Stage) -> list[str]:
    """The first lines of what waits."""
    waits = [one for one in stage.records() if one.state in {State.WAITING, State.PREPARED}]
    return [
        stage.first_line(str(one.document.name)[:-4], folder=one.place.strip("/").rpartition("/")[0])
        for one in waits
    ]


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_a_folder_has_its_brakes(tmp_path: Path, mode: str) -> None:
    """Two an hour, three a day, by lanes side by side and across a restart; the others wait, say why and until when."""
    settings = {"policy": "{max_sends_per_hour: 2, max_sends_per_day: 3}"}
    with Stage(tmp_path, mode, settings=settings) as stage:  # type: ignore[arg-type]
        for number in range(6):
            letter(stage, ROOT, number)
        stage.run()
        assert stage.sends() == [1, 1]
        began = stage.clock.now()
        assert len(waiting(stage)) == 4
        for line in waiting(stage):
            assert line.startswith("EN ATTENTE – 2 envois par heure au plus ; reprise le ")
        told = {name: stage.status(name) for name in (f"lettre {n}" for n in range(6))}
        stage.restart()
        stage.clock.advance(600)
        stage.run()
        assert stage.sends() == [1, 1]
        assert {name: stage.status(name) for name in told} == told, "nothing new to say"
        stage.clock.advance(3000)
        stage.run()
        assert stage.sends() == [1, 1, 1]
        assert set(waiting(stage)) == {
            "EN ATTENTE – 3 envois aujourd’hui, la limite de ce dossier ; la suite demain"
        }
        midnight = began.astimezone(stage.parts.report.zone).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        stage.clock.advance((midnight + timedelta(days=1) - stage.clock.now()).total_seconds() - 120)
        stage.run(4)
        assert stage.sends() == [1] * 3, "the day is the firm's"
        stage.clock.advance(180)
        stage.run()
        assert stage.sends() == [1] * 5
        later(stage)
        assert stage.sends() == [1] * 6
        stage.intact()


def test_what_has_left_counts_where_it_left_from(tmp_path: Path) -> None:
    """Whoever moves what was sent out of the folder has no more to spend there."""
    with Stage(tmp_path, settings={"policy": "{max_sends_per_day: 1}"}) as stage:
        stage.drop()
        stage.run()
        sent = stage.record()
        stage.parts.journal.note(sent, "moved", folder="ailleurs")
        stage.drop("autre")
        stage.run()
        assert stage.sends() == [1]
        assert waiting(stage) == [
            "EN ATTENTE – 1 envoi aujourd’hui, la limite de ce dossier ; la suite demain"
        ]
