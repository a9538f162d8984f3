"""The first line of a request that the connector wrote (accountant's page, 1.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sidecar.origin import Origin, born_of, drop_line, list_line
from connector.sidecar.reading import read_sidecar

ONE = "signataires: Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78\n"


def test_the_lines_as_people_see_them() -> None:
    """Exactly those of the page, in both languages."""
    assert list_line("_signataires.xlsx", 12, "fr") == "# créé d'après « _signataires.xlsx », ligne 12"
    assert list_line("_signataires.csv", 2, "en") == "# made from “_signataires.csv”, line 2"
    assert drop_line("À signer", "fr") == "# créé d'après le dossier « À signer »"
    assert drop_line("À signer", "en") == "# made from the folder “À signer”"


@pytest.mark.parametrize(
    ("first", "born"),
    [
        ("# créé d'après « _signataires.xlsx », ligne 12", "list"),
        ("\ufeff# créé d’après «\u00a0_signataires.xlsx\u00a0», ligne 12  ", "list"),
        ("# made from “_signataires.xlsx”, line 12", "list"),
        ("# créé d'après le dossier « À signer »", "drop"),
        ('# made from the folder "À signer"', "drop"),
        ("# créé d'après « _signataires.xlsx »", None),
        ("# créé d'après un modèle", None),
        ("# ma demande", None),
        ("", None),
        ("\n# créé d'après « _signataires.xlsx », ligne 12", None),
        ("objet: x # créé d'après « _signataires.xlsx », ligne 12", None),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_only_the_first_line_tells(first: str, born: Origin | None, end: str) -> None:
    """A person who removes or moves the line makes an ordinary request of it; editors may change its blanks."""
    text = f"{first}{end}{ONE}"
    assert born_of(text) == born
    for encoding in ("utf-8", "utf-16", "cp1252"):
        if first.isascii() or (encoding != "cp1252" and "“" not in first):
            assert read_sidecar(text.replace("\ufeff", "").encode(encoding)).born_of == born


def test_a_request_of_a_drop_folder_may_hold_nothing_else() -> None:
    """Its signatories are those of the settings; a file that a person left empty is none."""
    request = read_sidecar(drop_line("À signer", "fr").encode())
    assert (request.born_of, request.signatories, request.lines) == ("drop", (), {})
    assert read_sidecar(drop_line("À signer", "fr").encode(), settings=True).born_of is None


@given(st.text(max_size=60), st.integers(1, 500), st.sampled_from(["fr", "en"]))
def test_whatever_the_name_it_stays_one_line(name: str, row: int, language: str) -> None:
    """A name with line breaks or quotes of its own cannot write a line of the request."""
    name = f"x{name}x"
    for line, born in ((list_line(name, row, language), "list"), (drop_line(name, language), "drop")):
        assert born_of(line) == born
        request = read_sidecar(f"{line}\n{ONE}".encode())
        assert (request.born_of, request.lines) == (born, {"signatories": 2})
