"""Letters as they are sent: plain text and HTML, and the headers by which one click is enough to get no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from html import escape
from typing import Any

from consensus.errors import DataError
from consensus.interface import direction
from consensus.mail.events import Event, to_ics
from consensus.mail.words import words

__all__ = ["Letter", "Sender", "event_title", "write_letter", "write_notice"]


class _InOnePiece(EmailPolicy):
    """Writes a link in the head as it is: the library would encode a long one, and no mail program reads that."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return a line of the head, folded where that is no link."""
        if name == "List-Unsubscribe" and value.isascii():
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _InOnePiece(linesep="\r\n", cte_type="7bit", max_line_length=78)


@dataclass(frozen=True)
class Sender:
    """Who a letter is from, and where answers to it go."""

    name: str
    address: str
    reply_to: str = ""

    @classmethod
    def of(cls, mail_from: str, contact: str, title: str) -> Sender:
        """Return the sender that the settings name, else the partnership's contact.

        Raises
        ------
        DataError
            Neither is an address.
        """
        name, address = parseaddr(mail_from or contact)
        if "@" not in address:
            raise DataError("Letters have no sender; set CONSENSUS_MAIL_FROM, or partnership.contact in protocol.toml.")
        return cls(name or title, address, contact if "@" in contact else "")


@dataclass(frozen=True)
class Letter:
    """One letter, before it is written.

    Attributes
    ----------
    kind
        `invitation`, `reminder-1` and so on, `workshop`, `outcome`.
    survey
        `gather` or `interim`: which round it is about.
    mail_id
        What the letter's Message-ID is made from: the same mail has the same one, however often it is tried.
    link
        The person's own link; empty where the letter has none.
    unsubscribe
        The page on which the person can get no more; the same address takes the one-click POST of RFC 8058.
    event, when, day, place
        The workshop for a calendar, and when and where it is, in the reader's words.
    priorities, spoken_in
        The published priorities, the first most favoured, and the language of their wording.
    page
        Where the whole of the outcome is published; empty where nowhere.
    """

    kind: str
    survey: str
    mail_id: str
    language: str
    title: str
    contact: str
    link: str
    unsubscribe: str
    closes: str = ""
    event: Event | None = None
    when: str = ""
    day: str = ""
    place: str = ""
    priorities: tuple[str, ...] = ()
    spoken_in: str = ""
    page: str = ""


@dataclass(frozen=True)
class _Part:
    """A paragraph of a letter with the link that it shows, or a numbered list."""

    text: str
    link: str = ""
    numbered: tuple[str, ...] = ()
    language: str = ""

    @property
    def plain(self) -> str:
        return "\n".join(f"{n}. {each}" for n, each in enumerate(self.numbered, start=1)) or self.text

    @property
    def html(self) -> str:
        if not self.numbered:
            return f"<p>{_linked(self.text, self.link)}</p>"
        entries = "".join(f"\n<li>{escape(each)}</li>" for each in self.numbered)
        return f'<ol lang="{escape(self.language)}" dir="{direction(self.language)}">{entries}\n</ol>'


def write_letter(letter: Letter, sender: Sender, recipient: str, *, at: datetime) -> bytes:
    """Return a letter as it is handed to the mail server, in lines that end with CRLF and are ASCII throughout.

    Raises
    ------
    DataError
        The recipient is no address that a mail server takes; the sentence does not repeat it.
    """
    said = words(letter.language)
    message = EmailMessage(policy=_POLICY)
    local, _, domain = sender.address.rpartition("@")
    message["From"] = Address(_one_line(sender.name), local, domain)
    message["To"] = _addressed(recipient)
    message["Subject"] = _one_line(_subject(letter, said))
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{letter.mail_id}@{domain}>"
    if sender.reply_to:
        message["Reply-To"] = sender.reply_to
    message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    parts = _paragraphs(letter, said)
    message.set_content("\n\n".join(part.plain for part in parts) + "\n", cte="quoted-printable")
    message.add_alternative(_html(letter, said, parts), subtype="html", cte="quoted-printable")
    if letter.event is not None:
        _attach(message, to_ics(letter.event, at))
    message["Content-Language"] = letter.language  # last: what was set before the parts would go into the first of them
    return message.as_bytes()


