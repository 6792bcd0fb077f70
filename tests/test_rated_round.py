"""A round in which people rate, from the protocol to the page: order, medians, verdict, means beside totals."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from consensus import models, steps, store
from consensus.errors import ProtocolError
from consensus.protocol import parse_protocol
from consensus.ratings import PRESETS
from consensus.report.content import publication
from consensus.report.page import render_report
from consensus.report.spreadsheet import read_spreadsheet, write_spreadsheet
from consensus.sentences import describe
from consensus.steps.material import load_material
from consensus.vocabulary import CONSENSUS_DEFINITIONS
from tests import walk
from tests.builders import texts
from tests.people import INTERIM_CLOSES

PRESET = "COMET 70/15 symmetric"


def rated_texts(consensus: str = PRESET, maximum: int = 9, form: str = "rated") -> dict[str, str]:
    files = texts(
        **{'form = "ranked"': f'form = "{form}"', 'also = ["mean_points"]': f'also = []\nconsensus = "{consensus}"'}
    )
    interim = files["interim.toml"].replace('type = "rank"', 'type = "rate"')
    return files | {"interim.toml": interim.replace("maximum = 3", f"maximum = {maximum}")}


def ranked(home, said, consensus: str = PRESET):
    """Rank a round of people's ratings: (group, ratings of the questions in turn; None: don't know) a person."""
    db, asked = walk.asking(home, rated_texts(consensus))
    with db.writing() as session:
        for at, (group, ratings) in enumerate(said):
            choices = [
                {"question_id": "ranking", "item_id": question, **({"rank": rating} if rating else {})}
                for question, rating in zip(asked, ratings, strict=False)
            ]
            session.add(
                models.Ballot(
                    round_id="small-interim-1",
                    ballot_id=f"b{at:02}",
                    version=1,
                    partnership="small",
                    source="survey",
                    group=group,
                    choices=json.dumps(choices),
                    received_at=INTERIM_CLOSES - timedelta(days=1),
                )
            )
    steps.advance_rounds(db, now=walk.RANKED)
    outcome = steps.rank_round(db, "small", now=walk.RANKED)
    with db.reading() as session:
        return db, asked, outcome, store.load_ranking(session, outcome.ids["ranking"])


PEOPLE = [
    *[("carer", (9, 4, None))] * 7,
    *[("lived", (8, 5, 3))] * 6,
    *[("clinician", (7, 6, 2))] * 5,
]


def test_ratings_are_ranked_by_their_total_and_judged_by_the_declared_definition(tmp_path):
    _, asked, outcome, stored = ranked(tmp_path, PEOPLE)

    ranking, ratings = stored.tables["ranking"], stored.tables["ratings"]
    assert ranking.index[:3].tolist() == asked[:3]
    assert ranking.loc[asked[2], ["total_carer", "total_lived"]].tolist() == [0, 18]
    assert ranking.loc[asked[2], "mean_lived"] == 3
    everyone = ratings[ratings["group"] == "all"].set_index("question")
    assert everyone.loc[asked[:3], "verdict"].tolist() == ["in", "no consensus", "out"]
    assert everyone.loc[asked[0], "median"] == 8
    assert "Consensus was judged by the definition 'COMET 70/15 symmetric'" in describe(ratings)
    shown = outcome.tables["Ratings"].set_index("question")
    assert shown.loc[asked[0], "mean of Family and carers"] == 9
    assert shown.loc[asked[0], "total of Family and carers"] == 63


def test_the_page_shows_verdict_median_mean_and_total_of_each_group(tmp_path):
    db, _, _, _ = ranked(tmp_path, PEOPLE)
    with db.reading() as session:
        material = load_material(session, "small", walk.RANKED)

    page = render_report(publication(material))

    assert "How people rated the questions" in page
    assert "“COMET 70/15 symmetric”" in page
    assert "8 (7.25 to 9)" in page
    assert "9 (63)" in page
    assert "judged by the definition &#39;COMET 70/15 symmetric&#39;" in page


def test_the_spreadsheet_has_a_sheet_of_the_ratings_that_the_page_shows(tmp_path):
    db, asked, _, _ = ranked(tmp_path, PEOPLE)
    with db.reading() as session:
        published = publication(load_material(session, "small", walk.RANKED))

    read = read_spreadsheet(write_spreadsheet(tmp_path / "published.xlsx", published))

    first = read.ratings.iloc[0]
    assert first["Question id"] == asked[0]
    assert (first["Verdict"], first["Median"], first["Lower quartile"], first["Upper quartile"]) == ("in", 8, 7.25, 9)
    assert (first["Mean of Family and carers"], first["Total of Family and carers"]) == (9, 63)


def test_no_total_tells_how_few_people_did_not_know_and_no_group_too_small_is_shown(tmp_path):
    few_unsure = [*PEOPLE, ("lived", (8, 5, None)), ("clinician", (7, 6, 2))]

    _, asked, outcome, _ = ranked(tmp_path, few_unsure)

    shown = outcome.tables["Ratings"].set_index("question")
    assert shown.loc[asked[2], "mean of People with lived experience"] == 3
    assert shown["total of People with lived experience"].isna().loc[asked[2]]

    (tmp_path / "second").mkdir()
    _, _, outcome, _ = ranked(tmp_path / "second", [p for p in PEOPLE if p[0] != "carer"] + [("carer", (1, 1, 1))])
    assert not [column for column in outcome.tables["Ratings"] if "Family and carers" in column]


def test_a_definition_that_cannot_judge_these_ballots_is_named_and_the_figures_stand(tmp_path):
    _, _, outcome, stored = ranked(tmp_path, PEOPLE + PEOPLE, "Count outside mode")

    assert "Consensus could not be judged by 'Count outside mode' on these ballots." in outcome.done
    assert "there are 36" in stored.tables["ratings"].attrs["not_judged"]
    assert set(stored.tables["ratings"]["verdict"]) == {""}
    assert stored.tables["ratings"]["median"].notna().any()


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        (rated_texts("Delphi"), "ranking.consensus is 'Delphi'; use one of COMET 70/15 symmetric, 70/15 with 50% out"),
        (rated_texts(form="ranked"), "which judges ratings; take the line out, or let people rate"),
        (rated_texts("Binary vote bands"), "which judges votes of 0 or 1; name a definition for ratings from 1 to 9"),
        (rated_texts(maximum=5), "made for ratings from 1 to 9; let the rating's maximum in interim.toml be 9"),
    ],
)
def test_a_definition_that_does_not_fit_the_ballot_is_a_fault_of_the_protocol(files, fault):
    with pytest.raises(ProtocolError, match=fault.replace("(", r"\(")):
        parse_protocol(files)


def test_a_protocol_may_name_every_published_definition():
    assert tuple(PRESETS) == CONSENSUS_DEFINITIONS
