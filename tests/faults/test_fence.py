"""One firm's folder spends no other firm's credit: two accounts on one server, and everything that tries to cross."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.guards import ServerMemory
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.lifecycle import State
from connector.passes import account_pass, server_pass
from connector.steps import waiting
from tests import documents
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, Mode, Stage

ANNECY = "Annecy"
HERE, THERE = "Cabinet Exemple", "Cabinet Annecy"
MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])


class TwoFirms(Stage):
    """``Lettres`` spends the credit of one firm, ``Annecy`` that of another; on Nextcloud one registry holds both."""

    def __init__(self, directory: Path, mode: Mode = "nextcloud", **options: Any) -> None:
        super().__init__(directory, mode, start=False, offices=[HERE, THERE], **options)
        self.person.mkdir(ANNECY)
        tokens = self.platform.office_tokens(THERE)
        TokenStore(self.state.directory / "tokens").save(
            "annecy", Tokens(office=tokens["office"], office_name=THERE, user=tokens["user"])
        )
        self.start()
        self.run()

    @property
    def config_text(self) -> str:
        text = super().config_text
        text = text.replace("accounts: {", "accounts: {annecy: {sender: Annecy, owner: o@annecy.fr}, ")
        more = f"folders: {{annecy: {{server: dms, path: /{ANNECY}/, account: annecy, send: live}}, "
        return text.replace("folders: {", more)

    def round(self) -> int:
        """The other account's pass as well."""
        return super().round() + account_pass(self.parts, "annecy").moved

    def spent(self) -> Counter[str]:
        """How many invitations each firm has paid for."""
        sent = self.platform.transactions()
        return Counter(view.office for view in sent for _ in range(view.sends))


@MODES
def test_a_request_names_the_account_of_another_firm(tmp_path: Path, mode: Mode) -> None:
    """In the request or in the settings above it: refused where it stands, for either firm."""
    with TwoFirms(tmp_path, mode) as stage:
        stage.drop(sidecar=ONE + "compte: annecy\n")
        stage.person.mkdir(f"{ANNECY}/Client")
        stage.write("_signature.yaml", "compte: cabinet\n", folder=f"{ANNECY}/Client")
        stage.drop(folder=f"{ANNECY}/Client")
        stage.run()
        assert "« annecy »" in stage.first_line().replace("\u00a0", " ")
        told = stage.status(folder=f"{ANNECY}/Client").replace("\u00a0", " ")
        assert "ce dossier ne permet pas d’utiliser le compte « cabinet »" in told
        assert stage.spent() == {}


@MODES
def test_a_request_is_moved_to_another_firm_before_it_leaves(tmp_path: Path, mode: Mode) -> None:
    """Shown in one firm's folder, let go in the other's: the other one pays, whose folder it is."""
    with TwoFirms(tmp_path, mode) as stage:
        stage.drop(sidecar=ONE + "envoi: non\n")
        stage.run()
        assert stage.record().account == "cabinet"
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.move(name, name, to_folder=ANNECY)
        stage.run()
        stage.write("lettre.sign.yaml", ONE + "envoi: oui\n", folder=ANNECY)
        stage.run()
        assert stage.record(folder=ANNECY).account == "annecy"
        assert stage.spent() == {THERE: 1}
        stage.intact()


@MODES
def test_a_request_that_is_out_is_moved_to_another_firm(tmp_path: Path, mode: Mode) -> None:
    """It stays the first firm's, comes home where it lies, and costs the second nothing; a new ask there is theirs."""
    with TwoFirms(tmp_path, mode) as stage:
        stage.drop()
        stage.run()
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.move(name, name, to_folder=ANNECY)
        stage.run()
        stage.sign()
        stage.run()
        if mode == "plain":
            # No file id tells whose it was, and equal bytes prove nothing between two firms: home is where it lay.
            assert stage.record().state is State.DELIVERED_BESIDE
            told = "À CONFIRMER – cette demande semble venir d’un autre dossier ; rien n’est parti d’ici"
            assert stage.first_line(folder=ANNECY) == told
        else:
            assert stage.record(folder=ANNECY).account == "cabinet"
            assert stage.record(folder=ANNECY).state is State.DELIVERED
        assert stage.spent() == {HERE: 1}
        stage.intact()


def test_what_was_moved_to_another_firm_is_put_back(tmp_path: Path) -> None:
    """Where no file id tells that it was moved: its status says how it is followed again, and there it is."""
    with TwoFirms(tmp_path, "plain") as stage:
        stage.drop()
        stage.run()
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.move(name, name, to_folder=ANNECY)
        stage.run()
        told = " ".join(stage.status(folder=ANNECY).replace("\u00a0", " ").split())
        assert (
            "Elle a été déplacée ? Remettez ses fichiers où ils étaient : elle y sera suivie comme avant."
            in told
        )
        assert ROOT not in told, "what is another firm's is not named"
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.move(name, name, folder=ANNECY, to_folder=ROOT)
        stage.run()
        stage.sign()
        stage.run()
        assert stage.record().state is State.DELIVERED
        assert stage.spent() == {HERE: 1}
        stage.intact()


