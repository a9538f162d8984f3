"""The pages of the embedded Jesignexpert in a real Chromium: what people see there, and do by clicking and typing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from connector.sandbox.clock import SandboxClock
from connector.sandbox.platform import Authority, PlatformWorld, editor_side, serve_platform
from connector.sandbox.platform.model import Box
from tests import documents

CHROMIUM = Path("/usr/bin/chromium")
DRIVER = Path("/usr/bin/chromedriver")
SIMULATOR = "SIMULATEUR – sans valeur juridique – non affilié à ECMA"
MARIE = "marie.dupont@example.fr"
JEAN = "jean.martin@example.fr"
PEOPLE = {MARIE: ("Marie Dupont", "+33612345678"), JEAN: ("Jean Martin", "+33687654321")}
OFFICE = "Cabinet Exemple"
ACCEPT = "J'ai lu et j'accepte le document ci-dessus"
REASON = "Le montant des honoraires n'est pas celui convenu."
PAGES = 3
WIDE, PHONE = 1280, 390
PATIENCE_S = 20.0

pytestmark = pytest.mark.browser


class Eyes:
    """A browser and the person before it; every page that ``look`` sees must hold what all pages hold."""

    def __init__(self, chrome: Chrome, url: str) -> None:
        self.chrome = chrome
        self.url = url
        self.width = 0
        self.wide(WIDE)

    # -- seeing ----------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What stands on the page, hidden things left out."""
        return self.chrome.find_element(By.TAG_NAME, "body").text

    @property
    def title(self) -> str:
        return self.chrome.find_element(By.TAG_NAME, "h1").text

    def all(self, css: str) -> list[WebElement]:
        return self.chrome.find_elements(By.CSS_SELECTOR, css)

    def one(self, css: str) -> WebElement:
        return self.chrome.find_element(By.CSS_SELECTOR, css)

    def field(self, label: str) -> WebElement:
        """The field that ``label`` stands at."""
        found = self.chrome.find_element(By.XPATH, f'//label[normalize-space()="{label}"]')
        return self.chrome.find_element(By.ID, found.get_attribute("for") or "")

    def buttons(self) -> list[str]:
        return [button.text for button in self.all("button")]

    def look(self) -> None:
        """Check what holds of every page, at the width of a phone and of a desk."""
        self.check_words()
        before = self.width
        for width in (PHONE, WIDE):
            self.wide(width)
            self.check_width()
        self.wide(before)

    def check_words(self) -> None:
        """French, a simulator by its own words, and no error told by the browser."""
        assert self.one("html").get_attribute("lang") == "fr"
        assert SIMULATOR in self.text
        assert "SIMULATEUR" in self.chrome.title
        assert self.errors() == []

    def check_width(self) -> None:
        """Nothing to scroll sideways, and nothing that stands out of the page's frame."""
        assert self.js("return document.documentElement.scrollWidth") <= self.width, (self.title, self.width)
        script = """
            const right = it => it.getBoundingClientRect().right, edge = right(document.querySelector('main'));
            return [...document.querySelectorAll('main *')].filter(it => right(it) > edge).map(it => it.outerHTML)
        """
        assert self.js(script) == [], (self.title, self.width)

    def errors(self) -> list[str]:
        """What the browser complained of since the last look; it asks for an icon that the pages need not have."""
        told = [entry["message"] for entry in self.chrome.get_log("browser")]
        return [message for message in told if "/favicon.ico" not in message]

    def sees(self, element: WebElement) -> bool:
        """Whether the whole of ``element`` is within the window without scrolling."""
        script = (
            "const r = arguments[0].getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight"
        )
        return bool(self.js(script, element))

    def read_through(self) -> list[WebElement]:
        """Scroll from picture to picture, as a reader does, until each has come; return them."""
        pictures = self.all("img")
        for picture in pictures:
            self.js("arguments[0].scrollIntoView()", picture)
            self.until(lambda it=picture: self.js("return arguments[0].complete", it))
            assert self.js("return arguments[0].naturalWidth", picture) > 0
            assert self.js("return arguments[0].naturalHeight", picture) > 0
        return pictures

    # -- doing -----------------------------------------------------------------------------------------

    def open(self, path: str) -> None:
        self.chrome.get(self.url + path)

    def follow(self, link: str) -> None:
        self.leave(self.chrome.find_element(By.LINK_TEXT, link))

    def press(self, button: str) -> None:
        self.leave(next(one for one in self.all("button") if one.text == button))

    def leave(self, element: WebElement) -> None:
        """Click what leads to another page, and wait for that."""
        before = self.js("return performance.timeOrigin")
        element.click()
        loaded = "return [performance.timeOrigin, document.readyState]"
        self.until(lambda: (now := self.js(loaded))[0] != before and now[1] == "complete")

    def press_in_vain(self, button: str) -> None:
        """Click a button that must do nothing because the browser holds the form back."""
        before = self.js("return performance.timeOrigin")
        next(one for one in self.all("button") if one.text == button).click()
        time.sleep(0.2)
        assert self.js("return performance.timeOrigin") == before

    def wide(self, width: int) -> None:
        """Make the window ``width`` pixels wide: a phone's when narrow."""
        self.width, phone = width, width == PHONE
        size = {
            "width": width,
            "height": 844 if phone else 900,
            "deviceScaleFactor": 2 if phone else 1,
            "mobile": phone,
        }
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def js(self, script: str, *arguments: Any) -> Any:
        return self.chrome.execute_script(script, *arguments)

    def until(self, holds: Callable[[], bool]) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < give_up, f"in vain: {self.chrome.current_url}\n{self.text}"
            time.sleep(0.02)

    # -- the outbox ------------------------------------------------------------------------------------

    def outbox(self) -> list[list[str]]:
        """Open the outbox and return what its table reads, newest first."""
        self.open("sandbox/outbox")
        return [[cell.text for cell in row.find_elements(By.TAG_NAME, "td")] for row in self.all("tbody tr")]

    def open_mail(self, to: str) -> None:
        """Click the link of the newest e-mail to ``to``."""
        rows = self.outbox()
        self.leave(self.all("tbody tr")[_newest(rows, to)].find_element(By.PARTIAL_LINK_TEXT, self.url))

    def code(self, to: str) -> str:
        """Read the newest code in the outbox, in another tab; the page in this one stays."""
        here = self.chrome.current_window_handle
        self.chrome.switch_to.new_window("tab")
        rows = self.outbox()
        found = rows[_newest(rows, to)][4]
        self.chrome.close()
        self.chrome.switch_to.window(here)
        return found


