"""The words of a survey name the close in force: a round that is extended makes nothing that people read untrue."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape

import pytest
from sqlmodel import select

from consensus import models, steps
from consensus.cli.main import main
from tests.test_delphi import delphi_folder
from tests.visiting import EXAMPLE, Visitor, at_the_door, open_interim, reformed

DOOR = "/s/lanternfield/gather"
ROUND = "lanternfield-gather-1"
LATER = datetime(2026, 5, 4, 16, tzinfo=UTC)
TOLD = {
    "en": ("Monday 20 April 2026 at 17:00", "Monday 4 May 2026 at 17:00", "Monday 4 May 2026 at 17:30"),
    "cy": ("20 Ebrill 2026", "4 Mai 2026 am 17:00", "4 Mai 2026 am 17:30"),
    "ar": ("20 أبريل 2026", "4 مايو 2026", "17:30"),
}


def dated_folder(folder):
    """Write the example with the close written out in the words of the first survey, and return the folder."""
    reformed(folder, "ranked", "rank")
    text = (folder / "gather.toml").read_text(encoding="utf-8")
    for before, close in (
        ("on", "on 20 April 2026"),
        ("gau,", "gau ar 20 Ebrill"),
        ("الاستبيان،", "في 20 أبريل 2026"),
    ):
        assert f"{before} {{closes}}" in text
        text = text.replace(f"{before} {{closes}}", close)
    (folder / "gather.toml").write_text(text, encoding="utf-8")
    return folder


def extended(db, clock):
    return steps.extend_round(db, ROUND, LATER, by="tester", why="post was late", now=clock())


@pytest.mark.parametrize("language", TOLD)
@pytest.mark.parametrize("path", [DOOR, "/print/lanternfield/gather"])
def test_every_language_of_page_and_paper_names_the_close_in_force(gathering, path, language):
    client, db, clock = gathering
    before = unescape(client.get(f"{path}?lang={language}").text)
    extended(db, clock)
    after = unescape(client.get(f"{path}?lang={language}").text)

    close, later, parted = TOLD[language]
    assert close in before
    assert close not in after
    assert later in after
    assert parted in after
    assert "{" not in after


def test_who_agreed_before_the_round_was_extended_need_not_agree_again(gathering):
    client, db, clock = gathering
    visitor = Visitor(client, DOOR).press(a__consent="yes").press("next", a__group="public")
    extended(db, clock)
    visitor.press("next", a__q="Does sleep help?").press("next").press()

    with db.reading() as session:
        (response,) = session.exec(select(models.Response))
    assert visitor.path.endswith("/receipt")
    assert response.survey_hash == steps.protocol(db, "lanternfield").gather.hash


def test_a_round_closed_early_says_when_in_the_same_words(gathering):
    client, db, clock = gathering
    page = Visitor(client, DOOR).page.text
    clock.pass_by(days=1)
    steps.extend_round(db, ROUND, datetime(2026, 3, 9, 12, tzinfo=UTC), by="tester", why="", now=clock())

    assert "until the survey closes, on Monday 20 April 2026 at 17:00 (Europe/London)." in page
    assert "until the survey closes, on Monday 9 March 2026 at 12:00 (Europe/London)." in client.get(DOOR).text


def test_where_rounds_follow_the_words_name_the_end_of_the_last(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home", delphi_folder(tmp_path / "folder"))
    open_interim(db, clock, count=3)
    page = client.get("/s/lanternfield/interim").text
    db.close()

    assert "survey closes, on Monday 27 July 2026 at 17:00" in page
    assert "After Monday 31 August 2026 at 17:00" in page


def test_check_names_each_text_that_writes_the_close_out(tmp_path, capsys):
    status = main(["check", str(dated_folder(tmp_path / "folder"))])
    told = capsys.readouterr().out

    assert status == 0
    for language, day in (("en", "20 April"), ("cy", "20 Ebrill"), ("ar", "20 أبريل")):
        assert f"gather.toml: items.2.label writes out the close in '{language}', {day}, which goes stale" in told


def test_check_names_what_no_instant_is_known_by(tmp_path, capsys):
    folder = dated_folder(tmp_path / "folder")
    text = (folder / "gather.toml").read_text(encoding="utf-8").replace("on 20 April 2026", "on {close}")
    (folder / "gather.toml").write_text(text, encoding="utf-8")
    main(["check", str(folder)])

    assert "gather.toml: items.2.label has {close}, which the pages show as it stands" in capsys.readouterr().out


def test_check_has_nothing_to_say_of_the_example(capsys):
    main(["check", str(EXAMPLE)])

    assert "{closes}" not in capsys.readouterr().out


def test_extending_a_round_tells_which_words_still_name_the_close_of_before(tmp_path, gathering):
    _client, example, clock = gathering
    _other, db, _clock = at_the_door(tmp_path / "other", dated_folder(tmp_path / "folder"), clock)
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    told = extended(db, clock).done
    db.close()

    assert "still read the close of before in gather.toml: items.2.label (en), items.2.label (cy)" in told
    assert "still read" not in extended(example, clock).done