@MODES
@pytest.mark.parametrize("order", ["", "action: recommencer\n", "action: déjà partie\n", "action: envoyer\n"])
def test_a_pair_is_copied_to_another_firm_with_its_order(tmp_path: Path, mode: Mode, order: str) -> None:
    """An order that came along with the files was given to another firm: the copy is told of, and does not leave."""
    with TwoFirms(tmp_path, mode) as stage:
        stage.drop()
        stage.run()
        stage.sign()
        stage.run()
        if order == "action: recommencer\n":
            stage.write("lettre.pdf", documents.letter(text="encore"))
        stage.write("lettre.sign.yaml", ONE + order)
        stage.run()
        spent = stage.spent()
        assert spent[THERE] == 0
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.copy(name, name, to_folder=ANNECY)
        stage.run()
        assert stage.spent() == spent
        assert not stage.first_line(folder=ANNECY).startswith("EN COURS"), stage.first_line(folder=ANNECY)


@MODES
def test_the_journal_is_lost_and_each_firm_takes_up_its_own(tmp_path: Path, mode: Mode) -> None:
    """Markers of two firms, in one registry or in two: what is out is followed by the account that paid for it."""
    with TwoFirms(tmp_path, mode) as stage:
        stage.drop("ici")
        stage.drop("là", folder=ANNECY)
        stage.run()
        assert stage.spent() == {HERE: 1, THERE: 1}
        stage.lose_journal()
        stage.run()
        assert stage.record("ici").account == "cabinet"
        assert stage.record("là", folder=ANNECY).account == "annecy"
        # The very same pair in the other firm's folder, with a journal that never saw it anywhere.
        for name in ("ici.pdf", "ici.sign.yaml"):
            stage.copy(name, name, to_folder=ANNECY)
        stage.run()
        assert stage.spent() == {HERE: 1, THERE: 1}


def test_nobody_is_known_to_another_firm(tmp_path: Path) -> None:
    """Whoever signed for one firm has no name and no mobile in the other's folder."""
    with TwoFirms(tmp_path) as stage:
        now = stage.clock.now()
        person = {
            "first_name": "Claire",
            "last_name": "Bernard",
            "name": "Claire Bernard",
            "phone": "+33698765432",
        }
        stage.parts.journal.remember("cabinet", CLAIRE, at=now, **person)
        for folder in (ROOT, ANNECY):
            stage.drop(sidecar=f"signataires: {CLAIRE}\n", folder=folder)
        stage.run()
        assert stage.first_line().startswith("EN COURS")
        told = stage.status(folder=ANNECY)
        assert told.startswith("À CORRIGER")
        assert "Bernard" not in told.replace(CLAIRE, "")
        assert stage.spent() == {HERE: 1}


def test_one_firm_is_held_and_braked_alone(tmp_path: Path) -> None:
    """The day's limit of one firm, and its pause, stop nothing of the other."""
    with TwoFirms(tmp_path, account={"max_sends_per_day": "1"}) as stage:
        for number in range(3):
            stage.drop(f"ici {number}", documents.letter(text=f"ici {number}"))
            stage.drop(f"là {number}", documents.letter(text=f"là {number}"), folder=ANNECY)
        stage.run()
        assert stage.spent() == {HERE: 1, THERE: 3}
        stage.parts.journal.hold("cabinet", waiting.MANUAL, probe_at=stage.clock.now() + timedelta(days=9))
        stage.drop("là encore", documents.letter(text="là encore"), folder=ANNECY)
        stage.run()
        assert stage.spent() == {HERE: 1, THERE: 4}
        stage.sign(MARIE)
        stage.run()
        assert [stage.record(f"là {n}", folder=ANNECY).state for n in range(3)] == [State.DELIVERED] * 3


class TwoLogins(TwoFirms):
    """One folder, watched twice: through two logins of one Nextcloud, which the configuration cannot tell."""

    def __init__(self, directory: Path) -> None:
        self.second = ServerMemory()
        super().__init__(directory, users={"signatures": "sandbox", "autre": "second"})

    @property
    def config_text(self) -> str:
        password = self.directory / "second"
        password.write_text("second")
        password.chmod(0o600)
        url = self.ground.url.replace("/signatures/", "/autre/")
        other = f"servers: {{autre: {{url: '{url}', user: autre, password: {{file: {password}}}}}, "
        text = super().config_text.replace("servers: {", other)
        return text.replace(f"server: dms, path: /{ANNECY}/", f"server: autre, path: /{ROOT}/")

    def round(self) -> int:
        moved = super().round()
        return moved + server_pass(self.parts, "autre", self.second).moved


def test_one_folder_is_watched_twice_for_two_firms(tmp_path: Path) -> None:
    """Through two logins: what one of them has seen is a copy to the other, and one firm alone pays, once."""
    with TwoLogins(tmp_path) as stage:
        stage.drop()
        stage.run()
        assert stage.spent().total() == 1
        stage.sign()
        stage.run()
        assert stage.spent().total() == 1
        assert {record.state for record in stage.records()} == {State.DELIVERED, State.UNCONFIRMED}
