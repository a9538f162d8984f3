"""The administrator's file: what it may say, and every fault in it named at once with its line and its cure."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connector.config import (
    Ceiling,
    Config,
    Policy,
    PolicyOverride,
    SecretReference,
    check_secrets,
    load_config,
    notes,
    read_config,
    references,
    resolve_secret,
)
from connector.config.refusals import NOT_ACTED_ON
from connector.config.schema import config_schema
from connector.config.shape import every_key
from connector.config.tree import Tree
from connector.config.values import days_at_least, duration, hours, remote_folder
from connector.errors import ConfigurationError, ConfigurationProblem
from connector.text_yaml import load

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"

GOOD = """\
config_version: 1
servers:
  cloud:
    url: https://cloud.lyon.example/dav
    user: signatures
    password: {credential: dms-lyon}
platform:
  url: https://jesignexpert.example/
  shortcut: {credential: jse-shortcut}
  secret: {credential: jse-secret}
accounts:
  lyon: {sender: Cabinet Exemple, owner: direction@lyon.example}
folders:
  letters:
    server: cloud
    path: /Lettres
    account: lyon
"""


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def problems(text: str, *, warnings: bool = False) -> list[ConfigurationProblem]:
    return [problem for problem in read_config(text).problems if problem.warning is warnings]


def only(text: str, *, warning: bool = False) -> ConfigurationProblem:
    found = problems(text, warnings=warning)
    assert len(found) == 1, found
    return found[0]


# -------------------------------------------------------------------------------------------- good files


def test_the_least_file_gives_every_default() -> None:
    """What is not written has the documented default, and nothing can be sent."""
    config = load_config(GOOD)
    server, folder = config.servers["cloud"], config.folders["letters"]
    assert (server.name, server.url, server.max_connections) == (
        "cloud",
        "https://cloud.lyon.example/dav/",
        4,
    )
    assert (server.ca_file, server.proxy, server.registry) == (None, None, None)
    assert (folder.name, folder.path, folder.send) == ("letters", "/Lettres/", Ceiling.PREVIEW)
    assert (folder.accounts, folder.default_account, folder.notify) == (("lyon",), "lyon", None)
    assert (config.timezone, config.language, config.support) == ("Europe/Paris", "fr", "")
    assert (config.connector, config.mail, config.seal, config.journal.url) == (None, None, None, None)
    assert (config.polling.folders, config.polling.platform) == (None, timedelta(minutes=2))
    assert config.polling.max_calls_per_minute == 60
    assert config.accounts["lyon"].max_sends_per_day == 60
    assert (config.platform.follow, config.platform.contract) == ("status", {})
    assert config.policy_of("letters").levels == ("simple",)
    assert config.zone.key == "Europe/Paris"


def test_the_example_loads_as_shipped_without_its_secrets() -> None:
    """The shipped example is valid on a host that has none of its credentials, without a single remark."""
    reading = read_config(EXAMPLE)
    assert reading.problems == ()
    assert reading.config is not None
    assert list(check_secrets(reading.config, environ={}))


def test_the_example_names_every_key_of_the_file() -> None:
    """Each key of the models stands in the example, in use or behind a #; in use only what is acted on."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for pattern in every_key():
        key = pattern.rsplit(".", 1)[-1]
        assert re.search(rf"(?<![\w-]){key}\b", text), pattern
    in_use = Tree(load(text))
    acted_on = {row.path for row in NOT_ACTED_ON}
    for pattern in set(every_key()) - acted_on:
        shown = list(in_use.matching(pattern)) or re.search(
            rf"^ *# .*\b{pattern.rsplit('.', 1)[-1]}\b", text, re.M
        )
        assert shown, pattern


def test_the_example_marks_later_what_is_refused_now() -> None:
    """Every row of the table of refusals is mentioned as coming later."""
    later = "\n".join(line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if "later" in line)
    for row in NOT_ACTED_ON:
        assert row.path.rsplit(".", 1)[-1] in later, row.path


def test_the_example_names_no_real_host() -> None:
    """Every host and address in it ends with .example or is a local one."""
    text = EXAMPLE.read_text(encoding="utf-8")
    hosts = re.findall(r"(?:@|://)([\w.-]+)", text)
    assert hosts
    assert all(re.fullmatch(r"(?:[\w-]+\.)*example", host) for host in hosts if host), hosts


FULL = """\
config_version: 1
connector: host-1
timezone: Indian/Reunion
language: en
support: l'équipe
servers:
  cloud:
    url: https://cloud.lyon.example/dav
    user: {env: LOGIN}
    password: {file: /etc/x}
    ca_file: /etc/ca.pem
    proxy: http://proxy.example:3128/
    max_connections: 2
    registry: /m
platform:
  url: https://jesignexpert.example
  shortcut: demo
  secret: {credential: jse-secret}
  follow: status
  contract: {paths: {send: x}, words: [a, 012]}
accounts:
  lyon: {sender: Cabinet Exemple, owner: direction@lyon.example, max_sends_per_day: 5}
  social: {sender: S, owner: s@lyon.example}
folders:
  letters: {server: cloud, path: /Lettres, account: lyon, send: draft, wake: /srv/Lettres}
  annecy:
    server: cloud
    path: /Annecy/
    accounts: [lyon, social]
    send: live
    policy: {refuse_domains: Free.Example, max_sends_per_hour: 5, same_phone: refuse}
policy: {refuse_domains: ["@spam.example"], same_phone: warn, max_sends_per_hour: 30, levels: simple}
mail: {relay: "smtp://relay.example:25", from: a@b.example, admin: c@b.example}
polling: {folders: 500ms, platform: 3min, max_calls_per_minute: 120}
journal: {url: "sqlite:////tmp/journal"}
seal: {credential: jse-seal}
"""


