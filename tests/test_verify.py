"""A published chain is checked by a file that needs nothing of ours, and whatever was done to it is noticed."""

from __future__ import annotations

import ast
import copy
import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus import receipts, verify

COMMITMENTS = st.lists(st.binary(min_size=32, max_size=32).map(bytes.hex), unique=True, min_size=2, max_size=12)
PROGRAM = Path(verify.__file__)


def published(commitments, round_id="sleep-interim-1"):
    top = receipts.root(round_id, receipts.chain(round_id, commitments))
    return json.loads(receipts.published_chain([(round_id, top, list(commitments))]))


def faults_after(change, commitments):
    """Return the faults of a chain of which somebody changed the commitments in place."""
    file = published(commitments)
    change(file["rounds"][0]["commitments"])
    return verify.examine(file)[1]


@given(COMMITMENTS)
def test_a_chain_as_it_was_published_holds(commitments):
    lines, faults = verify.examine(published(commitments))

    assert faults == []
    assert f"{len(commitments)} commitments" in lines[0]


@given(COMMITMENTS, st.data())
def test_a_flipped_digit_is_noticed(commitments, data):
    at = data.draw(st.integers(0, len(commitments) - 1))
    place, digit = data.draw(st.integers(0, 63)), data.draw(st.sampled_from("0123456789abcdef"))

    def flip(rows):
        before = rows[at]
        rows[at] = before[:place] + digit + before[place + 1 :]
        return rows[at] != before

    changed = sorted(commitments)[at][place] != digit
    assert bool(faults_after(flip, commitments)) == changed


@given(COMMITMENTS, st.data())
def test_a_deleted_commitment_is_noticed(commitments, data):
    at = data.draw(st.integers(0, len(commitments) - 1))

    assert faults_after(lambda rows: rows.pop(at), commitments)


@given(COMMITMENTS, st.binary(min_size=32, max_size=32).map(bytes.hex), st.data())
def test_an_inserted_commitment_is_noticed(commitments, more, data):
    at = data.draw(st.integers(0, len(commitments)))

    assert faults_after(lambda rows: rows.insert(at, more), commitments)


@given(COMMITMENTS, st.data())
def test_two_swapped_commitments_are_noticed(commitments, data):
    one, other = data.draw(st.lists(st.integers(0, len(commitments) - 1), min_size=2, max_size=2, unique=True))

    def swap(rows):
        rows[one], rows[other] = rows[other], rows[one]

    assert faults_after(swap, commitments)


@pytest.mark.parametrize("rows", [["0c" * 32, "ab" * 32, "ab" * 32], ["ab" * 32, "0c" * 32]], ids=["twice", "swapped"])
def test_commitments_out_of_order_or_twice_are_noticed_though_their_own_root_is_published(rows):
    root = verify.root_of("sleep-interim-1", rows)
    entry = {"round": "sleep-interim-1", "root": root, "commitments": rows}

    faults = verify.examine({"format": verify.FORMAT, "rounds": [entry]})[1]

    assert faults == ["Round sleep-interim-1: the commitments are not in their order, or one comes twice."]


@given(COMMITMENTS, st.data())
def test_a_chain_that_was_cut_short_is_noticed(commitments, data):
    length = data.draw(st.integers(0, len(commitments) - 1))

    assert faults_after(lambda rows: rows.__delitem__(slice(length, None)), commitments)


@given(COMMITMENTS, st.integers(0, 63), st.sampled_from("0123456789abcdef"))
def test_a_changed_root_is_noticed(commitments, place, digit):
    file = published(commitments)
    before = file["rounds"][0]["root"]
    file["rounds"][0]["root"] = before[:place] + digit + before[place + 1 :]

    assert bool(verify.examine(file)[1]) == (before[place] != digit)


SMALL = receipts.published_chain(
    (name, receipts.root(name, receipts.chain(name, rows)), rows)
    for name, rows in (
        ("sleep-gather-1", ["ab" * 32, "0c" * 32]),
        ("sleep-interim-1", ["12" * 32, "ef" * 32, "f0" * 32]),
    )
).encode()


