"""What a partnership publishes: the page, the plots and the spreadsheet of a realistic, made-up partnership."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import zipfile
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from consensus.agreement import agree
from consensus.firmness import stress
from consensus.interim import check_ballots, rank_interim, shortlist
from consensus.protocol import Protocol, read_protocol
from consensus.report.cells import cut_for_cells, from_cell, join_words, split_words
from consensus.report.content import Material, Published, publication
from consensus.report.drawing import text_width, wrap
from consensus.report.figures import report_drawings
from consensus.report.page import DECISIONS_IN_WORDS, render_report, write_report
from consensus.report.plots import plot_rounds, plot_taking_part
from consensus.report.spreadsheet import WORDS, question_rows, read_spreadsheet, write_spreadsheet
from consensus.report.suppression import TOTAL
from consensus.report.tables import count_people_behind, count_set_aside
from consensus.report.words import publish_words
from consensus.vocabulary import COLUMNS, DECISION_KINDS, empty
from consensus.workbooks import CELL_UNITS, to_cell
from tests.browser import chromium, resize

EXAMPLE = Path(__file__).resolve().parents[1] / "surveys" / "lanternfield"
NOW = datetime(2026, 10, 2, 9, 30, tzinfo=UTC)
THEMES = (
    "sleep problems", "waiting for talking therapies", "coming off antidepressants", "loneliness in later life",
    "the first signs of psychosis", "support for young carers", "physical health of people on antipsychotics",
    "self-harm in schools", "employment after a breakdown", "housing and recovery", "racism in services",
    "trauma after childbirth", "gambling and debt", "crisis care at night", "peer support", "menopause and mood",
    "autism and anxiety", "continuity of care", "stigma at work", "online therapy",
)  # fmt: skip
FORMS = (
    "What helps people most with {}, and for whom does it not work?",
    "How can services, families and neighbourhoods together prevent {} from becoming worse over the years, especially "
    "among people who have been let down before?",
    "Why {}?",
)
BALLOTS = {
    "lived_experience": 182,
    "family_carers": 96,
    "academic_researchers": 61,
    "practitioners": 104,
    "commissioners": 24,
    "policy_makers": 17,
    "public": 143,
}


@cache
def example_protocol() -> Protocol:
    return read_protocol(EXAMPLE)


def material(ballots=None, seed=5, small_cells=10, **changes) -> Material:
    """Return a partnership of sixty questions whose groups differ in what they favour."""
    random = np.random.default_rng(seed)
    protocol = example_protocol()
    protocol = protocol.model_copy(
        update={"publication": protocol.publication.model_copy(update={"small_cells": small_cells})}
    )
    ballots = dict(BALLOTS if ballots is None else ballots)
    wordings = [form.format(theme) for theme in THEMES for form in FORMS]
    ids = [f"q{hashlib.sha256(wording.encode()).hexdigest()[:12]}" for wording in wordings]
    submissions, lineage, set_aside = _submissions(random, ids, ballots)
    questions = pd.DataFrame(
        {
            "question_id": ids,
            "wording": wordings,
            "category": [protocol.categories[i % len(protocol.categories)].id for i in range(len(ids))],
            "status": "open",
            "submissions": lineage["question_id"].value_counts().reindex(ids).to_numpy(),
            "respondents": 1,
        }
    )
    ranked = rank_interim(
        check_ballots(_ballots(random, ids, ballots), ids, list(protocol.shares), max_choices=10), ids, protocol
    )
    chosen = shortlist(ranked, size=25)
    order = list(chosen.index)
    final = [order[i] for i in np.argsort(np.arange(len(order)) + random.normal(0, 4, len(order)))]
    made = Material(
        protocol=protocol,
        answers=submissions.assign(text="").rename(columns={"submission_id": "x"}),
        submissions=submissions,
        identifiers=empty("identifiers"),
        questions=questions,
        lineage=lineage,
        set_aside=set_aside,
        decisions=_decisions(lineage, wordings, ids),
        ranking=ranked.ranking,
        shortlist=chosen,
        ballots=ranked.counts["ballots"].to_dict(),
        sensitivity={name: table for name, table in ranked.sensitivity.items() if name != protocol.ranking.rule},
        leave_one_out=ranked.leave_one_out,
        skipped=ranked.skipped,
        firmness=stress(ranked.tally, shares=protocol.shares, replicates=200, seed=1),
        agreement=agree(ranked.tally, replicates=50, seed=1),
        final=pd.DataFrame({"rank": range(1, len(final) + 1), "tied": False}, index=final),
        rounds=_rounds(),
        digests={"ballots": ranked.digest},
        not_counted={"late": 3, "in quarantine": 14},
        published_at=NOW,
    )
    return dataclasses.replace(made, **changes)


def _submissions(random, ids, ballots):
    rows = []
    weights = random.dirichlet(np.ones(len(ids)) * 1.2)
    number = 0
    for group, count in ballots.items():
        for person in range(int(count * 0.7)):
            for _ in range(random.integers(1, 4)):
                number += 1
                question = ids[random.choice(len(ids), p=weights)] if random.random() > 0.1 else ""
                rows.append((f"s{number:012x}", f"{group}-{person}", group, question, f"My words, number {number}"))
    rows += [(f"s{10**6 + i:012x}", f"first-{i}", "public", q, f"Asked first about {q}") for i, q in enumerate(ids)]
    frame = pd.DataFrame(rows, columns=["submission_id", "response_id", "group", "question_id", "text"])
    submissions = frame.assign(answer_id="a" + frame["submission_id"], start=0, end=frame["text"].str.len(), status="")
    linked = frame[frame["question_id"] != ""]
    aside = frame[frame["question_id"] == ""]
    reasons = ["out of scope", "a story without a question", "thanks or greeting"]
    set_aside = pd.DataFrame(
        {
            "submission_id": aside["submission_id"],
            "reason": [reasons[min(i % 5, 2)] for i in range(len(aside))],
            "by": "Ada",
            "at": NOW,
        }
    )
    lineage = linked[["question_id", "submission_id"]].sort_values(["question_id", "submission_id"])
    return submissions[list(COLUMNS["submissions"])], lineage.reset_index(drop=True), set_aside


def _ballots(random, ids, ballots):
    common = random.normal(0, 1, len(ids))
    rows = []
    for group, count in ballots.items():
        liking = common + random.normal(0, 0.8, len(ids))
        for person in range(count):
            first = np.argsort(-(liking + random.gumbel(0, 1, len(ids))))[:10]
            rows += [(f"{group}{person}", group, ids[q], place) for place, q in enumerate(first, start=1)]
    return pd.DataFrame(rows, columns=["ballot", "group", "question", "value"])


def _decisions(lineage, wordings, ids):
    rows = [("same_question", q, {"submissions": [], "wording": w, "category": ""}, "scripted reviewer") for q, w in
            zip(ids, wordings, strict=True)]  # fmt: skip
    rows += [("unanswered", q, {"searched": "Cochrane Library, June 2026"}, "Ada") for q in ids[:40]]
    rows += [("approval", "interim-1", {"decision": "approve"}, "Ada"), ("plenary_move", ids[4], {"to": 3}, "Ada")]
    return decisions(*rows)


def decisions(*rows):
    """Return a decisions frame from (kind, subject, value, by)."""
    return pd.DataFrame(
        [(f"d{number}", kind, subject, value, by, NOW, "because") for number, (kind, subject, value, by) in
         enumerate(rows)],
        columns=list(COLUMNS["decisions"]),
    )  # fmt: skip


def _rounds():
    def at(month, day, hour=8):
        return datetime(2026, month, day, hour, tzinfo=UTC)

    rows = [
        ("lanternfield-gather-1", "gather", "closed", at(2, 2), at(4, 20), 30, at(4, 20, 9), ""),
        ("lanternfield-interim-1", "interim", "ranked", at(6, 15), at(7, 27), 30, at(7, 27, 9), "interim-1"),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["rounds"]))


@cache
def example() -> Published:
    return publication(material())


@cache
def example_page() -> str:
    return render_report(example())


class Page(HTMLParser):
    """What a browser or a screen reader finds on a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.style = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if "style" in self.open:
            self.style += data
        else:
            self.text.append(data)

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def test_the_page_opens_with_the_top_ten_in_order_each_with_every_groups_position():
    published = example()

    words = Page(example_page()).words

    places = [words.index(published.questions.at[question, "wording"]) for question in published.top]
    assert len(published.top) == 10
    assert places == sorted(places)
    first = published.positions.loc[published.top[0]]
    listed = " ".join(f"{published.groups.at[g, 'short']} {p:g}" for g, p in first.items())
    assert listed in words


