"""The documentation fails the build when it rots."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from consensus.cli.main import build_parser
from consensus.version import __version__
from tests.example_run import ROOT, in_readme, run_example, top_ten

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

READ = r"""(?:environ(?:\.get)?|getenv|env(?:\.get)?)[(\[](?:env, )?["']((?:CONSENSUS|DATABASE)_[A-Z_]+)["'][)\],]"""
"""How code reads a setting."""


def commands() -> list[str]:
    """Return every `consensus ...` command that a page shows."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for block in re.findall(r"```console\n(.*?)```", text, re.S):
            found += [line.split("#")[0] for line in block.splitlines() if "consensus " in line]
    return sorted({line.split("consensus ", 1)[1].strip() for line in found})


@pytest.mark.parametrize("command", commands())
def test_every_command_in_the_docs_is_one_that_exists(command):
    build_parser().parse_args(shlex.split(command))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_in_the_docs_leads_somewhere(page):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_map_names_every_module():
    named = set(re.findall(r"`([a-z_]+)`", (ROOT / "README.md").read_text().split("## The map")[1].split("## What")[0]))
    modules = {
        path.stem for path in (ROOT / "src" / "consensus").glob("*") if re.fullmatch(r"[a-z]+(\.py)?", path.name)
    }

    assert modules - named == set()


def test_every_make_target_in_the_docs_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {name for page in PAGES for name in re.findall(r"make ([a-z][a-z-]+)", page.read_text(encoding="utf-8"))}

    assert named & {"demo", "up", "test"}
    assert {name for name in named if name in targets or name.startswith(("test", "up", "demo", "check"))} <= targets


def test_the_lock_names_no_index_and_holds_every_dependency():
    lock = (ROOT / "requirements.lock").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]

    names = {re.split(r"[<>=!;\[ ]", line)[0].lower().replace("_", "-") for line in wanted}

    assert "http" not in lock.replace("httpx", "").replace("httpcore", "").replace("httptools", "")
    assert {name for name in names if not re.search(rf"^{re.escape(name)}==", lock, re.M | re.I)} == set()


def test_the_version_is_the_same_everywhere():
    assert f"version: {__version__}" in (ROOT / "CITATION.cff").read_text()


def test_every_setting_stands_in_the_operators_page_and_no_other():
    code = (ROOT / "src" / "consensus" / "settings.py").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    other = {name for path in (ROOT / "src").rglob("*.py") for name in re.findall(READ, path.read_text())}

    read = set(re.findall(r'"((?:CONSENSUS|DATABASE)_[A-Z_]+)"', code))

    assert len(read) > 10
    assert other <= read
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.M)) == read
    assert set(re.findall(r"`?((?:CONSENSUS|DATABASE)_[A-Z_]+)", page)) == read


def test_every_promise_stands_in_the_security_page():
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")

    promises = sorted((ROOT / "tests" / "promises").glob("test_*.py"))

    assert len(promises) > 10
    assert [path.name for path in promises if f"(../tests/promises/{path.name})" not in page] == []


@pytest.mark.slow
def test_the_readme_opens_with_the_top_ten_that_the_demonstration_gives(tmp_path):
    db = run_example(tmp_path)

    assert in_readme() == top_ten(db)
    db.close()


def test_no_module_is_longer_than_a_person_reads_at_one_sitting():
    sizes = {path: len(path.read_text().splitlines()) for path in (ROOT / "src").rglob("*.py")}

    assert {path.name for path, lines in sizes.items() if lines > 400} == set()


def test_only_flows_and_orchestration_know_prefect():
    import_line = re.compile(r"^\s*(?:from|import) prefect\b", re.M)
    knowing = {
        path.relative_to(ROOT / "src" / "consensus").parts[0]
        for path in (ROOT / "src").rglob("*.py")
        if import_line.search(path.read_text())
    }

    assert knowing == {"orchestration"}


def test_paths_of_one_machine_stand_nowhere():
    text = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)

    assert not re.search(r"(?<![\w./-])/(?:home|root|Users|work)/", text)
    assert Path("surveys").is_absolute() is False