def test_every_key_is_carried_from_the_file_to_its_attribute() -> None:
    """Values with units, lists, references and nested mappings arrive typed."""
    config = load_config(FULL)
    server, annecy = config.servers["cloud"], config.folders["annecy"]
    assert server.user == SecretReference(env="LOGIN")
    assert (config.platform.url, config.platform.shortcut) == ("https://jesignexpert.example/", "demo")
    assert (config.accounts["lyon"].max_sends_per_day, config.folders["letters"].send) == (5, Ceiling.DRAFT)
    assert server.password == SecretReference(file=Path("/etc/x"))
    assert (server.max_connections, server.registry, server.proxy) == (2, "/m/", "http://proxy.example:3128")
    assert server.ca_file == Path("/etc/ca.pem")
    assert config.platform.contract == {"paths": {"send": "x"}, "words": ["a", "012"]}
    assert (annecy.accounts, annecy.default_account, annecy.send) == (
        ("lyon", "social"),
        "lyon",
        Ceiling.LIVE,
    )
    policy = config.policy_of("annecy")
    assert policy.refuse_domains == ("spam.example", "free.example")
    assert (policy.same_phone, policy.max_sends_per_hour) == ("refuse", 5)
    assert config.policy_of("letters").same_phone == "warn"
    assert config.mail is not None
    assert (config.mail.relay, config.mail.from_address) == ("smtp://relay.example:25", "a@b.example")
    assert (config.polling.folders, config.polling.platform) == (timedelta(seconds=0.5), timedelta(minutes=3))
    assert config.polling.max_calls_per_minute == 120
    assert (config.folders["letters"].wake, annecy.wake) == (Path("/srv/Lettres"), None)
    assert (config.connector, config.language, config.support) == ("host-1", "en", "l'équipe")
    assert config.seal == SecretReference(credential="jse-seal")
    assert config.journal.url == "sqlite:////tmp/journal"


def test_a_configuration_never_changes() -> None:
    """Fields of a loaded configuration cannot be set."""
    config = load_config(GOOD)
    with pytest.raises(ValidationError):
        config.language = "en"  # type: ignore[misc]


# --------------------------------------------------------------------------------------------- bad files

MAIL = "mail: {{relay: 'smtp://r.example', from: a@b.example, admin: a@b.example, {}}}\n"

FIVE_FAULTS = """\
config_version: 1
servers:
  cloud:
    url: https://cloud.lyon.example/dav/
    pasword: {credential: dms-lyon}
    user: signatures
platform:
  url: https://jesignexpert.example/
  shortcut: {credential: jse-shortcut}
  secret: hunter2-of-the-firm
accounts:
  lyon: {sender: Cabinet Exemple Lyon, owner: direction@lyon.example, max_sends_per_day: 6000}
  annecy: {sender: Cabinet Exemple Annecy, owner: direction@annecy.example}
folders:
  lyon-letters: {server: cloud, path: /Cabinet/Lettres de mission/, account: lion}
  lyon-clients: {server: cloud, path: /Cabinet/, account: lyon}
  annecy: {server: cloud, path: /Annecy/, account: annecy}
policy:
  reminders:
    first_after: 3d
    every: "4"
    at_most: 3
"""


