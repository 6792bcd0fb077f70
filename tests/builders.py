"""Small partnerships for tests: texts of the three files, with what a test cares about changed."""

from __future__ import annotations

from pathlib import Path

from consensus.protocol import Protocol, parse_protocol

PROTOCOL = """
[partnership]
id = "small"
title = "A small partnership"
time_zone = "Europe/London"
seed = 7

[scope]
in = ["Sleep and mental health"]
out = ["Complaints about one service"]

[[groups]]
id = "lived"
name = "People with lived experience"
target_answers = 4
target_ballots = 4

[[groups]]
id = "carer"
name = "Family and carers"
target_ballots = 50

[[groups]]
id = "clinician"
name = "Practitioners"

[[categories]]
id = "biological"
name = "Biological"

[[categories]]
id = "social"
name = "Social"

[[signposting]]
name = "Samaritans"
contact = "116 123"

[rounds.gather]
opens = 2026-01-05T09:00:00
closes = 2026-02-27T17:00:00

[rounds.interim]
opens = 2026-04-06T09:00:00
closes = 2026-05-08T17:00:00
grace_minutes = 30
reminders = [2026-04-20T09:00:00]

[ballot]
form = "ranked"
depth = 3
max_choices = 3

[ranking]
rule = "jla_positions"
also = ["mean_points"]

[shortlist]
size = 4

[workshop]
seats = 9
small_groups = 3
sessions = 2

[publication]
top = 3
small_cells = 5
"""

GATHER = """
title = "What should research find out?"

[[items]]
id = "question"
type = "text"
label = "What question about sleep should research answer?"
"""

INTERIM = """
title = "Which questions matter most?"

[[items]]
id = "ranking"
type = "rank"
label = "Choose up to three, then put them in order"
choices_from = "questions"
maximum = 3
"""


BY_FORM = {
    "chosen": INTERIM.replace('type = "rank"', 'type = "select_multiple"'),
    "rated": INTERIM.replace('type = "rank"', 'type = "rate"'),
    "points": 'title = "Points"\n[[items]]\nid = "about"\ntype = "note"\nlabel = "See your letter"\n',
}
"""The interim survey where its ballots are not ranked."""


def texts(**changes: str) -> dict[str, str]:
    """Return the three files; each change is `old=new` text put into the protocol, whose ballot's form is asked for."""
    protocol = PROTOCOL
    for old, new in changes.items():
        assert old in protocol, old
        protocol = protocol.replace(old, new)
    form = protocol.partition("[ballot]")[2].partition('form = "')[2].partition('"')[0]
    return {"protocol.toml": protocol, "gather.toml": GATHER, "interim.toml": BY_FORM.get(form, INTERIM)}


def small_protocol(**changes: str) -> Protocol:
    """Return the small partnership's protocol."""
    return parse_protocol(texts(**changes))


def small_folder(path: Path, **changes: str) -> Path:
    """Write the small partnership's folder and return it."""
    path.mkdir(parents=True, exist_ok=True)
    for name, text in texts(**changes).items():
        (path / name).write_text(text, encoding="utf-8")
    return path
