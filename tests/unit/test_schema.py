"""The JSON Schemas say what the readers read: every shipped example passes, every key is acted on, no key is refused
that a reader takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from connector.cli.schema import KINDS, made
from connector.config import load_config, read_config, values
from connector.config.refusals import NOT_ACTED_ON
from connector.config.schema import _NAME as NAME_PATTERN
from connector.config.schema_words import TOLD
from connector.config.shape import every_key
from connector.errors import RequestRejected
from connector.jesignexpert.contract import Contract
from connector.models import models
from connector.report.typography import NBSP
from connector.sidecar import words
from connector.sidecar.model import SignatureRequest
from connector.sidecar.names import is_settings, is_sidecar
from connector.sidecar.reading import read_sidecar
from connector.sidecar.schema import SUBJECT_LENGTH, keys_of, loose
from connector.sidecar.schema_words import KEYS, WORDS
from connector.text_yaml import decode
from tests.unit.test_docs import GUIDE, ROOT, configurations, yaml_blocks

ROOMS = ("request", "signatory", "place", "reminder")
MARIE = "Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78"


class Modern(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: only ``true`` and ``false`` are booleans."""


_OLD = {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"}
Modern.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag not in _OLD]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Modern.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
LOADERS = (yaml.SafeLoader, Modern)


def faults(kind: str, value: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(made(kind))
    return [error.message for error in validator.iter_errors(value)]


def loaded(text: str) -> Iterator[Any]:
    for loader in LOADERS:
        yield yaml.load(text, Loader=loader)


def dumped(value: Any) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=1000)


def is_read(text: str, *, settings: bool = False) -> bool:
    try:
        read_sidecar(text.encode(), settings=settings)
    except RequestRejected:
        return False
    return True


def codes(text: str, *, settings: bool = False) -> set[str]:
    try:
        read_sidecar(text.encode(), settings=settings)
    except RequestRejected as rejected:
        return {problem.code for problem in rejected.problems}
    return set()


# --------------------------------------------------------------------------------------------------
# Form


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_a_schema_of_its_dialect(kind: str) -> None:
    schema = made(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].endswith(kind)
    assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize("kind", ["request", "settings"])
def test_every_reference_leads_somewhere(kind: str) -> None:
    schema = made(kind)
    named = set(re.findall(r'"\$ref": "#/\$defs/([^"]+)"', json.dumps(schema)))
    assert named <= schema["$defs"].keys()
    assert named