def test_five_faults_are_named_in_one_run() -> None:
    """The file of the administrator's page: all its faults at once, each with line, path, cause and cure."""
    found = {(p.line, p.path): p.text for p in problems(FIVE_FAULTS)}
    assert found == {
        (
            5,
            "servers.cloud.pasword",
        ): 'unknown key; did you mean "password"? (then: servers.cloud.password is missing)',
        (10, "platform.secret"): (
            "a secret stands in the file. Use  secret: {credential: jse-secret}  "
            "and have a new one made: this one is in your git history."
        ),
        (15, "folders.lyon-letters.account"): (
            'no such account: "lion"; did you mean "lyon"? Known: annecy, lyon.'
        ),
        (16, "folders.lyon-clients.path"): (
            '"/Cabinet/" contains folders.lyon-letters (/Cabinet/Lettres de mission/): '
            "each of its requests would be found twice. Watch one of the two."
        ),
        (21, "policy.reminders.every"): '"4": write whole days with their unit: 4d.',
    }
    warning = only(FIVE_FAULTS, warning=True)
    assert (warning.path, warning.line) == ("accounts.lyon.max_sends_per_day", 12)
    with pytest.raises(ConfigurationError) as caught:
        load_config(FIVE_FAULTS)
    assert len(caught.value.problems) == 5
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "path", "line", "said"),
    [
        ("", "(file)", None, "begin with  config_version: 1"),
        ("- a\n", "(file)", None, "holds no settings"),
        ("a: 1\na: 2\n", "(file)", 2, '"a" stands there twice, first in line 1'),
        ("a: {{ x }}\n", "(file)", 1, "template"),
        ("a: b: c\n", "(file)", 1, "in quotes"),
        ("a: !vault x\n", "(file)", 1, "!vault: tags are not read"),
        ("a: *x\n", "(file)", 1, "*x: anchors and aliases"),
        ("a: [\n", "(file)", 2, "not YAML"),
        (
            changed("config_version: 1", "config_version: 2"),
            "config_version",
            1,
            "reads version 1, the file is",
        ),
        (changed("config_version: 1\n", ""), "config_version", None, "is missing"),
        (changed("config_version: 1", "config_version: one"), "config_version", 1, "whole number"),
        (GOOD + "polling:\n", "polling", 18, "nothing is written here"),
        (GOOD + "pollin: {}\n", "pollin", 18, 'did you mean "polling"?'),
        (GOOD + "zzz: 1\n", "zzz", 18, "Known: accounts, config_version"),
        (
            GOOD + "\u00a0support: x\n",
            "\u00a0support",
            18,
            "stands in it, NO-BREAK SPACE (U+00A0): take it out",
        ),
        (
            changed("url: https://cloud", "u\u200brl: https://cloud"),
            "servers.cloud.u\u200brl",
            4,
            "ZERO WIDTH SPACE (U+200B)",
        ),
        (
            changed("account: lyon", "account: lyon\n    zzzz: 1"),
            "folders.letters.zzzz",
            18,
            "Known: account,",
        ),
        (
            changed("account: lyon", "account: lyon\n    same_phone: warn"),
            "folders.letters.same_phone",
            18,
            "policy: {same_phone: …}",
        ),
        (changed("  cloud:\n", "  cloud:\n    name: x\n"), "servers.cloud.name", 4, "the key above"),
        (
            changed("  cloud:", "  été:").replace("server: cloud", "server: été"),
            "servers.été",
            3,
            "a name is",
        ),
        (
            changed("server: cloud", "server: clod"),
            "folders.letters.server",
            15,
            'did you mean "cloud"? Known: cloud.',
        ),
        (changed("    account: lyon\n", ""), "folders.letters.account", 14, "is missing"),
        (changed("account: lyon", "account:"), "folders.letters.account", 17, "nothing is written"),
        (changed("account: lyon", "accounts: [lyon, lyon]"), "folders.letters.accounts", 17, "twice"),
        (changed("account: lyon", "account: [lyon]"), "folders.letters.account", 17, "accounts: [first"),
        (changed("account: lyon", "accounts: []"), "folders.letters.accounts", 17, "nothing stands in it"),
        (
            changed("account: lyon", "account: lyon\n    accounts: [lyon]"),
            "folders.letters.accounts",
            18,
            "keep one",
        ),
        (
            changed("account: lyon", "account: lyon\n    send: lve"),
            "folders.letters.send",
            18,
            '"lve": write "preview"',
        ),
        (changed("path: /Lettres", "path: Lettres"), "folders.letters.path", 16, 'begins with "/"'),
        (changed("path: /Lettres", "path: /a/../b/"), "folders.letters.path", 16, '".."'),
        (changed("path: /Lettres", "path: /a//b/"), "folders.letters.path", 16, "follow each other"),
        (changed("path: /Lettres", "path: [a]"), "folders.letters.path", 16, "one text belongs here"),
        (
            changed("  lyon: {sender", "  cloud: {sender").replace("account: lyon", "account: cloud"),
            "accounts.cloud",
            12,
            "same name",
        ),
        (
            changed("sender: Cabinet Exemple", f"sender: {'x' * 101}"),
            "accounts.lyon.sender",
            12,
            "at most 100",
        ),
        (changed("direction@lyon.example", "Paul"), "accounts.lyon.owner", 12, "not an e-mail address"),
        (
            changed("@lyon.example}", "@lyon.example, max_sends_per_day: 0}"),
            "accounts.lyon.max_sends_per_day",
            12,
            "at least 1",
        ),
        (
            changed("@lyon.example}", "@lyon.example, max_sends_per_day: -1}"),
            "accounts.lyon.max_sends_per_day",
            12,
            "at least 1",
        ),
        (
            changed("@lyon.example}", "@lyon.example, max_sends_per_day: 6_0}"),
            "accounts.lyon.max_sends_per_day",
            12,
            "whole number",
        ),
        (
            changed("https://cloud.lyon.example/dav", "ftp://cloud.example/"),
            "servers.cloud.url",
            4,
            "https://",
        ),
        (
            changed("https://cloud.lyon.example/dav", "cloud.example"),
            "servers.cloud.url",
            4,
            "not a complete URL",
        ),
        (changed("https://cloud.lyon.example/dav", "https://[::1/"), "servers.cloud.url", 4, "not a URL"),
        (changed("https://cloud.lyon.example/dav", "https://a.example/?x=1"), "servers.cloud.url", 4, '"?"'),
        (changed("https://cloud.lyon.example/dav", "https://a.example/b c/"), "servers.cloud.url", 4, "%20"),
        (changed("user: signatures", "user: [a]"), "servers.cloud.user", 5, "name one place"),
        (
            changed("user: signatures", "user: a\n    ca_file: ca.pem"),
            "servers.cloud.ca_file",
            6,
            "whole path",
        ),
        (
            changed("user: signatures", "user: a\n    max_connections: 99"),
            "servers.cloud.max_connections",
            6,
            "at most 64",
        ),
        (
            changed("user: signatures", "user: a\n    proxy: socks://p"),
            "servers.cloud.proxy",
            6,
            "http://proxy",
        ),
        (
            changed("user: signatures", "user: a\n    proxy: proxy.example:3128"),
            "servers.cloud.proxy",
            6,
            "write http://proxy.example:3128",
        ),
        (
            changed("{credential: dms-lyon}", "{credential: a, env: B}"),
            "servers.cloud.password",
            6,
            "name one place",
        ),
        (
            changed("{credential: dms-lyon}", "{value: x}"),
            "servers.cloud.password.value",
            6,
            "Known: credential, env, file",
        ),
        (GOOD + "timezone: Europe/Pari\n", "timezone", 18, 'did you mean "Europe/Paris"?'),
        (GOOD + "timezone: ../../etc/passwd\n", "timezone", 18, "no such time zone"),
        (GOOD + "language: de\n", "language", 18, '"de": write "fr" or "en"'),
        (GOOD + "connector: a b\n", "connector", 18, "letters without accents"),
        (GOOD + "polling: {folders: 15}\n", "polling.folders", 18, "15d, 15h, 15min, 15s"),
        (GOOD + "polling: {folders: 0s}\n", "polling.folders", 18, "longer than nothing"),
        (GOOD + "polling: {folders: [1s]}\n", "polling.folders", 18, "one duration"),
        (GOOD + "polling: 15s\n", "polling", 18, "keys and values"),
        (GOOD + "polling: {max_calls_per_minute: 0}\n", "polling.max_calls_per_minute", 18, "at least 1"),
        (
            changed("    account: lyon\n", "    account: lyon\n    wake: Lettres\n"),
            "folders.letters.wake",
            18,
            "whole path",
        ),
        (
            changed("    account: lyon\n", "    account: lyon\n    wake: /\n"),
            "folders.letters.wake",
            18,
            "whole machine",
        ),
        (
            GOOD + "mail: {relay: relay.example, from: a@b.example, admin: a@b.example}\n",
            "mail.relay",
            18,
            "write smtp://relay.example:25",
        ),
        (GOOD + MAIL.format("from_address: a@b.example"), "mail.from_address", 18, "unknown key"),
        (GOOD + MAIL.format("user: u"), "mail.user", 18, "mail.password is missing"),
        (
            GOOD + MAIL.format("password: {env: P}").replace("smtp:", "smtps:"),
            "mail.password",
            18,
            "mail.user is",
        ),
        (GOOD + MAIL.format("user: u, password: {env: P}"), "mail.relay", 18, "smtps:// or smtp+starttls://"),
        (GOOD + MAIL.format("digest: 8:00"), "mail.digest", 18, "in quotes"),
        (GOOD + MAIL.format("digest: 08:00"), "mail.digest", 18, "in quotes"),
        (GOOD + "hooks: {chat: {}}\n", "hooks.chat", 18, "command, or url"),
        (
            GOOD + "hooks: {chat: {url: 'https://x.example/', command: /x}}\n",
            "hooks.chat",
            18,
            "command, or url",
        ),
        (GOOD + "hooks: {chat: {command: [open-ticket]}}\n", "hooks.chat", 18, "whole path"),
        (GOOD + "hooks: {chat: {command: /x, events: [always]}}\n", "hooks.chat.events.1", 18, '"alarm"'),
        (GOOD + "hooks: {chat: {command: /x, name: y}}\n", "hooks.chat.name", 18, "the key above"),
        (GOOD + "hooks: {chat: {url: 'ftp://x.example/'}}\n", "hooks.chat.url", 18, "https://"),
        (GOOD + "hooks: {chat: {url: 'https://u:p@x.example/'}}\n", "hooks.chat.url", 18, "a login stands"),
        (GOOD + "hooks: {}\n", "hooks", 18, "at least one"),
        (GOOD + "ping: {url: 'https://x.example/ 1'}\n", "ping.url", 18, "no blank"),
        (GOOD + "policy: {holidays: germany}\n", "policy.holidays", 18, '"alsace-moselle"'),
        (GOOD + "policy: {weekends: true}\n", "policy.weekends", 18, '"work" or "quiet"'),
        (GOOD + "journal: {url: journal.db}\n", "journal.url", 18, "sqlite:////"),
        (GOOD + "policy: {same_phone: maybe}\n", "policy.same_phone", 18, '"refuse" or "warn"'),
        (GOOD + "policy: {refuse_domains: [localhost]}\n", "policy.refuse_domains.1", 18, "not a domain"),
        (GOOD + "policy: {max_sends_per_hour: many}\n", "policy.max_sends_per_hour", 18, "whole number"),
    ],
)
def test_each_fault_has_its_line_its_path_and_a_cure(
    text: str, path: str, line: int | None, said: str
) -> None:
    """One fault, told once, where it stands."""
    found = problems(text)
    assert {(problem.path, problem.line) for problem in found} == {(path, line)}, found
    assert said in found[0].text
    assert read_config(text).config is None


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("policy: {quiet_hours: 20h-8h}", '"20:00-08:00"'),
        ("policy: {quiet_hours: 21:00-07:00}", '"21:00-07:00"'),
        ("mail: {relay: 'smtp://r.example', from: a@b.example, admin: a@b.example, digest: 8h}", '"08:00"'),
        (
            "mail: {relay: 'smtp://r.example', from: a@b.example, admin: a@b.example, digest: 07:30}",
            '"07:30"',
        ),
    ],
)
def test_a_time_is_told_once_with_a_cure_that_is_taken(text: str, cure: str) -> None:
    """Quotes alone do not make a time of what is none."""
    told = only(f"{GOOD}{text}\n")
    assert cure in told.text
    written = text.rsplit(": ", 1)[1].removesuffix("}")
    assert problems(f"{GOOD}{text.replace(written, cure)}\n") == []


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ("3h", "1d"),
        ("36h", "1d"),
        ("48h", "2d"),
        ("0d", "1d"),
        ("4", "4d"),
        ("4000d", "ten years"),
        ("30d", ""),
        ("2 d", ""),
    ],
)
def test_reminders_go_by_whole_days(written: str, cure: str) -> None:
    """What is told in days is not rounded behind the administrator's back; an editor refuses the same."""
    text = f"policy: {{reminders: {{first_after: {written}, every: 4d, at_most: 2}}}}\n"
    assert ([one.path for one in problems(GOOD + text)] == ["policy.reminders.first_after"]) is bool(cure)
    assert all(f"{cure}." in one.text for one in problems(GOOD + text))
    schema = config_schema()["properties"]["policy"]["properties"]["reminders"]["properties"]["first_after"]
    assert bool(re.search(schema["pattern"], written)) is (not cure or written == "4000d")


