"""The command that reads a partnership's folder, or the protocol that is stored, and registers nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

from consensus import steps
from consensus.cli.context import Context, Said
from consensus.errors import ProtocolError
from consensus.interface import catalogue, missing_words
from consensus.mail.words import words
from consensus.protocol import read_protocol

__all__ = ["add_to"]


def add_to(subcommands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add the command `check`."""
    text = (
        "say whether a partnership's folder is complete, translations included, and register nothing; without one, "
        "whether the stored protocol keeps the rules of this version"
    )
    parser = subcommands.add_parser("check", help=text, description=text, parents=[common])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.set_defaults(run=_check)


def _check(context: Context, options: argparse.Namespace) -> Said:
    return _check_folder(options.folder) if options.folder else _check_stored(context)


def _check_stored(context: Context) -> Said:
    faults = steps.protocol_faults(context.db, context.partnership)
    if faults:
        raise ProtocolError.of(f"the protocol of '{context.partnership}', which was accepted before the rule", faults)
    return Said((f"The stored protocol of '{context.partnership}' keeps every rule.",), {"faults": []})


def _check_folder(folder: Path) -> Said:
    protocol = read_protocol(folder)
    surveys = {"gather": protocol.gather, "interim": protocol.interim}
    languages = list(protocol.partnership.languages)
    faults = [fault for language in languages for fault in _without_words(language)]
    if faults:
        raise ProtocolError.of("the words of pages and letters", faults)
    lines = [f"The folder of '{protocol.id}' is complete, in every language it lists: {', '.join(languages)}."]
    lines += [
        f"{name}.toml: version {asked.version}, {len(asked.items)} items, content {asked.hash[:12]}."
        for name, asked in surveys.items()
    ]
    lines += (told := steps.close_in_words(protocol))
    hashes = {name: asked.hash for name, asked in surveys.items()}
    return Said(tuple(lines), {"partnership": protocol.id, "languages": languages, "surveys": hashes, "told": told})


def _without_words(language: str) -> list[str]:
    """Return a sentence for each word of the pages and letters themselves that a language lacks."""
    spoken = {
        "The survey pages have": ("interface", catalogue(language), catalogue("en")),
        "Letters have": ("mail/words", words(language), words("en")),
    }
    return [
        f"{what} no words in {language!r} for {key!r}; add them to src/consensus/{place}/{language}.toml."
        for what, (place, said, whole) in spoken.items()
        for key in missing_words(whole, said)
    ]