def described(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (node[key] for key in ("title", "description") if isinstance(node.get(key), str))
        for value in node.values():
            yield from described(value)
    elif isinstance(node, list):
        for value in node:
            yield from described(value)


@pytest.mark.parametrize("kind", ["request", "settings"])
def test_french_words_keep_their_blanks(kind: str) -> None:
    """No-break spaces before : ; ! ? and inside « », as everywhere else that an accountant reads."""
    told = list(described(made(kind)))
    assert any(f"{NBSP};" in text for text in told)
    for text in told:
        assert not re.search(r" [:;!?»]|« ", text), text
        assert "~" not in text


def test_french_words_are_daily_ones() -> None:
    told = " ".join(described(made("request"))) + " ".join(described(made("settings")))
    for word in (
        "sidecar",
        "transaction",
        "connecteur",
        "plateforme",
        "serveur",
        "erreur",
        "invalide",
        "YAML",
        "JSON",
    ):
        assert not re.search(rf"(?<!\.)\b{word}\b", told, re.IGNORECASE), word


# --------------------------------------------------------------------------------------------------
# The tables


def test_every_key_and_word_is_told() -> None:
    """A key or a word that is added to the grammar wants its sentence, and one that goes takes it along."""
    assert {f"{room}.{name}" for room in ROOMS for name in keys_of(room)} == KEYS.keys()
    tables = {
        "order": words.ORDERS,
        "send": words.WISHES,
        "level": words.LEVELS,
        "corner": words.CORNERS,
        "action": words.VERBS,
        "page": words.LAST_PAGE,
        "after_signing": words.AFTERWARDS,
    }
    told = {f"{room}.{name}" for room, table in tables.items() for name in table}
    assert told | words.YES_NO.keys() | words.NOBODY.keys() == WORDS.keys()


FORMS = [(room, name, form) for room in ROOMS for name, forms in keys_of(room).items() for form in forms]


COMPANIONS = {"x": {"y": 20}, "y": {"x": 20}, "occurrence": {"ancre": "ici"}, "offset": {"ancre": "ici"}}


def with_and_without(room: str, name: str, form: str, value: Any) -> tuple[Any, Any]:
    """Two files, in one of which a key stands where it belongs, with what it needs beside it."""
    if room == "request":
        base = {"note": "-"} if name in {"signatories", *words.SETTINGS_ONLY_KEYS} else {"signataires": MARIE}
        base = {"signataires": MARIE} if name == "note" else base
        return {**base, form: value}, base
    if room == "signatory":
        person = {"email": "marie.dupont@example.fr", "nom": "Martin", "mobile": "06 11 22 33 44"}
        kept = {key: one for key, one in person.items() if words.find(key, words.SIGNATORY_KEYS) != name}
        return {"signataires": {**kept, form: value}}, {"signataires": kept}
    base = {"signataires": MARIE}
    if room == "place":
        beside = COMPANIONS.get(name, {})
        without = {**base, "signature": beside} if "ancre" in beside else base
        return {**base, "signature": {**beside, form: value}}, without
    return {**base, "rappels": {form: value}}, base


def test_the_schemas_hold_every_form() -> None:
    listed: dict[str, set[str]] = {room: set() for room in ROOMS}
    for kind in ("request", "settings"):
        schema = made(kind)
        listed["request"] |= schema["properties"].keys()
        for room, shape in (("signatory", "person"), ("place", "place"), ("reminder", "reminders")):
            listed[room] |= schema["$defs"][shape]["properties"].keys()
    assert {(room, form) for room, _, form in FORMS} == {
        (room, form) for room in ROOMS for form in listed[room]
    }
    assert not set(words.REQUEST_KEYS["action"]) & made("settings")["properties"].keys()
    assert not set(words.SETTINGS_ONLY_KEYS["drop"]) & made("request")["properties"].keys()


@pytest.mark.parametrize(("room", "name", "form"), FORMS, ids=lambda part: str(part))
def test_every_key_is_acted_on(room: str, name: str, form: str) -> None:
    """With its own examples each key passes the schema, is read, and changes what is asked."""
    settings = room == "request" and name in words.SETTINGS_ONLY_KEYS
    for example in KEYS[f"{room}.{name}"].examples:
        whole, without = with_and_without(room, name, form, example)
        text = dumped(whole)
        for value in loaded(text):
            assert faults("settings" if settings else "request", value) == [], text
        read = read_sidecar(text.encode(), settings=settings)
        before = read_sidecar(dumped(without).encode(), settings=settings)
        assert meaning(read) != meaning(before), text


def meaning(request: SignatureRequest) -> object:
    """What a request asks for, without the lines at which it stands and which keys said so."""

    def bare(node: object) -> object:
        if isinstance(node, dict):
            return {
                key: bare(value) for key, value in node.items() if key not in {"line", "lines", "written"}
            }
        return [bare(one) for one in node] if isinstance(node, list) else node

    return bare(request.model_dump(mode="json"))


# --------------------------------------------------------------------------------------------------
# Shipped examples

MODELS = {
    "contacts": (True, "contacts:\n  expert-comptable: Claire Bernard <claire.bernard@example.fr> 06 98 76 54 32\n"),
    "letters": (True, "objet: Lettre de mission 2026\npuis: expert-comptable\nenvoi: non\n"),
    "one line": (False, "signataires: Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78\n"),
    "known": (False, "signataires: marie.dupont@example.fr\n"),
    "bare address": (False, "marie.dupont@example.fr\n"),
    "balance sheets": (True, "objet: Comptes annuels 2025\nordre: parallèle\n"),
    "two people": (
        False,
        "signataires:\n  - Paul Martin <paul.martin@example.fr> 06 11 22 33 44\n"
        "  - Julie Martin <julie.martin@example.fr> 07 81 22 33 44\n",
    ),
    "annexes by pattern": (False, "signataires: paul.martin@example.fr\nannexes: Annexe*.pdf\n"),
    "annexes by name": (
        False,
        "signataires: paul.martin@example.fr\nannexes:\n  - Annexe 1 - Tarifs.pdf\n"
        "  - Annexe 2 - Données personnelles.pdf\n  - Annexe 3 - Conditions générales.pdf\n",
    ),
    "places": (
        True,
        "signature: {près de: Signature du client}\npuis:\n  - contact: expert-comptable\n"
        "    signature: {près de: L'expert-comptable}\n",
    ),
    "six lines": (
        False,
        "signataires:\n  - email: marie.dupont@example.fr\n    prénom: Marie\n    nom: Dupont\n"
        "    téléphone: 06 12 34 56 78\n  - contact: expert-comptable\n",
    ),
}  # fmt: skip
"""The files of the accountant's page, sections 1.2 and 1.3."""


@pytest.mark.parametrize("model", MODELS)
def test_the_models_pass(model: str) -> None:
    settings, text = MODELS[model]
    for value in loaded(text):
        assert faults("settings" if settings else "request", value) == []
    assert is_read(text, settings=settings)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_shipped_models_pass(language: Literal["fr", "en"]) -> None:
    """Every model that lies in the folders for people to copy."""
    shipped = {name: data for name, data in models(language).items() if is_sidecar(name) or is_settings(name)}
    assert len(shipped) >= 4
    for name, data in shipped.items():
        for value in loaded(decode(data).text):
            assert faults("settings" if is_settings(name) else "request", value) == [], name


@pytest.mark.parametrize("block", yaml_blocks(GUIDE))
def test_the_guides_requests_pass(block: str) -> None:
    for value in loaded(block):
        assert not faults("request", value) or not faults("settings", value)


@pytest.mark.parametrize("line", re.findall(r"`((?:action|envoi): [^`]+)`", GUIDE))
def test_the_guides_lines_pass(line: str) -> None:
    for value in loaded(line):
        assert faults("request", value) == []


@pytest.mark.parametrize("text", [(ROOT / "config.example.yaml").read_text("utf-8"), *configurations()])
def test_the_configurations_pass(text: str) -> None:
    assert load_config(text).folders
    for value in loaded(text):
        assert faults("config", value) == []


@pytest.mark.parametrize("kind", ["request", "settings"])
def test_the_schemas_own_examples_pass(kind: str) -> None:
    for example in made(kind)["examples"]:
        assert faults(kind, example) == []
        assert is_read(dumped(example), settings=kind == "settings")


# --------------------------------------------------------------------------------------------------
# What plain loaders make of a text

AS_LOADED = [
    ("objet: 2026", "request"),
    ("objet: on", "request"),
    ("envoi: yes", "request"),
    ("envoi: no", "request"),
    ("envoi: Aperçu", "request"),
    ("logo: off", "request"),
    ("verrouiller: OUI", "request"),
    ("ordre: L’un apres l’autre", "request"),
    ("action: Relancer 2", "request"),
    ("action: deja partie", "request"),
    ("Signataires: x@example.fr", "request"),
    ("signataires: {email: a@example.fr, telephone: 0612345670, Prenom: Ève, nom:}", "request"),
    ("signataires: {email: a@example.fr, tél: 612345678.0}", "request"),
    ("signataires: {email: a@example.fr, mobile: +33612345678}", "request"),
    ("signature: {page: 2, x: 2.5, y: 10 %}", "request"),
    ("signature: [{PAGE: '2', x: 20mm, y: '2,5 cm'}, {coin: En bas à droite}]", "request"),
    ("signature: {ancre: ici, décalage: [10, -5], occurrence: '2'}", "request"),
    ("signature: {}", "request"),
    ("rappels: no", "request"),
    ("rappels: {premier: 3 jours, tous les: 1 semaine, maximum: 0}", "request"),
    ("puis: personne", "request"),
    ("annexes: no", "request"),
    ("- a@example.fr\n- b@example.fr", "request"),
    ("# rien", "settings"),
    ("dépôt: À signer", "settings"),
    ("depot: no", "settings"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), AS_LOADED)
def test_values_as_plain_loaders_read_them(text: str, kind: str) -> None:
    for value in loaded(text):
        passes = [one for one in ("request", "settings") if not faults(one, value)]
        assert kind in passes
    assert codes(text, settings=kind == "settings") == set()


def test_settings_of_nothing_at_all_are_more_than_a_schema_can_see() -> None:
    # A loader makes the same null of both; only the reader knows a file that a client has half saved.
    assert list(loaded("")) == list(loaded("# rien"))
    assert codes("", settings=True) == {"settings_empty"}
    assert codes("# rien", settings=True) == set()


REFUSED = [
    ("obget: x", "request"),
    ("paraphe: oui", "request"),
    ("langue: fr", "request"),
    ("copies: a@example.fr", "request"),
    ("contacts: {a: b@example.fr}", "request"),
    ("dépôt: x", "request"),
    ("email: a@example.fr", "request"),
    ("signataires: {courriel: a@example.fr, objet: x}", "request"),
    ("signature: {angle: 3}", "request"),
    ("rappels: {jamais: oui}", "request"),
    ("envoi: peut-être", "request"),
    ("ordre: au hasard", "request"),
    ("action: danser", "request"),
    ("objet:", "request"),
    ("signature: {page: 0}", "request"),
    ("signature: {page: un}", "request"),
    ("signature: {x: 3 miles, y: 2}", "request"),
    ("signature: {coin: milieu}", "request"),
    ("signature: {près de: a, décalage: 12}", "request"),
    ("rappels: {premier: demain}", "request"),
    ("documents: ../x.pdf", "request"),
    ("signataires: []", "request"),
    ("action: relancer", "settings"),
    ("contacts: {a: {contact: b}}", "settings"),
    ("bonjour", "request"),
    ("", "request"),
]


@pytest.mark.parametrize(("text", "kind"), REFUSED)
def test_what_the_schema_refuses_the_reader_refuses(text: str, kind: str) -> None:
    for value in loaded(text):
        assert faults(kind, value), text
    assert not is_read(text, settings=kind == "settings")


SPELLED = st.sampled_from([(room, form) for room, _, form in FORMS]).flatmap(
    lambda pair: st.tuples(
        st.just(pair[0]),
        st.lists(
            st.sampled_from(["", " ", "_", "-", "’", "'", "\u0301"]), min_size=len(pair[1]), max_size=len(pair[1])
        ).map(lambda marks: "".join(char + mark for char, mark in zip(pair[1], marks, strict=True))),
        st.sampled_from([str.lower, str.upper, str.title, str.swapcase]),
    )
)  # fmt: skip


@given(SPELLED)
def test_every_spelling_that_is_read_passes(drawn: tuple[str, str, Any]) -> None:
    """Accents, case, blanks, hyphens and apostrophes are the same to both."""
    room, written, change = drawn
    table = keys_of(room)
    written = change(written)
    name = words.find(written, table)
    if name is not None:
        exact = written in table[name]
        assert exact or re.search(loose(table[name]), written)


@given(st.text(st.characters(codec="latin-1"), max_size=12))
def test_a_key_that_the_schema_refuses_is_none(written: str) -> None:
    """And an unknown one passes nowhere."""
    for room in ROOMS:
        table = keys_of(room)
        passes = any(written in forms or re.search(loose(forms), written) for forms in table.values())
        assert passes or words.find(written, table) is None


# --------------------------------------------------------------------------------------------------
# The administrator's file


def keys_in(node: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.get("properties", {}).items():
        path = f"{above}{key}"
        yield path, value
        yield from keys_in(value, f"{path}.")
        if isinstance(value.get("additionalProperties"), dict):
            yield from keys_in(value["additionalProperties"], f"{path}.*.")


def test_every_key_of_the_file_stands_in_it() -> None:
    """Each key of the models that is acted on, with its sentence; what is refused by name is not offered."""
    found = {
        path: value
        for path, value in keys_in(made("config"))
        if path.rsplit(".", 1)[-1] not in {"credential", "env"}
    }
    refused = {row.path for row in NOT_ACTED_ON if not (row.acted_on("status") or row.acted_on("sqlite://x"))}
    refused |= {f"folders.*.{path}" for path in refused if path.startswith("policy.")}
    wanted = {path for path in every_key() if path not in refused}
    assert wanted <= found.keys()
    assert not refused & found.keys()
    assert set(every_key()) == TOLD.keys()
    assert all(value["description"] == TOLD[path] for path, value in found.items() if path in TOLD)


def test_defaults_are_written_as_in_the_file() -> None:
    found = dict(keys_in(made("config")))
    shown = {path: value["default"] for path, value in found.items() if "default" in value}
    assert shown["polling.platform"] == "2min"
    assert shown["policy.remember_contacts"] == "400d"
    assert shown["accounts.*.max_sends_per_day"] == 60
    for path, value in shown.items():
        assert not list(jsonschema.Draft202012Validator(found[path]).iter_errors(value)), path


LEAST = """\
config_version: 1
servers: {dms: {url: "https://cloud.example/dav/", user: u, password: {env: PW}}}
platform: {url: "https://sign.example/", shortcut: x, secret: {env: S}}
accounts: {lyon: {sender: Cabinet, owner: chef@lyon.example}}
folders: {letters: {server: dms, path: /Lettres/, account: lyon}}
"""
BAD_CONFIGURATIONS = [
    ("pasword: x", "url: \"https", "pasword: x, url: \"https"),
    ("plain secret", "password: {env: PW}", "password: secret"),
    ("two places", "{env: PW}", "{env: PW, file: /x}"),
    ("unit", "folders:", "policy: {remember_contacts: 4}\nfolders:"),
    ("both", "account: lyon}", "account: lyon, accounts: [lyon]}"),
    ("no account", ", account: lyon}", "}"),
    ("ceiling", "account: lyon}", "account: lyon, send: always}"),
    ("version", "config_version: 1", "config_version: 7"),
    ("path", "path: /Lettres/", "path: Lettres"),
    ("metrics", "folders:", "metrics: 0.0.0.0:9469\nfolders:"),
    ("quiet", "folders:", "policy: {quiet_hours: \"at night\"}\nfolders:"),
    ("occasion", "folders:", "hooks: {chat: {url: \"https://chat.example/x\", events: [always]}}\nfolders:"),
    ("digest", "folders:", "mail: {relay: smtp://r.example, from: a@b.fr, admin: a@b.fr, digest: noon}\nfolders:"),
    ("follow", "shortcut: x", "shortcut: x, follow: none"),
    ("url", "https://sign.example/", "ftp://sign.example/"),
    ("name", "lyon: {sender", "\"ly on\": {sender"),
    ("empty", "account: lyon}", "account: lyon, policy: {levels: []}}"),
    ("nothing", "account: lyon}", "account: lyon, send: }"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"), [row[1:] for row in BAD_CONFIGURATIONS], ids=[row[0] for row in BAD_CONFIGURATIONS]
)
def test_what_the_schema_refuses_check_config_refuses(old: str, new: str) -> None:
    assert old in LEAST
    text = LEAST.replace(old, new, 1)
    for value in loaded(text):
        assert faults("config", value)
    assert read_config(text).config is None


def test_the_least_configuration_passes_however_it_is_quoted() -> None:
    more = "policy: {levels: advanced, refuse_domains: [x.example], max_sends_per_hour: '10', remember_contacts: 0d}\n"
    for text in (
        LEAST,
        LEAST + more,
        LEAST.replace("user: u", "user: {file: /x}").replace("config_version: 1", "config_version: '1'"),
    ):
        for value in loaded(text):
            assert faults("config", value) == []
        assert read_config(text).config is not None


def test_a_file_in_parts() -> None:
    """What is needed may stand in what is included; a part needs nothing, and includes nothing."""
    main = next(iter(loaded("config_version: 1\ninclude: conf.d/*.yaml\n")))
    assert faults("config", main) == []
    assert faults("config", {"config_version": 1}) != []
    assert faults("config", {"include": "conf.d/*.yaml"}) != []
    for key in ("servers", "accounts", "folders", "platform"):
        part = next(iter(loaded("\n".join(line for line in LEAST.splitlines() if line.startswith(key)))))
        assert faults("config-part", part) == []
        assert faults("config", part) != []
    assert faults("config-part", {"include": "x.yaml"}) != []
    assert faults("config-part", {"folder": {}}) != []


def test_the_schemas_limits_are_those_in_force() -> None:
    assert Contract().terms.subject_length == SUBJECT_LENGTH
    assert values._NAME.pattern == NAME_PATTERN.strip("^$")