def test_a_limit_of_the_parser_is_told_as_a_problem() -> None:
    """A file too large to be a configuration ends in a sentence."""
    assert "too large" in only("# " + "x" * 1_000_000).text


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("/A/", "/B/", False),
        ("/A/", "/AB/", False),
        ("/A/", "/A/B/", True),
        ("/A/B", "/A", True),
        ("/A", "/A/", True),
        ("/", "/A/", True),
    ],
)
@pytest.mark.parametrize("second_server", ["cloud", "again", "other"])
def test_no_folder_lies_inside_another_of_the_same_server(
    first: str, second: str, found: bool, second_server: str
) -> None:
    """Overlap is judged by whole names, and by the url: one server under two names is still one."""
    server = "{{url: {}, user: u, password: {{env: P}}}}"
    text = changed("path: /Lettres", f"path: {first}")
    text = text.replace(
        "servers:\n", f"servers:\n  again: {server.format('https://cloud.lyon.example/dav/')}\n", 1
    )
    text = text.replace("servers:\n", f"servers:\n  other: {server.format('https://nas.example/')}\n", 1)
    text += f"  second: {{server: {second_server}, path: {second}, account: lyon}}\n"
    told = [problem for problem in problems(text) if "found twice" in problem.text]
    assert bool(told) == (found and second_server != "other")


