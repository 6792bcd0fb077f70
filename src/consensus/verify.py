"""Check the published hash chain of a closed round, and whether a receipt code stands in it.

    python verify.py chain.json
    python verify.py chain.json TGP5-S4WY-7VXM-WCWY
    python verify.py chain.json --root 5f1c...

This file needs Python 3.9 or newer and nothing else: copy it to a machine you trust, read it, and run it there.

What it checks. Every response that counted when a round closed left a *commitment* in the chain: 64 hexadecimal digits
from which nobody can tell what it says. The commitments are sorted, and hashed one after the other, each with the hash
before it; the last hash is the *root*. Whoever changes, removes, adds or swaps one commitment gets another root. Note
the root where it is published first, and give it with --root: then nobody can publish another chain later.

Some commitments may stand for nobody; they hide how many people are in a small group.

Your receipt code is made of the last digits of your commitment, so it shows that what you sent is in the chain, and
nothing about what that was.

Ends with 0 when everything holds, with 1 when something does not, with 2 when it was asked wrongly.
"""

import argparse
import hashlib
import json
import re
import sys

FORMAT = "consensus-chain-1"
ALPHABET = "023456789BCDFGHJKMNPQRSTVWXYZ"


def main(arguments: "list | None" = None) -> int:
    """Check a file and what was asked about it; print what was found, and return 0 or 1."""
    parser = argparse.ArgumentParser(description="Check the published hash chain of a closed round.")
    parser.add_argument("file", help="the published chain.json")
    parser.add_argument("code", nargs="*", help="a receipt code to look for")
    parser.add_argument("--root", action="append", default=[], help="a root as it was published elsewhere")
    options = parser.parse_args(arguments)
    try:
        with open(options.file, "rb") as file:
            content = file.read()
    except OSError as error:
        say(f"WRONG: {options.file} cannot be read: {error}")
        return 1
    lines, faults = examine_file(content, options.code, options.root)
    for line in lines:
        say(line)
    for fault in faults:
        say(f"WRONG: {fault}")
    say("Something is wrong." if faults else "Everything holds.")
    return 1 if faults else 0


def say(line: str) -> None:
    """Print a line on any screen."""
    print(line.encode("ascii", "backslashreplace").decode())


def examine_file(content: bytes, codes: tuple = (), roots: tuple = ()) -> tuple:
    """Return what `examine` does, of the bytes of a file."""
    try:
        published = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return [], [f"The file cannot be read ({type(error).__name__}): it was cut off or changed."]
    lines, faults = examine(published, codes, roots)
    if not faults and content != written(published):
        faults = ["The file is not written as it was published; it was changed beside the hashes."]
    return lines, faults


def written(published: dict) -> bytes:
    """Return the file as it is published."""
    rounds = [{key: entry[key] for key in ("round", "root", "commitments")} for entry in published["rounds"]]
    return (json.dumps({"format": FORMAT, "rounds": rounds}, indent=1) + "\n").encode("ascii")


def examine(published: object, codes: tuple = (), roots: tuple = ()) -> tuple:
    """Return two lists of sentences: what holds, and what is wrong."""
    if not isinstance(published, dict) or set(published) != {"format", "rounds"} or published["format"] != FORMAT:
        return [], [f"This is not a published chain of the form {FORMAT}."]
    if not isinstance(published["rounds"], list):
        return [], ["The file holds no list of rounds."]
    lines: list = []
    faults: list = []
    good: dict = {}
    for entry in published["rounds"]:
        found = round_faults(entry)
        faults += found
        if not found:
            good[entry["round"]] = entry
            count = len(entry["commitments"])
            lines.append(f"Round {entry['round']}: {count} commitments give the root {entry['root']}.")
    if not faults and len(good) < len(published["rounds"]):
        faults.append("A round stands in the file more than once.")
    for root in roots:
        if root.strip().lower() not in {entry["root"] for entry in good.values()}:
            faults.append(f"No round of this file has the root {root}; another chain was published then.")
    for code in codes:
        where, fault = find_receipt(list(good.values()), code)
        lines += [f"The receipt {code} stands in the round {name}." for name in where]
        faults += [fault] if fault else []
    return lines, faults


def round_faults(entry: object) -> list:
    """Return what is wrong with one round of the file."""
    if not isinstance(entry, dict) or set(entry) != {"round", "root", "commitments"}:
        return ["A round in the file needs round, root and commitments, and nothing else."]
    name, commitments = entry["round"], entry["commitments"]
    if not isinstance(name, str):
        return ["A round in the file has no name."]
    if not isinstance(commitments, list) or not all(is_hash(one) for one in commitments):
        return [f"Round {name}: a commitment is not 64 hexadecimal digits."]
    faults = []
    if commitments != sorted(set(commitments)):
        faults.append(f"Round {name}: the commitments are not in their order, or one comes twice.")
    if root_of(name, commitments) != entry["root"]:
        faults.append(f"Round {name}: the commitments do not give the root; something was changed, removed or added.")
    return faults


def root_of(name: str, commitments: list) -> str:
    """Return the hash of all commitments, one after the other."""
    last = sha256(f"{FORMAT}\n{name}")
    for commitment in commitments:
        last = sha256(f"{last}\n{commitment}")
    return last


def find_receipt(entries: list, code: str) -> tuple:
    """Return the rounds whose chain holds a receipt code, and a sentence where none does."""
    said = code.upper().replace("O", "0")
    characters = [one for one in said if one in ALPHABET]
    if len(characters) != 16 or re.sub(r"[\s-]", "", said) != "".join(characters):
        return [], f"The receipt code {code} is not one: it has 16 letters and digits, in fours."
    if sum(place * ALPHABET.index(one) for place, one in enumerate(characters, start=1)) % len(ALPHABET):
        return [], f"The receipt code {code} was noted wrong: a character is another one, or two changed places."
    wanted = "".join(characters[:15])
    where = [entry["round"] for entry in entries if any(code_of(one) == wanted for one in entry["commitments"])]
    return where, "" if where else f"The receipt {code} stands in no round of this file whose chain holds."


def code_of(commitment: str) -> str:
    """Return the first 15 characters of a commitment's receipt code."""
    number, code = int(commitment, 16), ""
    for _ in range(15):
        number, digit = divmod(number, len(ALPHABET))
        code = ALPHABET[digit] + code
    return code


def is_hash(value: object) -> bool:
    """Return whether a value is 64 hexadecimal digits in small letters."""
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def sha256(text: str) -> str:
    """Return the SHA-256 of a text as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