def not_noticed(changed):
    """Return those changed files that hold; every other one has a sentence for each fault."""
    found = []
    for file in changed:
        _lines, faults = verify.examine_file(file)
        assert all(isinstance(fault, str) and fault.endswith(".") for fault in faults)
        found += [] if faults or file == SMALL else [file]
    return found


def test_the_small_file_holds_as_it_was_published():
    assert verify.examine_file(SMALL)[1] == []


def test_a_bit_flipped_at_any_place_of_the_file_is_noticed():
    flipped = (
        SMALL[:at] + bytes([SMALL[at] ^ (1 << bit)]) + SMALL[at + 1 :] for at in range(len(SMALL)) for bit in range(8)
    )

    assert not_noticed(flipped) == []


@pytest.mark.parametrize("put", [b" ", b"\n", b"0", b'"', b",", b"{", b"\\", b"\x00", "é".encode(), b"\xff", b"/**/"])
def test_whatever_is_put_in_at_any_place_of_the_file_is_noticed(put):
    assert not_noticed(SMALL[:at] + put + SMALL[at:] for at in range(len(SMALL) + 1)) == []


def test_whatever_is_taken_out_at_any_place_of_the_file_is_noticed():
    assert not_noticed(SMALL[:at] + SMALL[at + 1 :] for at in range(len(SMALL))) == []


def test_neighbours_that_changed_places_anywhere_in_the_file_are_noticed():
    swapped = (
        SMALL[:at] + SMALL[at + 1 : at + 2] + SMALL[at : at + 1] + SMALL[at + 2 :] for at in range(len(SMALL) - 1)
    )

    assert not_noticed(swapped) == []


def test_a_file_that_was_cut_short_at_any_place_is_noticed():
    assert not_noticed(SMALL[:at] for at in range(len(SMALL))) == []


@given(st.data())
def test_a_longer_piece_that_was_taken_out_doubled_or_moved_is_noticed(data):
    first, second, third = sorted(data.draw(st.lists(st.integers(0, len(SMALL)), min_size=3, max_size=3)))
    start, one, other, end = SMALL[:first], SMALL[first:second], SMALL[second:third], SMALL[third:]

    assert not_noticed([start + other + end, start + one + one + other + end, start + other + one + end]) == []


def test_lines_of_the_file_that_changed_places_are_noticed():
    lines = SMALL.splitlines(keepends=True)
    swapped = []
    for one, other in itertools.combinations(range(len(lines)), 2):
        turned = list(lines)
        turned[one], turned[other] = turned[other], turned[one]
        swapped.append(b"".join(turned))

    assert not_noticed(swapped) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: json.dumps(json.loads(text)).encode(),
        lambda text: text.replace(b'"format"', b'"format": "x", "format"'),
        lambda text: text.replace(b"sleep-gather-1", b"sleep\\u002dgather-1"),
        lambda text: text.replace(b"sleep-gather-1", b"\\ud800"),
        lambda text: b"[" * 100_000,
        lambda text: b"9" * 5000,
        lambda text: text.decode().encode("utf-16"),
    ],
    ids=["line ends", "byte order mark", "layout", "name twice", "escape", "half a pair", "depth", "number", "utf-16"],
)
def test_a_file_that_says_the_same_or_nothing_otherwise_than_it_was_published_gets_a_sentence(change, tmp_path):
    file, program = tmp_path / "chain.json", tmp_path / "verify.py"
    program.write_bytes(PROGRAM.read_bytes())
    file.write_bytes(change(SMALL))

    run = subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(file)], capture_output=True, text=True, check=False
    )

    assert run.returncode == 1
    assert "WRONG: " in run.stdout
    assert run.stderr == ""


def test_a_chain_given_to_another_round_is_noticed():
    file = published(["ab" * 32, "cd" * 32])
    file["rounds"][0]["round"] = "sleep-interim-2"

    assert verify.examine(file)[1]


def test_a_chain_made_anew_is_noticed_by_whoever_noted_the_root():
    first, second = published(["ab" * 32, "cd" * 32]), published(["ab" * 32])
    noted = first["rounds"][0]["root"]

    assert verify.examine(second)[1] == []
    assert verify.examine(first, roots=[noted])[1] == []
    assert "another chain" in verify.examine(second, roots=[noted])[1][0]