def test_a_folder_tightens_the_policy_and_never_loosens_it() -> None:
    """Each looser value of a folder is a problem."""
    text = changed("account: lyon", "account: lyon\n    policy: {same_phone: warn, max_sends_per_hour: 31}")
    found = problems(text + "policy: {max_sends_per_hour: 30}\n")
    assert [problem.path.rsplit(".", 1)[-1] for problem in found] == ["max_sends_per_hour", "same_phone"]
    assert all("can only tighten" in problem.text for problem in found)


NEXTCLOUD = changed("cloud.lyon.example/dav", "cloud.lyon.example/remote.php/dav/files/sig/")


@pytest.mark.parametrize(
    ("common", "own", "told"),
    [
        ("{public_links: refuse}", "{public_links: allow}", ["public_links"]),
        ("{}", "{public_links: allow}", ["public_links"]),
        ("{public_links: allow}", "{public_links: refuse}", []),
        ("{max_sends_per_day: 5}", "{max_sends_per_day: 6}", ["max_sends_per_day"]),
        ("{max_sends_per_day: 5}", "{max_sends_per_day: 5}", []),
        ("{owners: [alice]}", "{owners: [alice, bob]}", ["owners"]),
        ("{owners: [alice, bob]}", "{owners: bob}", []),
        ("{}", "{owners: [bob]}", []),
        ("{allow_domains: [société.fr]}", "{allow_domains: [xn--socit-esab.fr]}", []),
        ("{allow_domains: [a.fr]}", "{allow_domains: [a.fr, B.fr]}", ["allow_domains"]),
        ("{refuse_domains: [a.fr]}", "{allow_domains: [A.fr]}", ["allow_domains"]),
        ("{allow_domains: [a.fr, b.fr]}", "{refuse_domains: [a.fr]}", []),
        ("{allow_domains: [a.fr], refuse_domains: [a.fr]}", "{}", ["allow_domains"]),
        ("{owners: []}", "{allow_domains: []}", ["owners", "allow_domains"]),
    ],
)
def test_who_may_ask_is_only_tightened(common: str, own: str, told: list[str]) -> None:
    """A folder narrows who may ask, whom, and how often, and never widens it; what contradicts itself is told."""
    text = NEXTCLOUD.replace("account: lyon", f"account: lyon\n    policy: {own}", 1)
    found = problems(f"{text}policy: {common}\n")
    assert sorted(problem.path.rsplit(".", 1)[-1] for problem in found) == sorted(told)


def test_of_two_lists_that_hold_what_both_name() -> None:
    """In code, where nobody has judged a file: the folder's own list is cut to the common one."""
    common = Policy(owners=("alice", "bob"), allow_domains=("société.fr", "b.fr"), refuse_domains=("c.fr",))
    own = PolicyOverride(
        owners=("bob", "eve"), allow_domains=("xn--socit-esab.fr",), refuse_domains=("d.fr",)
    )
    both = own.on(common)
    assert (both.owners, both.allow_domains, both.refuse_domains) == (
        ("bob",),
        ("xn--socit-esab.fr",),
        ("c.fr", "d.fr"),
    )
    assert PolicyOverride(owners=("eve",)).on(common).owners == ()
    assert PolicyOverride().on(common) == common


@pytest.mark.parametrize("place", ["policy", "folders.letters.policy"])
def test_owners_are_refused_where_nobody_tells_them(place: str) -> None:
    """Elsewhere than on Nextcloud nothing could ever leave: said where it stands, with the folder it is about."""
    text = GOOD + "policy: {owners: [alice]}\n"
    if place != "policy":
        text = changed("account: lyon", "account: lyon\n    policy: {owners: [alice]}")
    problem = only(text)
    assert problem.path == f"{place}.owners"
    assert "only Nextcloud does" in problem.text
    assert "folders.letters" in problem.text


