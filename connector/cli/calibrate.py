"""``calibrate``: asks first, measures with a draft that is never sent, prints the lines to add to the configuration."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from datetime import UTC, datetime

import typer

from connector.cli.common import FAILED, Settings, agreed, one_of
from connector.cli.token_place import tokens_in
from connector.cli.wiring import contract_of, platform_secrets
from connector.doctor import telling
from connector.doctor.calibrated import yaml_lines
from connector.doctor.calibrating import Drafting
from connector.doctor.calibrating import calibrate as measure
from connector.doctor.knowing import know
from connector.doctor.lines import Level
from connector.doctor.running import Group
from connector.jesignexpert.client import HttpSigningService
from connector.jesignexpert.contract import Contract

_QUESTION = (
    "A draft is made at Jesignexpert in the name of account {account}, read back, and cancelled. It is never sent: "
    "nobody gets a mail, no credit is spent. Go on?"
)


def calibrate(settings: Settings, account: str, *, yes: bool, as_json: bool) -> int:
    """Measure one account. Returns 1 when something failed. The configuration is never edited."""
    config = settings.load()
    one_of(account, tuple(config.accounts), "account")
    agreed(_QUESTION.format(account=account), yes=yes)
    contract, state = contract_of(config), settings.place().directory
    known = know(config, state, digest=contract.digest)
    shortcut, secret = platform_secrets(config)
    # With --yes nobody is at the terminal to look at the site.
    look = None if yes or as_json or not sys.stdin.isatty() else _asked
    with ExitStack() as stack:
        made: list[HttpSigningService] = []

        def connect(measuring: Contract) -> Drafting:
            service = HttpSigningService(
                account,
                base_url=config.platform.url,
                shortcut=shortcut,
                secret=secret,
                tokens=tokens_in(config, settings.place()),
                now=lambda: datetime.now(UTC),
                contract=measuring,
                ca_file=config.platform.ca_file,
                proxy=config.platform.proxy,
            )
            stack.callback(service.close)
            made.append(service)
            return service

        measured = measure(
            contract,
            connect,
            owner=config.accounts[account].owner,
            sender=config.accounts[account].sender,
            now=datetime.now(config.zone),
            lived=known.lived.get(account, ()),
            drift_s=lambda: made[0].drift_s,
            look=look,
        )
    group = Group(name=account, slow="JSE-P11", lines=measured.lines)
    lines = yaml_lines(measured.settings)
    if as_json:
        told = telling.plain([group], datetime.now(config.zone))
        print(json.dumps({**told, "settings": measured.settings}, indent=2, ensure_ascii=False))
    else:
        for line in telling.text(group):
            print(line)
        _tell(lines, looked=look is not None)
    return FAILED if telling.number([group], Level.FAIL) else 0


def _asked(page: int, subject: str) -> str:
    if page == 1:
        print(f'On Jesignexpert\'s site, open the draft "{subject}" and look at its two pages.')
    answer: str = typer.prompt(
        f"Page {page}: the letter on which the signature's frame stands (Enter: not looked)",
        default="",
        show_default=False,
    )
    return answer


def _tell(lines: list[str], *, looked: bool) -> None:
    print("\nThe draft was never sent. Nothing was changed in the configuration.")
    if not looked:
        print("Where boxes stand was not looked at: run it at a terminal, without --yes.")
    if lines:
        print("Add to it, then jse-connector check-config:\n")
        print("\n".join(lines))
