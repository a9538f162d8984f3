"""What holds between the parts of the file: names that must exist, folders that must not overlap, brakes that brake.

Judged on the file as written, so that one fault elsewhere hides none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

from connector.config import values
from connector.config.journal import journal_problems
from connector.config.tree import Tree
from connector.errors import ConfigurationProblem
from connector.text_yaml import Scalar, Sequence

HARDLY_A_BRAKE: Final = 1000
"""Sends a day of one account beyond which the limit stops no accident."""

_TIMES: Final = {
    "policy.quiet_hours": values.hours,
    "folders.*.policy.quiet_hours": values.hours,
    "mail.digest": values.clock_time,
}
_STRICTER: Final = {
    "same_phone": ("warn", "refuse"),
    "drop_folder": ("allow", "refuse"),
    "public_links": ("allow", "refuse"),
}
_ORIGIN: Final = re.compile("^https?://", re.IGNORECASE)
_LIKE_A_KEY: Final = re.compile(r"(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}")
_BRAKES: Final = ("max_sends_per_hour", "max_sends_per_day")
NEXTCLOUD_FILES: Final = "/remote.php/dav/files/"
"""In the url of a Nextcloud login: the one server that tells whose a file is, and of public links."""


def across(tree: Tree) -> Iterator[ConfigurationProblem]:
    """Every problem and warning between the parts of the file."""
    yield from _names(tree)
    yield from _accounts_of_folders(tree)
    yield from _servers_of_folders(tree)
    yield from _overlaps(tree)
    yield from _looser(tree)
    yield from _untold_owners(tree)
    yield from _both_ways(tree)
    yield from _unquoted_times(tree)
    yield from _never_quiet(tree)
    yield from _unused(tree)
    yield from _brakes(tree)
    yield from _clear_text(tree)
    yield from _mails(tree)
    yield from _keys_in_urls(tree)
    yield from _old_address(tree)
    yield from journal_problems(tree)


def _names(tree: Tree) -> Iterator[ConfigurationProblem]:
    servers = set(tree.names("servers"))
    for name in tree.names("accounts"):
        if name in servers:
            text = f'servers.{name} has the same name: "connect {name}" would not know which. Rename one.'
            yield tree.problem(("accounts", name), text)


def _unknown(kind: str, name: str, known: list[str]) -> str:
    listed = ", ".join(sorted(known)) or "none"
    return f'no such {kind}: "{name}"{values.nearest(name, set(known))} Known: {listed}.'


def _accounts_of_folders(tree: Tree) -> Iterator[ConfigurationProblem]:
    known = tree.names("accounts")
    for folder in tree.names("folders"):
        here = tree.names("folders", folder)
        if not here:
            continue
        if "account" in here and "accounts" in here:
            text = "account and accounts: keep one. In accounts, the first is the default."
            yield tree.problem(("folders", folder, "accounts"), text)
        if "account" not in here and "accounts" not in here:
            yield tree.problem(
                ("folders", folder, "account"), "is missing: whose credit do its requests spend?"
            )
        if isinstance(tree.node(("folders", folder, "account")), Sequence):
            yield tree.problem(("folders", folder, "account"), "several: write  accounts: [first, second]")
        seen = set()
        for key in ("account", "accounts"):
            for name in tree.texts("folders", folder, key):
                if name and name not in known:
                    yield tree.problem(("folders", folder, key), _unknown("account", name, known))
                if name in seen:
                    yield tree.problem(("folders", folder, key), f'"{name}" stands there twice.')
                seen.add(name)


def _servers_of_folders(tree: Tree) -> Iterator[ConfigurationProblem]:
    known = tree.names("servers")
    for folder in tree.names("folders"):
        name = tree.text("folders", folder, "server")
        if name and name not in known:
            yield tree.problem(("folders", folder, "server"), _unknown("server", name, known))


@dataclass(frozen=True)
class _Place:
    folder: str
    url: str
    path: str

    @property
    def below(self) -> tuple[str, str]:
        """Host and path such that whatever lies inside begins with it, and sorts right behind it.

        One server may be written with a longer url and a shorter path.
        """
        origin, slash, path = _ORIGIN.sub("", self.url).partition("/")
        whole = "/".join(part for part in (unquote(slash + path) + "/" + self.path).split("/") if part)
        return origin.lower(), whole + "/" if whole else ""


def _overlaps(tree: Tree) -> Iterator[ConfigurationProblem]:
    """One folder inside another, or the same twice, on one host."""
    places = []
    for folder in tree.names("folders"):
        server, path = tree.text("folders", folder, "server"), tree.text("folders", folder, "path")
        if server and path:
            places.append(_Place(folder, tree.text("servers", server, "url") or server, path))
    outer: _Place | None = None
    for inner in sorted(places, key=lambda place: place.below):
        (url, path), (outer_url, outer_path) = inner.below, outer.below if outer else ("", "")
        if outer is None or url != outer_url or not path.startswith(outer_path):
            outer = inner
            continue
        text = (
            f'"{outer.path}" {"contains" if path != outer_path else "is the same as"} '
            f"folders.{inner.folder} ({inner.path}): each of its requests would be found twice. "
            "Watch one of the two."
        )
        yield tree.problem(("folders", outer.folder, "path"), text)


def _looser(tree: Tree) -> Iterator[ConfigurationProblem]:
    """A folder may tighten the policy, never loosen it."""
    for folder in tree.names("folders"):
        for key, order in _STRICTER.items():
            own = tree.text("folders", folder, "policy", key)
            common = tree.text("policy", key) or order[-1]
            if own in order and common in order and order.index(own) < order.index(common):
                text = f'"{own}" is looser than policy.{key}: {common}. A folder can only tighten.'
                yield tree.problem(("folders", folder, "policy", key), text)
        for brake in _BRAKES:
            most, wanted = tree.number("policy", brake), tree.number("folders", folder, "policy", brake)
            if most is not None and wanted is not None and wanted > most:
                text = f'"{wanted}" is looser than policy.{brake}: {most}. A folder can only tighten.'
                yield tree.problem(("folders", folder, "policy", brake), text)
        for key, form in (("owners", str), ("allow_domains", values.ascii_domain)):
            named = {form(one) for one in tree.texts("policy", key)}
            for one in tree.texts("folders", folder, "policy", key):
                if named and form(one) not in named:
                    text = f'"{one}" is not in policy.{key}. A folder can only tighten.'
                    yield tree.problem(("folders", folder, "policy", key), text)
        common_levels = tree.texts("policy", "levels") or ["simple"]
        for level in tree.texts("folders", folder, "policy", "levels"):
            if level not in common_levels:
                text = f'"{level}" is not in policy.levels. A folder can only tighten.'
                yield tree.problem(("folders", folder, "policy", "levels"), text)


def _untold_owners(tree: Tree) -> Iterator[ConfigurationProblem]:
    """Owners are asked for where the server tells none: nothing could ever leave from there."""
    common = bool(tree.texts("policy", "owners"))
    for folder in tree.names("folders"):
        server = tree.text("folders", folder, "server") or ""
        url = tree.text("servers", server, "url")
        own = bool(tree.texts("folders", folder, "policy", "owners"))
        if url is None or NEXTCLOUD_FILES in url or not (own or common):
            continue
        path = ("folders", folder, "policy", "owners") if own else ("policy", "owners")
        text = (
            f"server {server} tells nobody's name: only Nextcloud does (a url with {NEXTCLOUD_FILES}USER/). "
            f"Nothing could ever leave from folders.{folder}. "
            + ("Remove the key there." if own else "Write owners in the folders on Nextcloud instead.")
        )
        yield tree.problem(path, text)


def _both_ways(tree: Tree) -> Iterator[ConfigurationProblem]:
    """A domain that is allowed and refused is refused; whoever wrote both meant one of them."""
    common = [(("policy", "refuse_domains"), one) for one in tree.texts("policy", "refuse_domains")]
    places = [("policy",), *(("folders", folder, "policy") for folder in tree.names("folders"))]
    for place in places:
        allowed = {values.ascii_domain(one) for one in tree.texts(*place, "allow_domains")}
        own = [((*place, "refuse_domains"), one) for one in tree.texts(*place, "refuse_domains")]
        for path, one in [*own, *(common if len(place) > 1 else [])]:
            if values.ascii_domain(one) in allowed:
                text = f'"{one}" is in allow_domains and in {".".join(path)}: it is refused. Remove one.'
                yield tree.problem((*place, "allow_domains"), text)


def _unquoted_times(tree: Tree) -> Iterator[ConfigurationProblem]:
    """Other readers of this file (an editor, a template) would make numbers of them.

    Of what is no time even in quotes, the value's own form is told.
    """
    for pattern, read in _TIMES.items():
        for path in tree.matching(pattern):
            node = tree.node(path)
            if isinstance(node, Scalar) and node.text and not node.quoted:
                with suppress(ValueError):
                    read(node.text)
                    yield tree.problem(path, f'write times in quotes: "{node.text}"')


def _never_quiet(tree: Tree) -> Iterator[ConfigurationProblem]:
    """Days without hours make nobody quiet. At the top level, holidays are the digest's, too."""
    with_hours = {
        path[:-1] for pattern in _TIMES for path in tree.matching(pattern) if path[-1] == "quiet_hours"
    }
    for pattern in ("policy.weekends", "folders.*.policy.weekends", "folders.*.policy.holidays"):
        for path in tree.matching(pattern):
            everywhere = path[:-1] == ("policy",)
            has = bool(with_hours) if everywhere else bool(with_hours & {("policy",), path[:-1]})
            if not has and tree.text(*path) not in {"work", "none"}:
                text = 'has no effect without  quiet_hours: "20:00-08:00"'
                yield tree.problem(path, text, warning=True)