def write_notice(subject: str, text: str, sender: Sender, recipient: str, *, at: datetime) -> bytes:
    """Return a plain notice to somebody with a role in the partnership, as it is handed to the mail server."""
    message = EmailMessage(policy=_POLICY)
    local, _, domain = sender.address.rpartition("@")
    message["From"] = Address(_one_line(sender.name), local, domain)
    message["To"] = _addressed(recipient)
    message["Subject"] = _one_line(subject)
    message["Date"] = format_datetime(at)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, cte="quoted-printable")
    return message.as_bytes()


def _addressed(recipient: str) -> Address:
    """Return an address for the head of a letter; what stands in it cannot become a line of its own."""
    try:
        address = Address(addr_spec=recipient)
    except (ValueError, IndexError, MessageError):
        address = None
    if address is None or not (recipient.isascii() and address.username and address.domain):
        raise DataError("The address is not one that a mail server takes; correct it where it was given.")
    return address


def event_title(language: str, title: str) -> str:
    """Return what the workshop of a partnership with this title is called in a calendar."""
    return str(words(language)["workshop"]["event"].format(title=title))


def _attach(message: EmailMessage, calendar: str) -> None:
    message.add_attachment(
        calendar.encode(),
        maintype="text",
        subtype="calendar",
        filename="workshop.ics",
        params={"method": "PUBLISH", "charset": "utf-8"},
        cte="base64",
    )


def _kind(letter: Letter) -> str:
    kind = letter.kind.partition("-")[0]
    return letter.survey if kind == "invitation" else kind


def _subject(letter: Letter, said: Mapping[str, Any]) -> str:
    subject = said[letter.survey]["subject"].format(title=letter.title)
    return str(said[_kind(letter)]["subject"].format(title=letter.title, subject=subject, day=letter.day))


def _paragraphs(letter: Letter, said: Mapping[str, Any]) -> list[_Part]:
    """Return what a letter says, from its greeting to how to get no more."""
    words = said[_kind(letter)]
    told = [_Part(text.format(title=letter.title, when=letter.when)) for text in words["text"]]
    if letter.place:
        told.append(_Part(words["place"].format(place=letter.place)))
    if letter.priorities:
        told.append(_Part("", numbered=letter.priorities, language=letter.spoken_in))
    if letter.page:
        told.append(_Part(words["page"].format(link=letter.page), letter.page))
    if letter.link:
        told += [_Part(letter.link, letter.link), _Part(said["until"].format(closes=letter.closes))]
        told.append(_Part(said["yours"]))
    if letter.contact:
        told.append(_Part(said["contact"].format(contact=letter.contact)))
    return [*told, _Part(said["unsubscribe"].format(link=letter.unsubscribe), letter.unsubscribe)]


def _html(letter: Letter, said: Mapping[str, Any], parts: list[_Part]) -> str:
    """Return the letter as a page without pictures, styles from elsewhere, or anything that tells who opened it."""
    language, way = escape(letter.language), direction(letter.language)
    body = "\n".join(part.html for part in parts)
    return (
        f'<!DOCTYPE html>\n<html lang="{language}" dir="{way}">\n<head><meta charset="utf-8">'
        f"<title>{escape(_one_line(_subject(letter, said)))}</title></head>\n"
        f'<body style="max-width: 38em; font: 1rem/1.5 sans-serif">\n{body}\n</body>\n</html>\n'
    )


def _linked(text: str, link: str) -> str:
    safe = escape(text)
    return safe.replace(escape(link), f'<a href="{escape(link)}">{escape(link)}</a>') if link else safe


def _one_line(text: str) -> str:
    return " ".join(text.split())