def test_a_screen_reader_finds_its_way_about_the_page():
    page = Page(example_page())

    assert page.all("html")[0]["lang"] == "en"
    assert [len(page.all(tag)) for tag in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert all(a["href"].removeprefix("#") in ids for a in page.all("a"))
    assert all(a["aria-labelledby"] in ids for a in page.all("section"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(a.get("scope") for a in page.all("th"))
    assert all(len(a["alt"]) > 40 for a in page.all("img"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_hostile_words_are_shown_as_words():
    wording = "<script>alert(1)</script><img src=x onerror=alert(1)> & {{ 7*7 }} \x00\ud800 $x^2$"
    made = material()
    questions = made.questions.assign(wording=as_received([wording] * 60, made.questions.index))
    html = render_report(publication(dataclasses.replace(made, questions=questions)))

    page = Page(html)

    assert not page.all("script")
    assert all(a["src"].startswith("data:") for a in page.all("img"))
    assert "<script>alert(1)</script>" in page.words
    assert "{{ 7*7 }}" in page.words
    assert "\x00" not in html
    assert "\ud800" not in html


def test_nobody_who_wrote_or_decided_is_named_on_the_page():
    html = example_page()

    assert "My words" not in html
    assert "Ada" not in html
    assert "60 of these decisions were taken by a scripted reviewer" in Page(html).words


def test_every_kind_of_decision_has_its_words():
    assert set(DECISIONS_IN_WORDS) == set(DECISION_KINDS) - {"undo"}


def test_before_the_workshop_the_page_says_that_the_order_may_change():
    published = publication(material(final=None))

    words = Page(render_report(published)).words

    assert "The final workshop has not been held" in words
    assert published.questions.loc[published.top, "interim_rank"].tolist() == list(range(1, 11))


def test_a_tie_for_the_last_place_is_published_as_a_tie():
    made = material()
    final = made.final.copy()
    final["rank"] = [*range(1, 10), 10, 10, *range(12, len(final) + 1)]
    final["tied"] = final["rank"] == 10

    published = publication(dataclasses.replace(made, final=final))

    assert len(published.top) == 11
    assert Page(render_report(published)).words.count("Tied with another priority.") == 2


def test_a_group_too_small_to_show_is_hidden_with_the_next_so_that_the_score_does_not_give_it_away():
    published = publication(material({**BALLOTS, "policy_makers": 4}))

    page = Page(render_report(published)).words

    assert published.taking_part.loc[["policy_makers", "commissioners"], "ballots counted"].tolist() == ["<10", "10+"]
    assert published.withheld.groups == ("commissioners", "policy_makers")
    assert published.positions[["commissioners", "policy_makers"]].isna().all().all()
    assert "The positions of Commissioners and Policy makers count but are not shown" in page
    assert "a count of fewer than 10 people is shown as <10" in page


def test_who_took_part_is_shown_exactly_where_the_protocol_switches_suppression_off():
    published = publication(material({**BALLOTS, "policy_makers": 4}, small_cells=0))

    shown = published.taking_part["ballots counted"].tolist()
    assert shown == ["182", "96", "61", "104", "24", "4", "143", "614"]
    assert published.withheld.groups == ()


def test_people_behind_a_question_count_once_however_much_they_sent():
    submissions = pd.DataFrame(
        {
            "submission_id": ["s1", "s2", "s3"],
            "response_id": ["r1", "r1", "r2"],
            "group": ["carer", "carer", "lived"],
        }
    )
    lineage = pd.DataFrame({"question_id": ["q1", "q1", "q1"], "submission_id": ["s1", "s2", "s3"]})

    people = count_people_behind(submissions, lineage, ["lived", "carer"], 0)

    assert people.loc["q1"].to_dict() == {"lived": "1", "carer": "1", "total": "2"}


def test_rare_reasons_for_setting_aside_are_told_together():
    reasons = ["out of scope"] * 30 + ["about my neighbour"] * 2 + ["about my other neighbour"]
    public = count_set_aside(pd.DataFrame({"reason": reasons}), 10)

    assert public["submissions"].to_dict() == {"out of scope": "10+", "other reasons": "<10", "total": "33"}


def test_the_same_content_gives_the_same_bytes(tmp_path):
    again = publication(material())

    assert render_report(again) == example_page()
    assert report_drawings(again)["people"].png() == report_drawings(example())["people"].png()
    one = write_spreadsheet(tmp_path / "one.xlsx", example()).read_bytes()
    assert write_spreadsheet(tmp_path / "two.xlsx", again).read_bytes() == one
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.xlsx", "two.xlsx"]


def test_merged_questions_bring_their_submissions_with_them():
    made = material()
    stays, goes = made.final.index[0], made.shortlist.index.difference(made.final.index[:20])[0]
    moved = made.lineage.loc[made.lineage["question_id"] == goes, "submission_id"].tolist()
    merged = pd.concat([made.decisions, decisions(("merge", goes, {"into": stays}, "Ada")).assign(decision_id="m1")])

    published = publication(dataclasses.replace(made, decisions=merged))

    assert published.questions.at[goes, "merged_into"] == stays
    assert published.questions.at[goes, "words"] == []
    texts = set(made.submissions.set_index("submission_id").loc[moved, "text"])
    assert texts <= set(published.questions.at[stays, "words"])


@pytest.mark.parametrize("width", ["phone", "page"])
def test_wordings_on_the_plots_are_whole_words(width):
    published = example()
    drawings = report_drawings(published, width)

    for name in ("positions", "scores"):
        drawn = re.findall(r"<text[^>]*>([^<]*)</text>", drawings[name].svg())
        listed = published.top if name == "positions" else published.questions.index[published.questions["shortlisted"]]
        for wording in published.questions.loc[listed, "wording"]:
            words = wording.split()
            cut = {f"{' '.join(words[:n])} …" for n in range(6, len(words))}
            assert wording in " ".join(drawn) or any(beginning in " ".join(drawn) for beginning in cut)


def test_the_words_beside_a_plot_say_what_it_shows():
    drawings = report_drawings(example())

    first = example().questions.loc[example().top[0], "wording"]
    assert first in drawings["positions"].alt
    assert "Highest: " in drawings["positions"].alt
    assert "The shortlist ends after the first 25." in drawings["scores"].alt
    assert "Carers 96 (aim 90)" in drawings["people"].alt
    assert "2 February 2026 to 20 April 2026, closed" in drawings["rounds"].alt


def test_a_hidden_count_has_no_bar_whose_length_could_be_measured():
    groups = example().groups
    targets = pd.DataFrame({"ballots": {"lived_experience": 0, "policy_makers": 0}})

    def drawn(hidden):
        table = pd.DataFrame({"ballots": ["50", hidden, "50"]}, index=["lived_experience", "policy_makers", TOTAL])
        return plot_taking_part(table, targets, groups)

    assert drawn("<10").alt.endswith("Policy makers under 10.")
    assert drawn("10+").alt.endswith("Policy makers 10 or more.")
    assert "<pattern" in drawn("<10").svg()


def test_a_partnership_without_a_round_yet_has_a_plot_that_says_so():
    drawing = plot_rounds(empty("rounds"), zone=example_protocol().zone, now=NOW)

    assert drawing.alt == "No round has been opened yet."
    assert drawing.png().startswith(b"\x89PNG")


@given(text=st.text(st.characters(codec="utf-8"), max_size=80), width=st.integers(60, 200))
@settings(max_examples=60, deadline=None)
def test_wrapping_keeps_every_character_and_no_line_is_too_wide(text, width):
    lines = wrap(text, width, 10)

    assert "".join(lines).replace(" ", "") == "".join(wrap(text, 10**9, 10)).replace(" ", "")
    assert all(text_width(line, 10) <= width or len(line) == 1 for line in lines)


# words -------------------------------------------------------------------------------------------------------------


def one_submission(text="Ask Ann Lee on 020 7946 0958, please"):
    submissions = pd.DataFrame({"submission_id": ["s1"], "text": [text]})
    identifiers = pd.DataFrame(
        {"submission_id": ["s1", "s1"], "start": [4, 15], "end": [11, 28], "kind": ["name", "phone"]}
    )
    return submissions, identifiers


def test_a_submission_that_may_name_somebody_is_withheld_until_a_person_has_looked():
    words = publish_words(*one_submission(), decisions())

    assert words.loc["s1"].to_dict() == {"text": "", "withheld": True}


def test_what_a_person_redacted_is_replaced_and_the_rest_is_published():
    made = decisions(
        ("redact", "s1", {"start": 4, "end": 11, "kind": "name"}, "Ada"),
        ("redact", "s1", {"start": 15, "end": 28, "kind": "phone"}, "Ada"),
    )

    words = publish_words(*one_submission(), made)

    assert words.loc["s1"].to_dict() == {"text": "Ask [name removed] on [phone removed], please", "withheld": False}


def test_half_a_redaction_is_not_enough_and_an_undone_one_is_none():
    half = decisions(("redact", "s1", {"start": 4, "end": 11, "kind": "name"}, "Ada"))
    both = decisions(("redact", "s1", {"start": 0, "end": 36, "kind": "name"}, "Ada"), ("undo", "d0", {}, "Ada"))

    assert publish_words(*one_submission(), half)["withheld"].tolist() == [True]
    assert publish_words(*one_submission(), both)["withheld"].tolist() == [True]


def test_a_person_can_say_that_a_suspicion_was_wrong():
    looked = decisions(("redact", "s1", {"start": 0, "end": 36, "kind": "none"}, "Ada"))

    words = publish_words(*one_submission(), looked)

    assert words.loc["s1", "text"] == "Ask Ann Lee on 020 7946 0958, please"


def test_the_published_files_count_what_is_withheld(tmp_path):
    made = material()
    first = made.lineage["submission_id"].iloc[0]
    flags = pd.DataFrame({"submission_id": [first], "start": [0], "end": [2], "kind": ["name"]})
    published = publication(dataclasses.replace(made, identifiers=flags))

    write_spreadsheet(tmp_path / "published.xlsx", published)

    read = read_spreadsheet(tmp_path / "published.xlsx")
    secret = made.submissions.set_index("submission_id").at[first, "text"]
    assert secret not in [text for words in read.questions[WORDS] for text in words]
    assert read.questions["Withheld pending review"].sum() == 1
    assert "1 submission is withheld pending review" in Page(render_report(published)).words


# the published spreadsheet -----------------------------------------------------------------------------------------


def as_received(texts, index):
    """Return a column of texts that a text column may refuse, such as halves of surrogate pairs."""
    return pd.Series(texts, index=index, dtype=object)


def with_words(texts):
    """Return the example with these texts as the submissions of its first question and the wordings of some."""
    published = example()
    questions = published.questions.copy()
    questions["words"] = [list(texts), *questions["words"].iloc[1:]]
    wordings = [*list(texts)[: len(questions)], *questions["wording"]][: len(questions)]
    return dataclasses.replace(
        published, questions=questions.assign(wording=as_received(wordings, questions.index))
    ), wordings


def assert_reads_back(path, texts):
    published, wordings = with_words(texts)

    read = read_spreadsheet(write_spreadsheet(path, published))

    assert read.questions[WORDS].iloc[0] == list(texts)
    assert [wording or "" for wording in read.questions["Summary question"]] == wordings
    book = load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type in "fe"]
    return book


def test_the_spreadsheet_has_a_row_a_summary_question_as_partnerships_publish_it(tmp_path):
    published = example()

    read = read_spreadsheet(write_spreadsheet(tmp_path / "published.xlsx", published))

    assert len(read.questions) == 60
    first = read.questions.iloc[0]
    assert first["Final rank"] == 1
    assert first["Summary question"] == published.questions["wording"].iloc[0]
    assert first[WORDS] == published.questions["words"].iloc[0]
    assert first["Position: Carers"] == published.positions["family_carers"].iloc[0]
    assert str(first["People: all"]) == published.people.at[published.top[0], TOTAL]
    assert first["Why it was shortlisted"] == published.questions["why"].iloc[0] != ""
    assert read.set_aside["Reason"].iloc[0] == "thanks or greeting"
    assert read.about["Protocol (SHA-256)"] == published.protocol.hash
    assert read.about["Ballots (SHA-256)"] == published.digests["ballots"]


@given(texts=st.lists(st.text(min_size=1, max_size=60), max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_texts_joined_and_put_into_cells_come_back(texts):
    joined = join_words(texts)

    assert "".join(from_cell(to_cell(piece)) for piece in cut_for_cells(joined)) == joined
    assert split_words(joined) == texts


def test_a_megabyte_of_words_goes_on_in_further_columns_and_nothing_is_lost(tmp_path):
    texts = ["word " * 200_000 + "end", "👩‍⚕️" * 40_000, "\x01" * 30_000, "short"]

    book = assert_reads_back(tmp_path / "published.xlsx", texts)

    heads = [cell.value for cell in book["Summary questions"][1]]
    assert "Original submissions (2)" in heads
    longest = max(len(str(c.value).encode("utf-16-le")) // 2 for row in book["Summary questions"].iter_rows()
                  for c in row)  # fmt: skip
    assert longest <= CELL_UNITS


def test_nothing_of_this_machine_or_moment_is_in_the_spreadsheet(tmp_path):
    write_spreadsheet(tmp_path / "published.xlsx", example())

    with zipfile.ZipFile(tmp_path / "published.xlsx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {"2026-10-02T09:30:00Z"}


# in a browser ------------------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_phones_and_desks_by_day_and_by_night(tmp_path, width, scheme):
    with chromium(tmp_path / "profile") as driver:
        resize(driver, width, scheme=scheme)
        driver.get(write_report(tmp_path / "report.html", example()).as_uri())
        wide = driver.execute_script("return document.documentElement.scrollWidth")
        images = driver.execute_script("return [...document.images].map(i => i.naturalWidth)")
        paper = driver.execute_script("return getComputedStyle(document.documentElement).backgroundColor")
        card = driver.execute_script("return getComputedStyle(document.querySelector('figure')).backgroundColor")
        complaints = driver.get_log("browser")

    assert wide <= width
    assert len(images) == 6
    assert all(size > 100 for size in images)
    assert paper == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 24, 28)")
    assert card == "rgb(255, 255, 255)"
    assert complaints == []


def test_a_partnership_whose_questions_have_no_submissions_behind_them_is_published(tmp_path):
    without = empty("lineage")

    published = publication(material(lineage=without))
    path = write_spreadsheet(tmp_path / "published.xlsx", published)

    assert "Top 10" in render_report(published)
    assert question_rows(published)["People: all"].isna().all()
    assert path.stat().st_size > 0
