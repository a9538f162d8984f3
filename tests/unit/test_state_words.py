"""Which of the state words tell an end: a status that came along says whether it is to be written anew."""

from __future__ import annotations

import pytest

from connector.report import words

ENDS = [words.SIGNED, words.REFUSED, words.EXPIRED, words.CANCELLED, words.TO_CHECK]


@pytest.mark.parametrize("language", [0, 1])
@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f"])
def test_which_words_tell_an_end(language: int, space: str) -> None:
    """As they stand in a file, with its byte order mark and whatever space stands between the words."""
    told = [
        pair
        for pair in words.ALL
        if words.tells_an_end(f"\ufeff{pair[language]} – le 3 mars\r\n".replace(" ", space))
    ]
    assert sorted(told) == sorted(ENDS)


def test_what_is_no_status_tells_none() -> None:
    """Nothing, and a person's words, also where they hold one of ours."""
    assert not any(map(words.tells_an_end, ["", "\ufeff", "Vu. SIGNÉ", "signé"]))
