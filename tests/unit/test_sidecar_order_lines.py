"""Lines that order something: moved to the edge, left alone as a text, or answered as what they are not."""

from __future__ import annotations

import time

import pytest

from connector.sidecar.model import Wish
from connector.sidecar.reading import (
    MAX_BYTES,
    mail_end_above,
    read_orders,
    read_sidecar,
    read_wish,
    unknown_order,
    unread_order,
    without_orders,
)
from connector.sidecar.repair import repair

ONE = "signataires: Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78\n"
EACH = "signataires:\n  - prénom: Marie\n    nom: Dupont\n    e-mail: a@example.fr\n    téléphone: 06 12 34 56 78\n"
SHOWN = "        action: annuler\n"


def ordered(text: str) -> str:
    action = read_orders(text.encode())
    return action.wording if action is not None else ""


@pytest.mark.parametrize(
    "text",
    [
        ONE + SHOWN,
        ONE + "\n" + SHOWN,
        ONE + "\taction: annuler\n",
        ONE + "objet: Lettre\n" + SHOWN,
        ONE + "annexes:\n  - Tarifs.pdf\n" + SHOWN,
        ONE + 'message: "Bonjour"\n' + SHOWN,
        EACH + SHOWN,
        EACH + "    action: annuler\n",
        SHOWN + ONE,
        ONE + SHOWN + "        # tant pis\nnote: x\n",
        ONE + "action: relancer\n" + SHOWN,
        "  signataires: a@example.fr\n  objet: x\n" + SHOWN,
    ],
)
def test_an_order_pasted_with_its_blanks_is_one(text: str) -> None:
    """By the wording that it has at the edge, so that what was obeyed is not obeyed again."""
    assert ordered(text) == "cancel"
    assert unread_order(text.encode()) == ""


def test_the_word_on_sending_pasted_with_its_blanks() -> None:
    request = read_sidecar((EACH + "        envoi: oui\n").encode())
    assert request.send is Wish.SEND
    assert request.signatories[0].email == "a@example.fr"
    assert read_wish(b"contacts:\n  Marie: Marie Dupont <a@example.fr>\n        envoi: oui\n") is Wish.SEND


@pytest.mark.parametrize(
    "text",
    [
        ONE + "note: |\n  Pour l'arrêter :\n\n" + SHOWN,
        ONE + "message: >-\n" + SHOWN,
        ONE + "remarque: |  # la nôtre\n" + SHOWN,
        ONE + "message: 'Bonjour,\n" + SHOWN + "  à bientôt'\n",
        ONE + "# action: annuler\n",
        ONE + "message: Merci de signer cette\n  action avant lundi\n",
        ONE + "annexes:\n  - Action de groupe.pdf\n",
    ],
)
def test_a_text_orders_nothing(text: str) -> None:
    assert (ordered(text), unread_order(text.encode()), unknown_order(text.encode())) == ("", "", "")
    assert repair(text).count("action") == text.count("action")


@pytest.mark.parametrize(
    "above",
    [
        "note: S’il refuse :\n\n",
        "message: Bonjour,\n",
        "message:\n  Bonjour,\n",
        "Pour arrêter la demande :\n\n",
        "Pour arrêter la demande, écrivez dans « Lettre.sign.yaml » :\n\n",
        "- Pour l’arrêter, écrivez :\n\n",
        "Pour l’arrêter, demander à marie.dupont@example.fr :\n\n",
        "Si Marie (06 12 34 56 78) ne veut pas, ajouter :\n\n",
    ],
)
def test_what_may_be_a_text_is_answered_and_not_obeyed(above: str) -> None:
    assert ordered(ONE + above + SHOWN) == ""
    assert unread_order((ONE + above + SHOWN).encode()) == "action: annuler"


