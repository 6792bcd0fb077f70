"""The tables of the first version: partnerships, rounds, decisions, what was received and what was derived."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from consensus.migrations.columns import binary, instant, integer, number, string, text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _decided()
    _received()
    _derived()


def _decided() -> None:
    op.create_table(
        "partnership",
        string("id"),
        string("title"),
        string("protocol_hash"),
        instant("registered_at"),
        instant("frozen_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "decision",
        integer("number"),
        string("decision_id"),
        string("partnership"),
        string("kind"),
        string("subject"),
        text("value"),
        string("by"),
        instant("at"),
        text("why"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("decision_id"),
    )
    op.create_index("ix_decision_partnership", "decision", ["partnership"])
    op.create_index("ix_decision_subject", "decision", ["subject"])
    op.create_table(
        "protocolversion",
        integer("id"),
        string("partnership"),
        string("hash"),
        text("texts"),
        string("by"),
        instant("at"),
        text("why"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_protocolversion_partnership", "protocolversion", ["partnership"])
    op.create_table(
        "round",
        string("round_id"),
        string("partnership"),
        string("kind"),
        string("state"),
        instant("opens_at"),
        instant("closes_at"),
        integer("grace_minutes"),
        instant("closed_at", nullable=True),
        text("questions"),
        string("ranking_id"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("round_id"),
    )
    op.create_index("ix_round_partnership", "round", ["partnership"])


def _received() -> None:
    op.create_table(
        "answer",
        string("partnership"),
        string("answer_id"),
        integer("version"),
        string("source"),
        string("response_id"),
        string("box"),
        string("group"),
        string("partner"),
        string("language"),
        text("text"),
        string("status"),
        instant("received_at"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("partnership", "answer_id", "version"),
    )
    op.create_table(
        "quarantined",
        string("partnership"),
        string("sha256"),
        string("kind"),
        integer("number"),
        string("row"),
        text("reason"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("partnership", "sha256", "kind", "number"),
    )
    op.create_table(
        "upload",
        string("partnership"),
        string("sha256"),
        string("kind"),
        string("source"),
        text("mapping"),
        binary("content"),
        string("by"),
        instant("at"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("partnership", "sha256", "kind"),
    )
    op.create_table(
        "ballot",
        string("round_id"),
        string("ballot_id"),
        integer("version"),
        string("partnership"),
        string("source"),
        string("group"),
        text("choices"),
        instant("began_at", nullable=True),
        instant("received_at"),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"]),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("round_id", "ballot_id", "version"),
    )
    op.create_index("ix_ballot_partnership", "ballot", ["partnership"])


def _derived() -> None:
    op.create_table(
        "derivation",
        string("partnership"),
        string("stage"),
        string("inputs"),
        instant("at"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("partnership", "stage"),
    )
    op.create_table(
        "identifier",
        string("partnership"),
        string("submission_id"),
        integer("start"),
        integer("end"),
        string("kind"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("partnership", "submission_id", "start", "end", "kind"),
    )
    op.create_table(
        "lineage",
        string("partnership"),
        string("submission_id"),
        string("question_id"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("partnership", "submission_id"),
    )
    op.create_index("ix_lineage_question_id", "lineage", ["question_id"])
    op.create_table(
        "proposal",
        string("partnership"),
        string("submission_id"),
        string("group"),
        number("similarity"),
        string("why"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("partnership", "submission_id"),
    )
    op.create_table(
        "publication",
        string("partnership"),
        string("ranking_id"),
        string("inputs"),
        text("files"),
        instant("at"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("partnership", "ranking_id", "inputs"),
    )
    op.create_table(
        "publictable",
        string("partnership"),
        string("name"),
        string("digest"),
        text("content"),
        instant("at"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("partnership", "name", "digest"),
    )
    op.create_table(
        "question",
        string("partnership"),
        string("question_id"),
        text("wording"),
        string("category"),
        string("status"),
        integer("submissions"),
        integer("respondents"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("partnership", "question_id"),
    )
    op.create_table(
        "ranking",
        string("ranking_id"),
        string("partnership"),
        string("round_id"),
        string("kind"),
        string("rule"),
        string("protocol_hash"),
        string("package_version"),
        string("ballots_digest"),
        text("tables"),
        instant("at"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("ranking_id"),
    )
    op.create_index("ix_ranking_partnership", "ranking", ["partnership"])
    op.create_table(
        "setaside",
        string("partnership"),
        string("submission_id"),
        text("reason"),
        string("by"),
        instant("at", nullable=True),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("partnership", "submission_id"),
    )
    op.create_table(
        "submission",
        string("partnership"),
        string("submission_id"),
        string("answer_id"),
        string("response_id"),
        string("group"),
        integer("start"),
        integer("end"),
        text("text"),
        string("status"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("partnership", "submission_id"),
    )
    op.create_index("ix_submission_answer_id", "submission", ["answer_id"])
    op.create_table(
        "workshopplace",
        string("partnership"),
        integer("session"),
        string("small_group"),
        string("question"),
        integer("place"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.id"]),
        sa.PrimaryKeyConstraint("partnership", "session", "small_group", "question"),
    )
