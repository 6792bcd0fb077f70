"""People who take part: invitations, what they have begun, receipts, the chain of a closed round, mail and paper.

Answers and ballots are kept without any order of arrival, as all that is received from people is from here on.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from consensus.migrations.columns import boolean, instant, integer, string, text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the tables of taking part, and take the order of arrival from what was received."""
    _without_order("answer")
    _without_order("ballot")
    with op.batch_alter_table("round") as table:
        table.add_column(string("root", server_default=""))
        table.add_column(instant("unlinked_at", nullable=True))
        table.add_column(integer("cap", server_default="0"))
    with op.batch_alter_table("round") as table:
        for name in ("root", "cap"):
            table.alter_column(name, server_default=None)
    _taking_part()


def _without_order(name: str) -> None:
    """Keep a table's rows in the order of their keys; PostgreSQL puts them so when a round is unlinked."""
    if op.get_bind().dialect.name == "sqlite":
        without: dict[str, Any] = {"sqlite_with_rowid": False}
        with op.batch_alter_table(name, recreate="always", table_kwargs=without):
            pass


def _taking_part() -> None:
    op.create_table(
        "interest",
        string("interest_id"),
        string("partnership"),
        string("email"),
        string("language"),
        boolean("outcome"),
        boolean("workshop"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("interest_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_interest_partnership", "interest", ["partnership"])
    op.create_table(
        "person",
        string("person_id"),
        string("partnership"),
        string("email"),
        string("group"),
        string("partner"),
        string("language"),
        instant("added_at"),
        instant("unsubscribed_at", nullable=True),
        instant("withdrew_at", nullable=True),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("person_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_person_partnership", "person", ["partnership"])
    op.create_table(
        "riskflag",
        string("flag_id"),
        string("partnership"),
        string("answer_id"),
        integer("version"),
        string("kind"),
        instant("flagged_at"),
        instant("told_at", nullable=True),
        text("done"),
        string("by"),
        instant("done_at", nullable=True),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("flag_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_riskflag_answer_id", "riskflag", ["answer_id"])
    op.create_index("ix_riskflag_partnership", "riskflag", ["partnership"])
    op.create_table(
        "chainentry",
        string("round_id"),
        string("commitment"),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"]),
        sa.PrimaryKeyConstraint("round_id", "commitment"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mail",
        string("mail_id"),
        string("partnership"),
        string("round_id"),
        string("person_id", nullable=True),
        string("interest_id", nullable=True),
        string("kind"),
        string("state"),
        integer("attempts"),
        string("why"),
        instant("queued_at"),
        instant("next_try_at", nullable=True),
        instant("claimed_at", nullable=True),
        instant("sent_at", nullable=True),
        sa.ForeignKeyConstraint(["interest_id"], ["interest.interest_id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"]),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"]),
        sa.PrimaryKeyConstraint("mail_id"),
        sa.UniqueConstraint("interest_id", "kind"),
        sa.UniqueConstraint("round_id", "person_id", "kind"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_mail_partnership", "mail", ["partnership"])
    op.create_table(
        "paperentry",
        string("round_id"),
        string("sheet"),
        integer("entry"),
        string("partnership"),
        string("mode"),
        text("content"),
        string("by"),
        instant("at"),
        boolean("settled"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"]),
        sa.PrimaryKeyConstraint("round_id", "sheet", "entry"),
    )
    op.create_index("ix_paperentry_partnership", "paperentry", ["partnership"])
    op.create_table(
        "participation",
        string("token_hash"),
        string("round_id"),
        string("partnership"),
        string("person_id", nullable=True),
        string("partner"),
        string("language"),
        string("state"),
        integer("seed", nullable=True),
        text("draft"),
        string("response_id", nullable=True),
        instant("began_at", nullable=True),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"]),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"]),
        sa.PrimaryKeyConstraint("token_hash"),
        sa.UniqueConstraint("response_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_participation_partnership", "participation", ["partnership"])
    op.create_index("ix_participation_person_id", "participation", ["person_id"])
    op.create_index("ix_participation_round_id", "participation", ["round_id"])
    op.create_table(
        "response",
        string("round_id"),
        string("response_id"),
        integer("version"),
        string("partnership"),
        string("group"),
        string("partner"),
        string("language"),
        string("mode"),
        string("survey_hash"),
        text("replies"),
        string("nonce"),
        string("commitment"),
        instant("began_at", nullable=True),
        instant("received_at"),
        boolean("withdrawn"),
        string("flags"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"]),
        sa.PrimaryKeyConstraint("round_id", "response_id", "version"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_response_commitment", "response", ["commitment"])
    op.create_index("ix_response_partnership", "response", ["partnership"])
