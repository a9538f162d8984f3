"""Spaces, dates and line ends (ux page section 2.1)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.report import typography as type_

PARIS = ZoneInfo("Europe/Paris")


def shown(text: str) -> str:
    """No-break spaces as ``~``, so that a reader sees them."""
    return text.replace("\u00a0", "~")


def test_our_words_get_their_no_break_spaces_before_values_arrive() -> None:
    """The template is spaced; a value that looks like a template is left as it is."""
    said = type_.say("« {name} » : attention ! Page~{page} ; fin ?", name="a : b ! « c »", page=4)
    assert said.replace(type_.TIE, " ") == (
        "«\u00a0a : b ! « c »\u00a0»\u00a0: attention\u00a0! Page\u00a04\u00a0; fin\u00a0?"
    )


def test_spacing_twice_changes_nothing() -> None:
    """The function is idempotent, so nested words are safe."""
    once = type_.spaced("« a » : b ; c ! d ?")
    assert type_.spaced(once) == once
    assert type_.spaced("https://x.fr/a:b") == "https://x.fr/a:b"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 11, 23, 9, 42, tzinfo=UTC), "23~novembre~2026 à 10~h~42"),
        (datetime(2026, 12, 1, 15, 5, tzinfo=UTC), "1er~décembre~2026 à 16~h~05"),
        (datetime(2028, 2, 29, 22, 59, tzinfo=UTC), "29~février~2028 à 23~h~59"),
        (datetime(2028, 2, 29, 23, 0, tzinfo=UTC), "1er~mars~2028 à 0~h~00"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "29~mars~2026 à 1~h~59"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "29~mars~2026 à 3~h~00"),
        (datetime(2026, 10, 24, 23, 59, tzinfo=UTC), "25~octobre~2026 à 1~h~59"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "25~octobre~2026 à 2~h~30 (heure d’été)"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "25~octobre~2026 à 2~h~30 (heure d’hiver)"),
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), "25~octobre~2026 à 3~h~00"),
        (datetime(2027, 3, 28, 0, 59, tzinfo=UTC), "28~mars~2027 à 1~h~59"),
        (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "28~mars~2027 à 3~h~30"),
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), "31~décembre~2026 à 23~h~59"),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "1er~janvier~2027 à 0~h~30"),
    ],
)
def test_a_moment_is_told_by_the_clocks_of_the_zone(moment: datetime, expected: str) -> None:
    """Summer time, leap days and midnight are those of the people who read."""
    assert shown(type_.on_day_at(moment, PARIS).replace(type_.TIE, " ")) == expected


def test_english_dates_and_hours() -> None:
    """English says the same day and hour in its own form."""
    moment = datetime(2026, 12, 1, 8, 5, tzinfo=UTC)
    assert shown(type_.on_day_at(moment, PARIS, "en").replace(type_.TIE, " ")) == "1~December~2026 at 9:05"


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("Europe/Paris", "2:30 (summer time)", "2:30 (winter time)"),
        # Irish law calls winter the season that is set back: people do not.
        ("Europe/Dublin", "1:30 (summer time)", "1:30 (winter time)"),
    ],
)
def test_an_hour_that_comes_twice_is_told_apart_in_english_too(zone: str, before: str, after: str) -> None:
    """Two moments of one night are never told in the same words."""
    night = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    told = [type_.at_time(night.replace(hour=hour), ZoneInfo(zone), "en") for hour in (0, 1)]
    assert [each.replace(type_.TIE, " ") for each in told] == [before, after]


def test_an_hour_that_comes_twice_without_a_season_names_its_zone() -> None:
    """Volgograd went back for good: there the offset tells the two apart."""
    zone, night = ZoneInfo("Europe/Volgograd"), datetime(2020, 12, 26, 21, 30, tzinfo=UTC)
    told = [shown(type_.at_time(each, zone)) for each in (night, night.replace(hour=22))]
    assert told == ["1~h~30 (UTC+0400)", "1~h~30 (UTC+0300)"]


MONTHS = {name: n for names in type_._MONTHS.values() for n, name in enumerate(names, start=1)}
HOUR = re.compile(r"(\d+)(?::| h )(\d\d)(?: \((?:heure d’)?(été|hiver|summer|winter)(?: time)?\))?$")


def read_again(told: str, zone: ZoneInfo) -> datetime:
    """What a person understands by a day and an hour."""
    day, month, year, _, hour = told.replace("\u00a0", " ").replace(type_.TIE, " ").split(" ", 4)
    found = HOUR.fullmatch(hour)
    assert found is not None
    return datetime(
        int(year),
        MONTHS[month],
        int(day.removesuffix("er")),
        int(found[1]),
        int(found[2]),
        tzinfo=zone,
        fold=int(found[3] in {"hiver", "winter"}),
    )


NIGHTS = st.sampled_from([date(2026, 10, 25), date(2027, 3, 28), date(2028, 2, 29), date(2026, 12, 31)])
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
MOMENTS = st.one_of(
    st.integers(0, 17 * 365 * 24 * 60).map(lambda minutes: EPOCH + timedelta(minutes=minutes)),
    st.builds(
        lambda night, minutes: (
            datetime(night.year, night.month, night.day, tzinfo=UTC) + timedelta(minutes=minutes)
        ),
        NIGHTS,
        st.integers(-120, 240),
    ),
)


ZONES = st.sampled_from(["Europe/Paris", "America/Martinique", "Europe/Dublin"])


@given(MOMENTS, ZONES, st.sampled_from(["fr", "en"]))
def test_what_is_told_of_a_moment_is_that_moment(
    moment: datetime, zone: str, language: type_.Language
) -> None:
    """Read back by the clocks of the zone, day and hour give the very minute, in every night of every year."""
    there = ZoneInfo(zone)
    assert read_again(type_.on_day_at(moment, there, language), there).astimezone(UTC) == moment


@given(st.dates(date(2020, 1, 1), date(2199, 12, 31)), st.sampled_from(["fr", "en"]))
def test_what_is_told_of_a_day_is_that_day(day: date, language: type_.Language) -> None:
    """« 1er » for the first only; 29 February as any other; the year is never lost."""
    number, month, year = shown(type_.day_text(day, language)).split("~")
    assert date(int(year), MONTHS[month], int(number.removesuffix("er"))) == day
    assert number.endswith("er") == (language == "fr" and day.day == 1)


def test_a_naive_moment_is_refused() -> None:
    """A moment without a zone would be told an hour wrong."""
    with pytest.raises(ValueError, match="zone"):
        type_.on_day(datetime(2026, 1, 1), PARIS)  # noqa: DTZ001


def test_several_days_share_their_year_when_they_can() -> None:
    """« le 28 novembre et le 2 décembre 2026 »; two years are both said; one day stands alone."""
    days = [datetime(2026, 12, 2, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC)]
    assert shown(type_.on_days(days, PARIS)) == "le 28~novembre et le 2~décembre~2026"
    over = [datetime(2026, 12, 30, tzinfo=UTC), datetime(2027, 1, 3, tzinfo=UTC)]
    assert shown(type_.on_days(over, PARIS)) == "le 30~décembre~2026 et le 3~janvier~2027"
    assert shown(type_.on_days(days[:1], PARIS, article="du")) == "du 2~décembre~2026"


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_its_name(month: int) -> None:
    """« 1er » for the first day only."""
    assert shown(type_.day_text(date(2026, month, 1))).startswith("1er~")
    assert shown(type_.day_text(date(2026, month, 2))).startswith("2~")


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=90), max_size=12))
def test_no_line_is_ever_wider_and_no_word_of_ours_is_lost(values: list[str]) -> None:
    """Whatever the values, lines keep the width, and short words come out in order."""
    words = type_.Words(" ".join([*(type_.whole(value) for value in values), "fin"]))
    lines = type_.wrap(words, first="  • ", rest="    ", width=74)
    assert all(len(line) <= 74 for line in lines)
    assert lines[-1].endswith("fin")


@given(st.integers(1, 70), st.integers(1, 40))
def test_a_whole_value_is_never_torn(filler: int, size: int) -> None:
    """A name of two words stands on one line, wherever it falls."""
    name = "M" * size + " D"
    lines = type_.wrap(type_.say("{filler} {name} suite", filler="x" * filler, name=name))
    assert any(name in line for line in lines)


def test_a_colon_keeps_the_word_that_follows() -> None:
    """No line ends with a colon in the middle of a sentence."""
    lines = type_.wrap(type_.spaced("aaaa bbbb : cccc dddd"), width=12)
    assert [shown(line) for line in lines] == ["aaaa", "bbbb~: cccc", "dddd"]


def test_a_long_value_loses_its_middle() -> None:
    """Beginning and suffix of a file name are what people recognise."""
    assert type_.shorten("Lettre de mission DUPONT.pdf", 15) == "Lettre…ONT.pdf"
    assert type_.shorten("court", 15) == "court"


@given(st.text(max_size=200), st.integers(3, 120))
def test_shortening_keeps_the_limit(value: str, limit: int) -> None:
    """Never one character too many."""
    assert len(type_.shorten(value, limit)) <= limit
    assert len(type_.cut(value, limit)) <= limit


def test_a_typed_line_has_plain_spaces_only() -> None:
    """It is copied and pasted: no no-break space may travel with it."""
    assert type_.typed("objet:\u00a0Lettre\u202fde mission") == "        objet: Lettre de mission"


@given(st.text())
def test_a_clean_value_can_be_written_and_stays_on_one_line(value: str) -> None:
    """No value can break a line, reverse the text or fail to encode."""
    flat = type_.clean(value)
    flat.encode("utf-8")
    assert len(flat.splitlines()) <= 1
    assert type_.TIE not in flat