def _newest(rows: list[list[str]], to: str) -> int:
    return next(number for number, row in enumerate(rows) if row[2] == to)


def _right(element: WebElement) -> float:
    return float(element.rect["x"] + element.rect["width"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def world(tmp_path: Path, authority: Authority) -> Iterator[PlatformWorld]:
    offices = (OFFICE, "Cabinet Second")
    world = PlatformWorld(tmp_path / "platform", clock=SandboxClock(), authority=authority, offices=offices)
    with serve_platform(world):
        yield world


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One browser for the module: the pages set no cookie, and every test has a server of its own."""
    need_chromium()
    profile = tmp_path_factory.mktemp("chromium")
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for word in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        f"user-data-dir={profile}",
    ):
        options.add_argument(f"--{word}")
    # A PDF is saved rather than shown: what came can then be compared.
    options.add_experimental_option("prefs", {"plugins.always_open_pdf_externally": True})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "localhost,127.0.0.1")
        chrome = Chrome(options=options, service=Service(executable_path=str(DRIVER)))
        try:
            yield chrome
        finally:
            chrome.quit()
            assert left_running(profile) == []


@pytest.fixture
def eyes(chrome: Chrome, world: PlatformWorld) -> Eyes:
    chrome.get("about:blank")
    chrome.get_log("browser")
    return Eyes(chrome, world.url)


def need_chromium() -> None:
    """Skip without Chromium, but not in CI: there it must have been installed."""
    if not (CHROMIUM.exists() and DRIVER.exists()):
        if os.environ.get("CI") == "true":
            pytest.fail("chromium or chromium-driver is not installed")
        pytest.skip("chromium or chromium-driver is not installed")


def left_running(profile: Path) -> list[str]:
    """What still works with ``profile`` or for this process after a grace of some seconds."""
    give_up = time.monotonic() + 5
    while True:
        found = []
        for process in psutil.process_iter(["cmdline", "status"]):
            line = process.info["cmdline"] or []
            if process.info["status"] != psutil.STATUS_ZOMBIE and any(str(profile) in part for part in line):
                found.append(" ".join(line))
        children = [child.name() for child in psutil.Process().children() if "chrom" in child.name()]
        if not found + children or time.monotonic() > give_up:
            return found + children
        time.sleep(0.05)


def launched(world: PlatformWorld, *emails: str) -> str:
    """A collecte that has been sent: a letter of three pages, one box each on the last."""
    body = {
        "object": "Lettre de mission 2026",
        "message": "Merci de lire et de signer cette lettre.",
        "mailSender": OFFICE,
        "mailSubject": "Votre lettre de mission",
        "notification": "ALL",
        "invitationMode": "sequential",
    }
    record = world.act(editor_side.create, OFFICE, body)
    boxes = [Box(rank + 1, 50, 700 - 60 * rank, -1, True) for rank in range(len(emails))]
    letter = documents.letter(PAGES)
    world.act(editor_side.upload, record, 1, "Lettre de mission DUPONT.pdf", letter, boxes)
    for email in emails:
        name, phone = PEOPLE[email]
        world.act(
            editor_side.add_signatory, record, {"email": email, "name": name, "phone": phone, "level": 1}
        )
    world.act(editor_side.send, record)
    return record.id


def test_a_signatory_reads_accepts_and_signs_on_a_phone(eyes: Eyes, world: PlatformWorld) -> None:
    """From the mail to « Signature enregistrée », each step only after the one before, always with it in sight."""
    collecte = launched(world, MARIE, JEAN)
    eyes.wide(PHONE)
    eyes.open("sandbox/outbox")
    eyes.check_words()
    assert eyes.title == "E-mails et SMS"
    eyes.open_mail(MARIE)
    assert eyes.title == "Lettre de mission 2026"
    for words in ("Bonjour Marie Dupont, Cabinet Exemple vous invite", "Merci de lire et de signer"):
        assert words in eyes.text

    pictures = eyes.read_through()
    names = [f"Lettre de mission DUPONT.pdf, page {number} sur {PAGES}" for number in range(1, PAGES + 1)]
    assert [picture.get_attribute("alt") for picture in pictures] == names
    tops = [picture.rect["y"] for picture in pictures]
    assert tops == sorted(tops)
    assert all(picture.rect["width"] > 0.8 * PHONE for picture in pictures)
    box = eyes.field(ACCEPT)
    assert box.rect["y"] >= tops[-1] + pictures[-1].rect["height"]
    assert (box.is_displayed(), box.is_selected()) == (True, False)
    assert eyes.buttons() == ["Recevoir le code par SMS"]
    assert eyes.text.endswith(f"{ACCEPT}\nRecevoir le code par SMS")
    eyes.look()

    eyes.press_in_vain("Recevoir le code par SMS")
    assert len(eyes.outbox()) == 1
    eyes.open_mail(MARIE)
    eyes.field(ACCEPT).click()
    eyes.press("Recevoir le code par SMS")
    assert eyes.sees(eyes.field("Code reçu par SMS"))
    assert "au numéro se terminant par 78." in eyes.text
    assert eyes.buttons() == ["Signer"]
    assert eyes.sees(eyes.one("button"))
    eyes.look()
    eyes.press_in_vain("Signer")

    code = eyes.code("+33612345678")
    assert len(code) == 6
    eyes.field("Code reçu par SMS").send_keys(code[::-1] if code != code[::-1] else "wrong")
    eyes.press("Signer")
    assert "Ce code n'est pas le bon." in eyes.one("[role=alert]").text
    assert eyes.sees(eyes.one("[role=alert]"))
    assert eyes.sees(eyes.field("Code reçu par SMS"))
    assert [message for message in eyes.errors() if "400 (Bad Request)" not in message] == []
    eyes.look()
    assert world.transaction(collecte).signatories[0].status == "code-sent"

    eyes.field("Code reçu par SMS").send_keys(code)
    eyes.press("Signer")
    assert eyes.title == "Signature enregistrée"
    assert "Marie Dupont, votre signature de « Lettre de mission 2026 »" in eyes.text.replace("\xa0", " ")
    assert "quand tous auront signé" in eyes.text
    eyes.look()
    assert [person.status for person in world.transaction(collecte).signatories] == ["signed", "ready"]
    eyes.open_mail(MARIE)
    assert "Vous avez signé. Merci." in eyes.text
    assert eyes.buttons() == []
    eyes.look()


def test_the_second_signatory_refuses_with_a_reason(eyes: Eyes, world: PlatformWorld) -> None:
    """A refusal wants its reason, says what it entails before and after, and leaves nothing to sign."""
    collecte = launched(world, MARIE, JEAN)
    world.person_signs(collecte, MARIE)
    eyes.open_mail(JEAN)
    assert eyes.sees(eyes.chrome.find_element(By.LINK_TEXT, "Refuser de signer"))
    eyes.follow("Refuser de signer")
    assert "met fin à la collecte pour tous les signataires" in eyes.text
    eyes.look()
    eyes.press_in_vain("Refuser de signer")
    eyes.follow("Revenir au document")
    assert len(eyes.read_through()) == PAGES
    eyes.follow("Refuser de signer")
    eyes.field("Motif du refus").send_keys(REASON)
    eyes.press("Refuser de signer")
    assert eyes.title == "Refus enregistré"
    assert "La collecte a pris fin et le cabinet en est informé." in eyes.text
    eyes.look()
    assert world.transaction(collecte).signatories[1].refusal_reason == REASON
    eyes.open_mail(JEAN)
    assert "Un signataire a refusé" in eyes.text
    assert (eyes.buttons(), eyes.all("img")) == ([], [])
    eyes.look()


def test_the_last_mail_leads_to_the_signed_document(eyes: Eyes, world: PlatformWorld, tmp_path: Path) -> None:
    """The last signatory learns that all have signed, and a click on the last mail's page saves the signed PDF."""
    collecte = launched(world, MARIE)
    eyes.open_mail(MARIE)
    eyes.field(ACCEPT).click()
    eyes.press("Recevoir le code par SMS")
    eyes.field("Code reçu par SMS").send_keys(eyes.code("+33612345678"))
    eyes.press("Signer")
    assert "Tous les signataires ont signé" in eyes.text
    assert world.transaction(collecte).status == "completed"
    eyes.open_mail(MARIE)
    assert eyes.title == "Document signé"
    eyes.look()
    saved = tmp_path / "downloads"
    where = {"behavior": "allow", "downloadPath": str(saved)}
    eyes.chrome.execute_cdp_cmd("Browser.setDownloadBehavior", where)
    eyes.chrome.find_element(By.LINK_TEXT, "Lettre de mission DUPONT.pdf").click()
    # Chromium makes the file before it has what belongs in it.
    eyes.until(lambda: any(file.suffix == ".pdf" and file.stat().st_size for file in saved.glob("*")))
    assert next(saved.glob("*.pdf")).read_bytes().count(b"/ByteRange") == 1


def test_somebody_of_the_firm_logs_in(eyes: Eyes, world: PlatformWorld) -> None:
    """The login page takes an address, shows no password, offers the offices, and says when all is done."""
    request = "demande-de-connexion"
    world.act(lambda context: context.account.begin(request, ""))
    eyes.open(f"connexion/{request}")
    assert eyes.title == "Connexion au compte du cabinet"
    eyes.look()
    eyes.press_in_vain("Se connecter")
    assert eyes.field("Votre mot de passe (le simulateur accepte tout)").get_attribute("type") == "password"
    eyes.field("Votre adresse e-mail").send_keys("claire.expert")
    eyes.press_in_vain("Se connecter")
    eyes.field("Votre adresse e-mail").send_keys("@cabinet.example")
    office = Select(eyes.field("Cabinet"))
    assert [option.text for option in office.options] == [OFFICE, "Cabinet Second"]
    office.select_by_visible_text("Cabinet Second")
    eyes.press("Se connecter")
    assert eyes.title == "Connexion réussie"
    assert "connecté pour « Cabinet Second »" in eyes.text.replace("\xa0", " ")
    eyes.look()
    assert world.act(lambda context: context.account.fetch(request))["office"]["name"] == "Cabinet Second"


def test_the_first_page_leads_to_the_outbox(eyes: Eyes) -> None:
    """Whoever opens the bare address learns what this is and finds the mails, none as yet."""
    eyes.open("")
    assert "Rien de ce qui est signé ici n'a de valeur" in eyes.text
    eyes.look()
    eyes.follow("Voir les e-mails et les SMS")
    assert "Aucun message pour le moment." in eyes.text
    eyes.look()


def test_the_outbox_fits_its_frame(eyes: Eyes, world: PlatformWorld) -> None:
    """The outbox's addresses, links and dates stand within the page's frame at both widths."""
    launched(world, MARIE)
    assert len(eyes.outbox()) == 1
    eyes.look()
