"""Taking part: who was invited by which link, what they have begun, and what came in with its receipt.

The one row that joins a person to a response is `Participation.response_id`; it is emptied when a round is unlinked.
From then on nothing on the person's side has a time, an order or an id in common with what was received.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from consensus.models.columns import WITHOUT_ORDER, instant, text

__all__ = ["ChainEntry", "Interest", "Mail", "PaperEntry", "Participation", "Person", "Response", "RiskFlag"]


class Person(SQLModel, table=True):
    """Somebody who may be invited by mail; `email` is empty once they asked to be forgotten."""

    __table_args__ = WITHOUT_ORDER

    person_id: str = Field(primary_key=True)  # random, never derived from the address
    partnership: str = Field(foreign_key="partnership.id", index=True)
    email: str = ""
    group: str = ""
    partner: str = ""
    language: str = ""
    added_at: datetime = instant()
    unsubscribed_at: datetime | None = instant(default=None, nullable=True)
    withdrew_at: datetime | None = instant(default=None, nullable=True)


class Participation(SQLModel, table=True):
    """One link into one round, known by the SHA-256 of its token; a personal invitation or somebody by an open link.

    `state` is invited, begun, sent or withdrawn. `draft` is what was filled in so far, a JSON object; it is emptied
    when the round is unlinked, and so are `response_id`, `began_at` and `seed`.
    """

    __table_args__ = WITHOUT_ORDER

    token_hash: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.round_id", index=True)
    partnership: str = Field(foreign_key="partnership.id", index=True)
    person_id: str | None = Field(default=None, foreign_key="person.person_id", index=True)
    partner: str = ""
    language: str = ""
    state: str = "invited"
    seed: int | None = None  # of the order in which this person is shown a long list
    draft: str = text(default="{}")
    response_id: str | None = Field(default=None, unique=True)
    began_at: datetime | None = instant(default=None, nullable=True)


class Response(SQLModel, table=True):
    """One version of what one person sent in one round, beside its answers (gather) or its ballot (interim).

    `replies` is a JSON object from item id to what was said about the person; nothing there can be counted below the
    small cells in public. `commitment` is the receipt: SHA-256 over `nonce` and the content. A withdrawn response has
    no replies and no nonce any more, and its answers and ballot have lost their content; the commitment stays.
    """

    __table_args__ = WITHOUT_ORDER

    round_id: str = Field(foreign_key="round.round_id", primary_key=True)
    response_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    partnership: str = Field(foreign_key="partnership.id", index=True)
    group: str
    partner: str = ""
    language: str = ""
    mode: str = "web"  # web, paper, telephone, assisted
    survey_hash: str  # of the survey's definition that the person saw, the consent's words included
    replies: str = text(default="{}")
    nonce: str = ""
    commitment: str = Field(index=True)
    began_at: datetime | None = instant(default=None, nullable=True)
    received_at: datetime = instant()
    withdrawn: bool = False
    flags: str = ""  # what a person should look at: fast, honeypot, burst; it counts all the same


class ChainEntry(SQLModel, table=True):
    """One commitment in a closed round's hash chain; its place follows from its digits, and the hashes from the places.

    A few stand for nobody, so that their number does not tell how many people are in a group too small to be shown.
    """

    __table_args__ = WITHOUT_ORDER

    round_id: str = Field(foreign_key="round.round_id", primary_key=True)
    commitment: str = Field(primary_key=True)


class Mail(SQLModel, table=True):
    """The outbox: a letter of one kind goes to one person in one round once, or once to one who asked to hear.

    One of `person_id` and `interest_id` says to whom.

    `state` is queued, sending, sent, skipped or failed. A mail is marked as sending, and that is committed, before it
    is handed over: after a crash nobody knows whether it went, so it stays and is not sent again unless a person says
    so. Neither address nor text is kept here: both follow from the person and the kind at the moment of sending.
    """

    __table_args__ = (
        UniqueConstraint("round_id", "person_id", "kind"),
        UniqueConstraint("interest_id", "kind"),
        WITHOUT_ORDER,
    )

    mail_id: str = Field(primary_key=True)
    partnership: str = Field(foreign_key="partnership.id", index=True)
    round_id: str = Field(foreign_key="round.round_id")
    person_id: str | None = Field(default=None, foreign_key="person.person_id")
    interest_id: str | None = Field(default=None, foreign_key="interest.interest_id")
    kind: str  # invitation, reminder-1, reminder-2, ..., workshop, outcome
    state: str = "queued"
    attempts: int = 0
    why: str = ""
    queued_at: datetime = instant()
    next_try_at: datetime | None = instant(default=None, nullable=True)
    claimed_at: datetime | None = instant(default=None, nullable=True)  # when it was last marked as sending
    sent_at: datetime | None = instant(default=None, nullable=True)


class Interest(SQLModel, table=True):
    """Somebody who wants to hear the outcome or to come to the workshop; nothing here can be joined to an answer.

    Who wants no more letters is forgotten: `email` is empty then.
    """

    __table_args__ = WITHOUT_ORDER

    interest_id: str = Field(primary_key=True)  # random
    partnership: str = Field(foreign_key="partnership.id", index=True)
    email: str
    language: str = ""
    outcome: bool = False
    workshop: bool = False


class RiskFlag(SQLModel, table=True):
    """An answer that may disclose a risk, shown to the role that the protocol names and to nobody else."""

    __table_args__ = WITHOUT_ORDER

    flag_id: str = Field(primary_key=True)
    partnership: str = Field(foreign_key="partnership.id", index=True)
    answer_id: str = Field(index=True)
    version: int
    kind: str
    flagged_at: datetime = instant()
    told_at: datetime | None = instant(default=None, nullable=True)
    done: str = text(default="")
    by: str = ""
    done_at: datetime | None = instant(default=None, nullable=True)


class PaperEntry(SQLModel, table=True):
    """One keying-in of one paper or telephone return; two that agree become a response."""

    round_id: str = Field(foreign_key="round.round_id", primary_key=True)
    sheet: str = Field(primary_key=True)  # the number written on the paper
    entry: int = Field(primary_key=True)  # 1 or 2, by different people
    partnership: str = Field(foreign_key="partnership.id", index=True)
    mode: str
    content: str = text(default="{}")  # emptied once the two agree
    by: str
    at: datetime = instant()
    settled: bool = False
