"""Doctor on servers that are not ours: all that the connector needs is there, and nothing of the trials is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.ports import Href
from tests import doctors
from tests.contract.folders import Running
from tests.worlds import ROOT

WEAK = {"nginx": {"JSE-D12", "JSE-D11"}, "apache": set(), "sabre": set(), "wsgidav": set()}
"""What each is known to be weak in, beside having no versions."""


@pytest.mark.parametrize(
    "kind",
    [
        "wsgidav",
        pytest.param("apache", marks=pytest.mark.apache),
        pytest.param("nginx", marks=pytest.mark.nginx),
        pytest.param("sabre", marks=pytest.mark.sabre),
        pytest.param("nextcloud", marks=pytest.mark.nextcloud),
    ],
)
def test_all_is_found_and_nothing_left(running: Running, tmp_path: Path, kind: str) -> None:
    backend = running.backend(kind)
    (tmp_path / "pw").write_text(backend.password)
    (tmp_path / "state").mkdir()
    with backend.fresh() as fresh:
        fresh.folder.make_folder(Href(f"/{ROOT}/"))
        url = fresh.folder._root.url(Href("/"))  # type: ignore[attr-defined]
        group = doctors.at_server(doctors.alone(tmp_path, url, backend.user))
        left = fresh.folder.list(Href(f"/{ROOT}/")).entries
        fresh.folder.delete(Href(f"/{ROOT}/"))
    told = doctors.text(group)
    assert doctors.failures(group) == [], told
    assert left == ()
    assert "registry writable" in told
    assert "names é, ', #, %" in told
    if kind == "nextcloud":
        assert group.title.startswith("Nextcloud ")
        assert (
            "stale write refused 3 of 3; create-only kept 3 of 3; new version keeps file id and history"
            in told
        )
    else:
        assert set(doctors.codes(group)) - {"JSE-D19"} == {"JSE-D28"} | WEAK[kind], told