def test_a_folder_lies_inside_another_by_a_longer_url() -> None:
    """One server written twice, once with a folder in its url: its requests would be found twice."""
    longer = (
        "again: {url: https://CLOUD.lyon.example/dav/Lettres%20de%20mission/, user: u, password: {env: P}}"
    )
    text = changed("servers:\n", f"servers:\n  {longer}\n").replace(
        "path: /Lettres", "path: /Lettres de mission"
    )
    inner = text + "  second: {server: again, path: /2026/, account: lyon}\n"
    assert [one.path for one in problems(inner) if "found twice" in one.text] == ["folders.letters.path"]
    beside = inner.replace("url: https://CLOUD.lyon.example/dav/L", "url: https://CLOUD.lyon.example/L")
    assert [one for one in problems(beside) if "found twice" in one.text] == []


def test_times_without_quotes_are_refused() -> None:
    """Another reader of the file would make a number of them."""
    bare = problems(GOOD + "policy: {quiet_hours: 20:00-08:00}\n")
    assert any("in quotes" in problem.text for problem in bare)
    quoted = problems(GOOD + 'policy: {quiet_hours: "20:00-08:00"}\n')
    assert not any("in quotes" in problem.text for problem in quoted)


# ------------------------------------------------------------------------------ what is not acted on yet


def written(path: str) -> str:
    assert path == "platform.follow"
    return changed("  secret:", "  follow: none\n  secret:")


@pytest.mark.parametrize("path", [row.path for row in NOT_ACTED_ON])
def test_what_is_not_acted_on_is_refused_by_name(path: str) -> None:
    """It is the only problem of an otherwise right value, and says what the program does instead."""
    problem = only(written(path))
    assert problem.path == path.replace("*", "letters")
    assert problem.text.startswith("not acted on by this version (0.1.0): ")
    assert problem.line is not None


# ----------------------------------------------------------------------------------------------- warnings


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (changed("  lyon: {", "  idle: {sender: I, owner: i@x.example}\n  lyon: {"), "accounts.idle"),
        (
            changed(
                "  cloud:\n", "  idle: {url: https://x.example/, user: u, password: {env: P}}\n  cloud:\n"
            ),
            "servers.idle",
        ),
        (
            changed("@lyon.example}", "@lyon.example, max_sends_per_day: 6000}"),
            "accounts.lyon.max_sends_per_day",
        ),
        (changed("https://cloud", "http://cloud"), "servers.cloud.url"),
        (changed("account: lyon\n", "account: lyon\n    notify: a@lyon.example\n"), "folders.letters.notify"),
        (GOOD + "hooks: {chat: {url: 'https://x.example/hooks/T0ABCDEF12345678xyz'}}\n", "hooks.chat.url"),
        (GOOD + "ping: {url: 'https://hc.example/0f5d2e6a-8c7b-4a39-9d1e-2b3c4d5e6f70'}\n", "ping.url"),
        (GOOD + "ping: {url: 'http://hc.example/me'}\n", "ping.url"),
        (changed("lyon.example/dav", "lyon.example/remote.php/webdav"), "servers.cloud.url"),
        (GOOD + "policy: {weekends: quiet}\n", "policy.weekends"),
        (
            changed("account: lyon\n", "account: lyon\n    policy: {holidays: alsace-moselle}\n"),
            "folders.letters.policy.holidays",
        ),
    ],
)
def test_a_warning_does_not_make_a_file_invalid(text: str, path: str) -> None:
    """It is said with its line, and the configuration is used."""
    warning = only(text, warning=True)
    assert warning.path == path
    assert warning.line is not None
    assert load_config(text)


def test_quiet_days_that_have_hours_are_no_warning() -> None:
    """Their own, or those of whoever they are inherited from or by; holidays of everybody are the digest's, too."""
    hours = 'quiet_hours: "20:00-08:00"'
    of_a_folder = changed("account: lyon\n", "account: lyon\n    policy: {%s}\n")
    for text in (
        GOOD + f"policy: {{{hours}, weekends: quiet}}\n",
        GOOD + "policy: {holidays: none}\n",
        of_a_folder % hours + "policy: {weekends: quiet}\n",
        of_a_folder % "weekends: quiet" + f"policy: {{{hours}}}\n",
    ):
        assert problems(text, warnings=True) == []


def test_a_plain_address_to_call_is_no_warning() -> None:
    """One without a key in it, or on this host."""
    for url in ("https://chat.example/hooks/signatures-of-the-firm?room=1", "http://127.0.0.1:9000/ping"):
        assert problems(GOOD + f"ping: {{url: '{url}'}}\n", warnings=True) == []


def test_http_on_loopback_is_no_warning() -> None:
    """A server on this host needs no certificate."""
    for host in ("127.0.0.1:8080", "localhost", "[::1]:8080"):
        assert problems(changed("https://cloud.lyon.example", f"http://{host}"), warnings=True) == []


# ------------------------------------------------------------------------------------------- from a file


