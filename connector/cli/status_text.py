"""What ``status`` prints for people: the JSON of ``status_gather``, in lines that fit the terminal.

Source: ux page section 6.4.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from connector.cli.processes import rows
from connector.metrics.health import told as span

_COLUMNS: Final = ("waiting", "to correct", "in progress", "signed 30d", "refused/expired")
_NEVER_IN_PREVIEW: Final = frozenset({"in progress", "signed 30d", "refused/expired"})
_REASONS: Final[Mapping[str, str]] = {
    "tokens": "not connected",
    "no_credit": "no credit left",
    "no_right": "a right is missing",
    "maintenance": "maintenance",
    "rate_limit": "asked too often",
    "contract": "cannot be followed",
    "unanswered": "send not answered",
    "clock": "clock is off",
    "no_room": "disk is full",
    "manual": "paused by hand",
}
_CURED: Final[Mapping[str, str]] = {
    "no_credit": "recharge the firm's account",
    "no_right": "see Jesignexpert's delegations",
    "clock": "set this machine's clock",
    "no_room": "make room on the disk",
    "contract": "see docs/platform.md",
}
_DAY: Final = re.compile(r"\b(\d\d) ([A-Z][a-z]{2})\b")
"""A day, which is not torn at the end of a line."""
_LEAST_WIDTH: Final = 60


def lines(told: Mapping[str, Any], zone: ZoneInfo, width: int) -> Iterator[str]:
    """Yield every line. ``told`` is the mapping that ``--json`` prints; ``width``: of the terminal, in columns."""
    page = _Page(told, zone, max(width, _LEAST_WIDTH))
    yield from page.head()
    yield ""
    yield from page.folders()
    for title, found_rows in (
        ("connectors", page.connectors()),
        ("needs a person", page.persons()),
        ("told in the folder, nothing for you to do", page.in_folder()),
        ("soon", page.soon()),
        ("today", page.today()),
    ):
        found = list(found_rows)
        if found:
            yield title
            yield from found


def summary(told: Mapping[str, Any], zone: ZoneInfo) -> str:
    """One line on how things stand."""
    counted = [
        f"{sum(folder[column] for folder in told['folders'].values())} {column}" for column in _COLUMNS[:3]
    ]
    return f"{_Page(told, zone, 80).last_pass()}; {', '.join(counted)}"


@dataclass(frozen=True)
class _Row:
    """Something that needs a person: (name, what, where or why, since when), the cure, perhaps its file."""

    told: tuple[str, str, str, str | None]
    cure: str
    file: str = ""


class _Page:
    """Lines of one status."""

    def __init__(self, told: Mapping[str, Any], zone: ZoneInfo, width: int) -> None:
        self._told, self._zone, self._width = told, zone, width
        self._now = datetime.fromisoformat(told["at"])

    # ------------------------------------------------------------------------------------- moments

    def at(self, moment: str) -> str:
        """The time of today, else the day."""
        when, today = datetime.fromisoformat(moment).astimezone(self._zone), self._now.astimezone(self._zone)
        if when.date() == today.date():
            return f"{when:%H:%M}"
        return f"{when:%d %b}" if when.year == today.year else f"{when:%d %b %Y}"

    def exactly(self, moment: str) -> str:
        when = datetime.fromisoformat(moment).astimezone(self._zone)
        year = "" if when.year == self._now.astimezone(self._zone).year else " %Y"
        return format(when, f"%d %b{year} %H:%M")

    def day(self, moment: str) -> str:
        return f"{datetime.fromisoformat(moment).astimezone(self._zone):%d %b}"

    def _from_now(self, moment: str) -> str:
        return span(datetime.fromisoformat(moment) - self._now)

    def _ago(self, moment: str) -> str:
        return span(self._now - datetime.fromisoformat(moment))

    # ---------------------------------------------------------------------------------------- head

    def head(self) -> Iterator[str]:
        """The service itself, on one line."""
        service = self._told["service"]
        if service["running"] and service["kind"] == "run":
            begun = f"up since {self.exactly(service['up_since'])}" if service["up_since"] else "up"
            yield f"{begun} - {self.last_pass()}"
        elif service["kind"] == "tick":
            yield f"run by a timer - {self.last_pass()}"
        elif service["running"]:
            yield "running, and has told nothing of itself yet"
        else:
            yield f"not running - {self.last_pass()}"

    def last_pass(self) -> str:
        """When the last pass was, how long it took, when the next is."""
        servers = [one for one in self._told["servers"].values() if one["passed_at"] or one["looked_at"]]
        if not servers:
            return "no pass yet"
        last = max(servers, key=lambda one: str(one["passed_at"] or one["looked_at"]))
        said = f"last pass {self._ago(last['passed_at'] or last['looked_at'])} ago"
        if last["took_s"] is not None:
            said += f", took {last['took_s']:.1f} s"
        due = sorted(one["next_at"] for one in servers if one["next_at"])
        if due and self._told["service"]["running"]:
            said += f" - next in {self._from_now(due[0])}"
        return said

    # ------------------------------------------------------------------------------------- folders

    def folders(self) -> Iterator[str]:
        """The table; on a narrow terminal closer together, and long names on lines of their own."""
        folders = self._told["folders"]
        first = max(len("folder"), *(len(name) for name in folders)) + 2
        columns = [(column, max(len(column), 7)) for column in _COLUMNS]
        numbers = sum(wide for _, wide in columns)
        apart = 2 if first + 9 + numbers + 2 * (len(columns) - 1) <= self._width else 1
        own_lines = first + 9 + numbers + len(columns) - 1 > self._width
        first = 8 if own_lines else first

        def row(name: str, send: str, cells: Iterable[str]) -> str:
            told = (" " * apart).join(
                f"{cell:>{wide}}" for cell, (_, wide) in zip(cells, columns, strict=True)
            )
            return f"{name:<{first}}{send:<9}{told}"

        yield row("folder", "send", _COLUMNS)
        for name, folder in folders.items():
            if own_lines:
                yield name
            yield row(
                "" if own_lines else name, folder["send"], (_cell(folder, column) for column in _COLUMNS)
            )
        yield ""

    def connectors(self) -> Iterator[str]:
        """Who else works on this journal, and on what."""
        for line in rows(self._told.get("connectors")):
            yield from self._wrapped(line)

    # ------------------------------------------------------------------------------------- persons

    def persons(self) -> Iterator[str]:
        """Who has to decide what, with the command for it."""
        for each in self._told["service"]["ailments"]:
            yield from self._wrapped(each["text"])
        yield from self._aligned(
            [*self._configuration(), *self._requests(), *self._accounts(), *self._servers()]
        )
        yield from self._of_folders()

    def _configuration(self) -> Iterator[_Row]:
        told = self._told["configuration"]
        if told["refused"]:
            said = told["refused"][0] + (f" and {more} more" if (more := len(told["refused"]) - 1) else "")
            yield _Row(("file", "config", "refused", told["since"]), "jse-connector check-config", said)
        if told["needs_restart"]:
            keys = f"takes effect at the next start: {', '.join(told['needs_restart'])}"
            yield _Row(("file", "config", "changed", None), "systemctl restart jse-connector", keys)
        if told["unwatched"]:
            gone = f"no longer in it, with open requests: {', '.join(told['unwatched'])}"
            yield _Row(("file", "config", "lacks", None), "jse-connector check-config", gone)

    def _requests(self) -> Iterator[_Row]:
        for row in self._told["needs_a_person"]:
            # Why it is held decides what to do; of the others the reason is for whoever has room for it.
            told = row["reason"] and (self._width >= 110 or row["state"] == "held")
            reason = f" ({row['reason']})" if told else ""
            state = row["state"].replace("_", " ") + reason
            yield _Row((row["ref"], state, row["folder"], row["since"]), row["command"], row.get("file", ""))

    def _accounts(self) -> Iterator[_Row]:
        for name, account in self._told["accounts"].items():
            hold = account["held"]
            if hold is not None:
                why = _REASONS.get(hold["cause"], hold["cause"].replace("_", " "))
                cure = hold["command"] or _CURED.get(hold["cause"], "ends by itself")
                yield _Row((name, "account", why, hold["since"]), cure)
            elif account["connected"] is False:
                yield _Row((name, "account", "not connected", None), f"jse-connector connect {name} --mail")

    def _servers(self) -> Iterator[_Row]:
        for name, server in self._told["servers"].items():
            if server["reason"] is not None:
                refused = server["reason"] == "login_refused"
                cure = f"jse-connector connect {name}" if refused else "jse-connector doctor"
                yield _Row((name, "server", server["reason"].replace("_", " "), server["since"]), cure)

    def _aligned(self, rows: Sequence[_Row]) -> Iterator[str]:
        """Yield rows below each other; a command that does not fit follows on a line of its own."""
        told = [
            (row, (*row.told[:3], f"since {self.at(row.told[3])}" if row.told[3] else "")) for row in rows
        ]
        wide = [max((len(str(cells[rank])) for _, cells in told), default=0) for rank in range(4)]
        for row, cells in told:
            left = "  " + "  ".join(f"{cell:<{wide[rank]}}" for rank, cell in enumerate(cells))
            if len(left) + 2 + len(row.cure) <= self._width:
                yield f"{left}  {row.cure}"
            else:
                yield left.rstrip()
                yield f"{'':<{wide[0] + 4}}{row.cure}"
            if row.file:
                yield from self._wrapped(row.file, wide[0] + 4)

    def _of_folders(self) -> Iterator[str]:
        for name, one in self._told["folders"].items():
            if one["trouble"]:
                yield from self._wrapped(f"folder {name}  rests: {one['trouble']}")
            if one["strange_markers"]:
                text = f"{one['strange_markers']} markers in its registry are not its own or cannot be read"
                yield from self._wrapped(f"folder {name}  {text}")

    # ------------------------------------------------------------------------------------ the rest

    def in_folder(self) -> Iterator[str]:
        """What people were told where they work."""
        told = self._told["told_in_the_folder"]
        kinds = f" ({', '.join(list(told['kinds'])[:5])})" if told["kinds"] else ""
        words = (
            (told["rejected"], f"to correct{kinds}"),
            (told["waiting_pdf"], "waits for its PDF" if told["waiting_pdf"] == 1 else "wait for their PDF"),
            (told["unconfirmed"], "to be confirmed (copies)"),
            (told["previewed"], "shown, waiting for a word"),
        )
        found = ", ".join(f"{count} {what}" for count, what in words if count)
        if found:
            yield from self._wrapped(found)

    def soon(self) -> Iterator[str]:
        """What ends, by its day."""
        rows: list[tuple[str, str, str]] = []
        for name, account in self._told["accounts"].items():
            if account["login_ends_at"]:
                ends = datetime.fromisoformat(account["login_ends_at"])
                over = ends <= self._now
                what = f"login of account {name} {'has ended' if over else 'ends'}"
                rows.append((account["login_ends_at"], what, f"jse-connector connect {name} --mail"))
        for one in self._told["soon"]["expire"]:
            count = one["requests"]
            what = "1 request expires" if count == 1 else f"{count} requests expire"
            rows.append((f"{one['day']}T23:59:59+00:00", what, _reminded(one)))
        for moment, what, more in sorted(rows):
            yield from self._dated(_day(moment, self._zone), what, more)
        yield from self._not_delivered()

    def _not_delivered(self) -> Iterator[str]:
        returning = self._told["not_delivered"]
        before = self.day(self._told["nothing_erased_before"])
        if not returning["signed"]:
            yield from self._dated(
                "none", f"signed but not delivered; nothing is erased by Jesignexpert before {before}", ""
            )
            return
        text = (
            f"{returning['signed']} signed but not delivered, {returning['not_here']} of them not fetched yet"
        )
        yield from self._dated("now", text, "")
        if returning["erased_from"]:
            day = self.day(returning["erased_from"])
            yield from self._dated(day, "the first of those is erased by Jesignexpert", "")

    def _dated(self, day: str, what: str, more: str) -> Iterator[str]:
        left = f"  {day:<8} {what:<32}" if more else f"  {day:<8} {what}"
        if more and len(left) + 1 + len(more) <= self._width:
            yield f"{left} {more}"
            return
        yield from self._wrapped(left.strip(), 2, 11)
        if more:
            yield f"{' ' * 11}{more}"

    def today(self) -> Iterator[str]:
        """What left, and what was asked of the DMS."""
        sends = [
            f"{name} {account['sends_today']}" + f" of {account['max_sends_per_day']} sends"
            for name, account in self._told["accounts"].items()
        ]
        servers = self._told["servers"]
        asked = ", ".join(f"{one['requests_today']} ({name})" for name, one in servers.items())
        refused = sum(one["refused_logins_today"] for one in servers.values())
        yield from self._wrapped(
            "; ".join([*sends, f"DMS requests {asked}", f"{refused} refused login{'s' * (refused != 1)}"])
        )

    def _wrapped(self, text: str, indent: int = 2, hanging: int | None = None) -> Iterator[str]:
        found = textwrap.wrap(
            _DAY.sub("\\1\u00a0\\2", text),
            self._width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + 2 if hanging is None else hanging),
            break_on_hyphens=False,
        )
        for line in found:
            yield line.replace("\u00a0", " ")


def _cell(folder: Mapping[str, Any], column: str) -> str:
    count = folder[column]
    if not count and folder["send"] == "preview" and column in _NEVER_IN_PREVIEW:
        return "-"
    return str(count)


def _reminded(one: Mapping[str, Any]) -> str:
    if not one["reminded"]:
        return "nobody reminded yet"
    return "reminders sent" if one["reminded"] == one["requests"] else f"{one['reminded']} reminded"


def _day(moment: str, zone: ZoneInfo) -> str:
    if moment.endswith("T23:59:59+00:00"):
        return f"{date.fromisoformat(moment[:10]):%d %b}"
    return f"{datetime.fromisoformat(moment).astimezone(zone):%d %b}"