def _unused(tree: Tree) -> Iterator[ConfigurationProblem]:
    folders = tree.names("folders")
    servers = {tree.text("folders", folder, "server") for folder in folders}
    accounts = {
        name
        for folder in folders
        for key in ("account", "accounts")
        for name in tree.texts("folders", folder, key)
    }
    for kind, used in (("servers", servers), ("accounts", accounts)):
        for name in tree.names(kind):
            if name not in used:
                yield tree.problem((kind, name), "no folder uses it.", warning=True)


def _brakes(tree: Tree) -> Iterator[ConfigurationProblem]:
    for account in tree.names("accounts"):
        most = tree.number("accounts", account, "max_sends_per_day") or 0
        if most > HARDLY_A_BRAKE:
            text = f"{most}: hardly a brake; an accident would send that many before it stops."
            yield tree.problem(("accounts", account, "max_sends_per_day"), text, warning=True)


def _clear_text(tree: Tree) -> Iterator[ConfigurationProblem]:
    for path in (*tree.matching("servers.*.url"), ("platform", "url")):
        url = tree.text(*path) or ""
        if url.lower().startswith("http://") and not is_loopback(url):
            yield tree.problem(path, "http:// sends the password readable by all on the way.", warning=True)


def _mails(tree: Tree) -> Iterator[ConfigurationProblem]:
    """A login is two values and goes over no open line; nobody is mailed where no mail leaves."""
    has = {key: tree.node(("mail", key)) is not None for key in ("user", "password")}
    if has["user"] is not has["password"]:
        there, other = ("user", "password") if has["user"] else ("password", "user")
        yield tree.problem(("mail", there), f"mail.{other} is missing: a login is both.")
    relay = tree.text("mail", "relay") or ""
    if has["password"] and relay.lower().startswith("smtp://") and not is_loopback(relay):
        text = "the password would be readable by all on the way: write smtps:// or smtp+starttls://"
        yield tree.problem(("mail", "relay"), text)
    if tree.node(("mail",)) is None:
        for path in tree.matching("folders.*.notify"):
            yield tree.problem(path, "nobody is mailed without  mail:  in this file.", warning=True)