@pytest.mark.parametrize(
    "file",
    [
        [],
        {},
        {"format": "other", "rounds": []},
        {"format": receipts.FORMAT, "rounds": [[]]},
        {"format": receipts.FORMAT, "rounds": 7},
        {"format": receipts.FORMAT, "rounds": [{"round": "r", "root": "", "commitments": ["x"]}]},
        {"format": receipts.FORMAT, "rounds": [{"round": "r", "root": "", "commitments": "x"}]},
    ],
)
def test_what_is_no_chain_gets_a_sentence(file):
    assert verify.examine(file)[1]


def test_a_round_that_stands_twice_is_noticed():
    file = published(["ab" * 32])
    file["rounds"].append(copy.deepcopy(file["rounds"][0]))

    assert "more than once" in verify.examine(file)[1][0]


@given(COMMITMENTS, st.data())
def test_a_receipt_shows_that_what_it_stands_for_is_in_the_chain(commitments, data):
    mine = data.draw(st.sampled_from(commitments))
    code = receipts.receipt_code(mine)

    with_it = verify.examine(published(commitments), [code])
    without_it = verify.examine(published([one for one in commitments if one != mine]), [code])

    assert with_it[1] == []
    assert "stands in the round sleep-interim-1" in with_it[0][-1]
    assert "stands in no round" in without_it[1][0]


@given(COMMITMENTS, st.integers(0, 15), st.sampled_from(receipts.ALPHABET))
def test_a_receipt_noted_wrong_is_not_taken_for_one_that_is_missing(commitments, place, heard):
    code = receipts.receipt_code(commitments[0]).replace("-", "")
    noted = code[:place] + heard + code[place + 1 :]

    faults = verify.examine(published(commitments), [noted])[1]

    assert [fault for fault in faults if "noted wrong" not in fault] == []
    assert bool(faults) == (noted != code)


def test_a_receipt_may_be_typed_in_small_letters_and_with_the_letter_o():
    code = receipts.receipt_code("00" * 31 + "ff")

    assert (
        verify.examine(published(["00" * 31 + "ff"]), [code.lower().replace("0", "o"), code.replace("-", " ")])[1] == []
    )


def test_a_receipt_of_the_wrong_length_gets_a_sentence():
    assert "16 letters and digits" in verify.examine(published(["ab" * 32]), ["7K3M"])[1][0]


def test_the_verifier_imports_the_standard_library_alone():
    tree = ast.parse(PROGRAM.read_text(encoding="utf-8"))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {name.name.split(".")[0] for node in imported for name in node.names}

    assert names <= set(sys.stdlib_module_names)
    assert not any(isinstance(node, ast.ImportFrom) for node in imported)


def test_the_verifier_can_be_read_in_five_minutes():
    assert len(PROGRAM.read_text(encoding="utf-8").split()) < 1000


def test_the_verifier_runs_as_a_copied_file_without_anything_of_ours(tmp_path):
    program, file = tmp_path / "verify.py", tmp_path / "chain.json"
    program.write_bytes(PROGRAM.read_bytes())
    chain = published(["ab" * 32, "cd" * 32])
    file.write_text(json.dumps(chain, indent=1) + "\n")
    command = [sys.executable, "-I", "-S", str(program), str(file), receipts.receipt_code("ab" * 32)]

    good = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    chain["rounds"][0]["commitments"].pop()
    file.write_text(json.dumps(chain, indent=1) + "\n")
    bad = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    assert (good.returncode, bad.returncode) == (0, 1), good.stdout + good.stderr + bad.stderr
    assert "Everything holds." in good.stdout
    assert "WRONG: Round sleep-interim-1" in bad.stdout


def test_a_file_that_cannot_be_read_gets_a_sentence(tmp_path, capsys):
    (tmp_path / "chain.json").write_bytes(b"\xff{")

    assert verify.main([str(tmp_path / "chain.json")]) == 1
    assert verify.main([str(tmp_path / "nothing.json")]) == 1
    assert capsys.readouterr().out.count("cannot be read") == 2