def test_a_file_is_read_in_any_encoding_and_named_in_its_problems(tmp_path: Path) -> None:
    """UTF-16 and Windows-1252 are read, the latter with a warning; problems carry the file."""
    file = tmp_path / "config.yaml"
    text = changed("Cabinet Exemple", "Cabinet Hélène")
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        file.write_bytes(text.encode(encoding))
        assert read_config(file).problems == ()
    file.write_bytes(text.encode("cp1252"))
    reading = read_config(file)
    assert reading.config is not None
    assert reading.config.accounts["lyon"].sender == "Cabinet Hélène"
    assert [(problem.warning, problem.file) for problem in reading.problems] == [(True, str(file))]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    """No file, and a folder in its place."""
    with pytest.raises(ConfigurationError, match="No such file"):
        load_config(tmp_path / "absent.yaml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_config(tmp_path)


# ------------------------------------------------------------------------------------------------ secrets

PASTED = "hunter2 p@ss:word"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (changed("password: {credential: dms-lyon}", f"password: {PASTED}"), "servers.cloud.password"),
        (
            changed("{credential: dms-lyon}", f"{{credential: '{PASTED}'}}"),
            "servers.cloud.password.credential",
        ),
        (changed("{credential: dms-lyon}", f"{{file: '{PASTED}'}}"), "servers.cloud.password.file"),
        (changed("{credential: dms-lyon}", f"{{env: '{PASTED}'}}"), "servers.cloud.password.env"),
        (changed("{credential: dms-lyon}", f"['{PASTED}']"), "servers.cloud.password"),
        (changed("{credential: jse-secret}", f"'{PASTED}'"), "platform.secret"),
        (changed("https://cloud.", "https://me:hunter2@cloud."), "servers.cloud.url"),
        (GOOD + f"seal: '{PASTED}'\n", "seal"),
        (GOOD + "journal: {url: 'sqlite://me:hunter2@x/y'}\n", "journal.url"),
        (
            GOOD + "mail: {relay: 'smtp://me:hunter2@r.example', from: a@b.example, admin: a@b.example}\n",
            "mail.relay",
        ),
        (
            changed("user: signatures", "user: u\n    proxy: http://me:hunter2@p.example"),
            "servers.cloud.proxy",
        ),
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_repeated(text: str, path: str) -> None:
    """Wherever a secret was pasted, the problem names the place and not the secret."""
    found = problems(text)
    assert [problem.path for problem in found] == [path]
    assert all("hunter2" not in problem.text for problem in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (changed("{credential: dms-lyon}", "abc"), "password: {credential: dms-cloud}"),
        (changed("{credential: jse-secret}", "abc"), "secret: {credential: jse-secret}"),
        (GOOD + "seal: abc\n", "seal: {credential: jse-seal}"),
    ],
)
def test_the_cure_for_a_plain_secret_can_be_copied(text: str, said: str) -> None:
    """It names the key and a credential."""
    assert said in only(text).text


def test_secrets_are_found_where_the_file_says(tmp_path: Path) -> None:
    """A credential, a file and a variable each give their value without the one last line end."""
    (tmp_path / "dms").write_bytes(b" p\xc3\xa9 \r\n")
    (tmp_path / "two").write_bytes(b"x\n\n")
    assert resolve_secret(SecretReference(credential="dms"), credentials_directory=tmp_path) == " pé "
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "P": "from env"}
    assert resolve_secret(SecretReference(credential="two"), environ=environ) == "x\n"
    assert resolve_secret(SecretReference(file=tmp_path / "dms"), environ={}) == " pé "
    assert resolve_secret(SecretReference(env="P"), environ=environ) == "from env"


def test_a_secret_that_is_not_there_is_said_by_place(tmp_path: Path) -> None:
    """Absent, empty, too large, not text, or no credentials at all."""
    (tmp_path / "empty").write_bytes(b"\n")
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xff")
    for reference, directory, said in [
        (SecretReference(credential="x"), None, "no credentials here"),
        (SecretReference(credential="x"), tmp_path, "No such file"),
        (SecretReference(credential="empty"), tmp_path, "credential empty is empty"),
        (SecretReference(credential="large"), tmp_path, "too large"),
        (SecretReference(file=tmp_path / "binary"), None, "not text"),
        (SecretReference(file=tmp_path), None, "directory"),
        (SecretReference(env="NOT_SET"), None, "NOT_SET is not set"),
    ]:
        with pytest.raises(ConfigurationError, match=said) as caught:
            resolve_secret(reference, path="seal", credentials_directory=directory, environ={})
        assert caught.value.problems[0].path == "seal"


def test_a_reference_names_exactly_one_place() -> None:
    """None and two are refused in code as in the file; a credential cannot leave its directory."""
    with pytest.raises(ValidationError):
        SecretReference()
    with pytest.raises(ValidationError):
        SecretReference(credential="a", env="B")
    for name in ("../passwd", "/etc/passwd", "..", ".", "a/b", ""):
        with pytest.raises(ValidationError):
            SecretReference(credential=name)


def test_missing_secrets_and_open_files_are_warnings(tmp_path: Path) -> None:
    """A secret file that others may read is told with the command that closes it."""
    file = tmp_path / "secret"
    file.write_text("x", encoding="utf-8")
    config = load_config(changed("{credential: dms-lyon}", f"{{file: {file}}}"))
    file.chmod(0o644)
    found = {problem.path: problem for problem in check_secrets(config, environ={})}
    assert set(found) == {"servers.cloud.password", "platform.shortcut", "platform.secret"}
    assert f"chmod 600 {file}" in found["servers.cloud.password"].text
    assert all(problem.warning for problem in found.values())
    file.chmod(0o600)
    assert "servers.cloud.password" not in {p.path for p in check_secrets(config, environ={})}
    assert [path for path, _ in references(config)] == list(found)


def test_proxies_of_the_environment_are_ignored_and_said() -> None:
    """Each variable set is one note that names the setting; empty ones and others are not mentioned."""
    config = load_config(GOOD)
    told = notes(
        config, {"HTTPS_PROXY": "http://p", "http_proxy": "http://p", "ALL_PROXY": "", "PATH": "/bin"}
    )
    assert told == (
        "HTTPS_PROXY is set and ignored; use servers.cloud.proxy and platform.proxy.",
        "http_proxy is set and ignored; use servers.cloud.proxy and platform.proxy.",
    )
    assert notes(config, {"REQUESTS_CA_BUNDLE": "/x"})[0].endswith("ca_file and platform.ca_file.")