def _keys_in_urls(tree: Tree) -> Iterator[ConfigurationProblem]:
    """Whoever knows the URL of a hook may call it: most services make a key of it."""
    for path in (*tree.matching("hooks.*.url"), *tree.matching("ping.url")):
        text = tree.text(*path) or ""
        if _LIKE_A_KEY.search(text.partition("://")[2].partition("/")[2]):
            said = f"looks like a key. Use  {path[-1]}: {{credential: NAME}}, and have a new one made if git knows it."
            yield tree.problem(path, said, warning=True)
        elif text.lower().startswith("http://") and not is_loopback(text):
            yield tree.problem(path, "http:// is readable by all on the way.", warning=True)


def _old_address(tree: Tree) -> Iterator[ConfigurationProblem]:
    """Nextcloud answers at two addresses; at the old one it is taken for a server that tells nothing of links."""
    for path in tree.matching("servers.*.url"):
        if "/remote.php/webdav" in (tree.text(*path) or ""):
            text = (
                f"on Nextcloud write …{NEXTCLOUD_FILES}USER/ instead: through this old address neither public "
                "links nor owners are told, and there are no versions, tags or comments."
            )
            yield tree.problem(path, text, warning=True)


def is_loopback(url: str) -> bool:
    """True for a URL of this very machine: nothing that is sent there reaches anybody."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