@pytest.mark.parametrize(
    ("below", "unread"),
    [
        ("- action: annuler\n", "- action: annuler"),
        ("actions: annuler\n", "actions: annuler"),
        ("aciton: annuler\n", "aciton: annuler"),
        ("action = annuler\n", "action = annuler"),
        ("action annuler\n", "action annuler"),
        ("        action: anuler\n", "action: anuler"),
        ("annuler\n", "annuler"),
        ("action:\nannuler\n", "annuler"),
        ("Cordialement,\naction: annuler\n", "action: annuler"),
        ("action: relancer\n- action: annuler\n", "- action: annuler"),
        ("action: relancer\nannuler\n", "annuler"),
        ("- action: annuler\naction: relancer\n", ""),
        ("n'importe quoi\naction: annuler\n", ""),
        ("section: Paie\n", ""),
        ("action:\n", ""),
        ("action:\n  - annuler\n", "- annuler"),
        ("action:\n\n- annuler\n# tant pis\n", "- annuler"),
        ("actions:\n  • annuler\n", "• annuler"),
        ("action:\n  - relancer\n  - annuler\nnote: x\n", "- annuler"),
        ("action:\nannexes:\n  - Tarifs.pdf\n", ""),
        ("action: [annuler]\n", "action: [annuler]"),
        ("<b>action: annuler</b>\n", "<b>action: annuler</b>"),
        ('<p class="x"><b>action</b>: annuler</p>\n', '<p class="x"><b>action</b>: annuler</p>'),
    ],
)
def test_what_was_meant_as_an_order_is_found(below: str, unread: str) -> None:
    """The last of several lines counts: what stands above one that is read is not answered any more."""
    assert unread_order((ONE + below).encode()) == unread


def test_one_in_the_middle_of_a_person_is_found() -> None:
    text = EACH.replace("    nom:", "    action: annuler\n    nom:")
    assert (ordered(text), unread_order(text.encode())) == ("", "action: annuler")
    assert repair(text).split("\n")[2] == '    action: "annuler"'


def test_the_last_of_two_is_no_order() -> None:
    assert unknown_order((ONE + "action: relancer\naction: anuler\n").encode()) == "anuler"


def test_a_request_without_what_was_meant_as_an_order() -> None:
    """It says what it said, so that nobody is told of a correction."""
    for line in (
        "- action: annuler",
        "actions: annuler",
        "action annuler",
        "<b>action: annuler</b>",
        SHOWN.rstrip(),
    ):
        assert without_orders(f"{ONE}{line}\n".encode()).decode() == ONE + "\n"
    assert without_orders(f"{ONE}action:\n  - annuler\nnote: x\n".encode()).decode() == ONE + "\n\nnote: x\n"


@pytest.mark.parametrize(
    ("below", "above"),
    [
        ("\nCordialement,\nClaire\naction: annuler\n", "Cordialement,"),
        ("--\naction: annuler\n", "--"),
        ("action: relancer\nBien à vous\n- action: annuler\n", "Bien à vous"),
        ("- action: annuler\nCordialement,\nClaire\n", ""),
        ("action: annuler\nCordialement,\nClaire\n", ""),
        ("Cordialement,\nClaire\n", ""),
        ("", ""),
    ],
)
def test_an_order_below_a_mails_end_is_no_order_and_the_end_is_named(below: str, above: str) -> None:
    data = (ONE + below).encode()
    assert mail_end_above(data) == above
    assert bool(unread_order(data)) == bool(above) or below.startswith("-")


def test_of_two_orders_pasted_the_first_is_not_obeyed_in_the_stead_of_the_last() -> None:
    """What the status offers is copied with the words between: the last one counts, and is asked about."""
    text = ONE + "        action: relancer\nou, pour arrêter la demande :\n        action: annuler\n"
    assert ordered(text) == ""
    assert unread_order(text.encode()) == "action: annuler"


@pytest.mark.parametrize("line", [b"- action:\n", b"- actoin:\n", b"action:\n", b"- -\n"])
def test_lists_of_orders_without_end_cost_little(line: bytes) -> None:
    """Each line may begin a list of all that follow: the largest such file is judged in seconds."""
    begun = time.process_time()
    unread_order(line * (MAX_BYTES // len(line)))
    assert time.process_time() - begun < 10