# ------------------------------------------------------------------------------------- values, properties


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("500ms", timedelta(seconds=0.5)),
        ("15s", timedelta(seconds=15)),
        ("2min", timedelta(minutes=2)),
        ("4h", timedelta(hours=4)),
        ("3d", timedelta(days=3)),
        ("0d", timedelta(0)),
    ],
)
def test_durations_are_read_with_their_unit(text: str, length: timedelta) -> None:
    """Every unit, and nothing."""
    assert duration(text) == length


@pytest.mark.parametrize("text", ["", "4", "4m", "1.5h", "-1s", "4 weeks", "٤s", "9999999d", "99999d"])
def test_durations_without_a_known_unit_are_refused(text: str) -> None:
    """Also fractions, signs, other digits, and lengths beyond ten years."""
    with pytest.raises(ValueError, match=r"duration needs its unit|ten years"):
        duration(text)


def test_what_is_kept_is_not_erased_by_a_zero() -> None:
    """``remember_contacts: 0d`` is never; here it would have erased every address and number of what is over."""
    assert days_at_least("1d") == timedelta(days=1)
    for wrong in ("0d", "23h"):
        with pytest.raises(ValueError, match="at least 1d; to keep everything, leave the line out"):
            days_at_least(wrong)
    found = only(GOOD + "keep_personal_data: 0d\n")
    assert (found.path, "at least 1d" in found.text) == ("keep_personal_data", True)


def test_hours_run_over_midnight() -> None:
    """Two wall times; the same twice is no span."""
    assert hours("20:00-08:00") == (time(20), time(8))
    for wrong in ("20-08", "24:00-08:00", "08:00-08:00", "8:00-9:00"):
        with pytest.raises(ValueError):
            hours(wrong)


@settings(deadline=None)
@given(st.text(alphabet="/.ab é", max_size=12))
def test_a_remote_folder_is_whole_or_refused(text: str) -> None:
    """What is accepted begins and ends with "/", has no empty part and never climbs."""
    try:
        path = remote_folder(text)
    except ValueError:
        return
    assert path.startswith("/")
    assert path.endswith("/")
    assert ".." not in path.split("/")
    assert "//" not in path
    assert remote_folder(path) == path


WORDS = st.sampled_from(
    [
        *sorted({part for key in every_key() for part in key.split(".")}),
        "lyon",
        "account",
        "credential",
        "env",
        "1",
    ]
)
SCALARS = st.one_of(
    WORDS,
    st.text("ab:/[é\n\x00 ", max_size=8),
    st.just("9" * 5000),
    st.sampled_from(["/a/", "https://[", "3d", ""]),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=20,
)


def flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {flow(inner)}' for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"
    return '"' + "".join(c if c.isalnum() or c in "/:[." else f"\\U{ord(c):08x}" for c in str(value)) + '"'


@settings(deadline=None)
@given(st.dictionaries(WORDS, TREES, max_size=8))
def test_any_tree_is_a_configuration_or_problems(tree: dict[str, object]) -> None:
    """Whatever is nested wherever, the reader answers, and says something when there is no configuration."""
    reading = read_config(flow(tree))
    assert isinstance(reading.config, Config) or any(not problem.warning for problem in reading.problems)
    assert all(problem.text and problem.path for problem in reading.problems)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_a_configuration_or_problems(text: str) -> None:
    """The same for texts that are hardly YAML."""
    assert read_config(text).config is None


@settings(deadline=None)
@given(st.sampled_from(GOOD.splitlines()[1:]), st.text(alphabet="ab:{}[]'\" #-1\t", max_size=6))
def test_a_damaged_line_never_passes_in_silence_or_crashes(line: str, noise: str) -> None:
    """One line replaced by noise is answered by a configuration or by problems."""
    reading = read_config(GOOD.replace(line, line + noise))
    assert (reading.config is None) == any(not problem.warning for problem in reading.problems)


def test_loading_the_package_stays_light() -> None:
    """Nothing but pydantic and PyYAML comes along."""
    code = "import sys, connector.config; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    environ = {**os.environ, "PYTHONPATH": str(EXAMPLE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ
    )
    heavy = {
        "httpx",
        "requests",
        "lxml",
        "sqlalchemy",
        "pypdf",
        "phonenumbers",
        "email_validator",
        "reportlab",
    }
    assert not heavy & set(done.stdout.split())


# ---------------------------------------------------------------------------------- tags and comments


@pytest.mark.parametrize(
    ("written", "signed", "in_progress"),
    [
        ("", None, None),
        ("tags: false\n", "", ""),
        ("tags: {signed: Terminé}\n", "Terminé", None),
        ("tags: {signed: false, in_progress: 'En signature'}\n", "", "En signature"),
    ],
)
def test_tags_have_the_names_that_are_written(
    written: str, signed: str | None, in_progress: str | None
) -> None:
    """None: by language; an empty text: no such tag."""
    config = load_config(GOOD + written)
    assert (config.tags.signed, config.tags.in_progress) == (signed, in_progress)


def test_a_tag_is_no_longer_than_nextcloud_keeps_it() -> None:
    """It would be cut, and never found again."""
    problem = only(GOOD + f"tags: {{signed: {'é' * 33}}}\n")
    assert (problem.path, "at most 64 bytes" in problem.text) == ("tags.signed", True)


@pytest.mark.parametrize(("written", "expected"), [("true", True), ("false", False)])
def test_comments_are_true_or_false(written: str, expected: bool) -> None:
    """Nothing else; off where nothing is written."""
    text = changed("account: lyon", f"account: lyon\n    comments: {written}")
    assert load_config(text).folders["letters"].comments is expected
    assert load_config(GOOD).folders["letters"].comments is False
    assert "true or false" in only(text.replace(written, "yes please")).text
