"""Behind a proxy that ends TLS: links say https, and each person has their own pace, not the proxy's."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time

import httpx
import pytest

from consensus import steps
from consensus.errors import DataError
from consensus.processes.children import environment, web_child
from consensus.settings import Settings
from consensus.store import Store
from tests.visiting import EXAMPLE, OPENED

DOOR = "/s/lanternfield/gather"


@pytest.fixture
def served(tmp_path):
    """Return what starts the web app as a running system does, behind the proxies that it is told of."""
    programs = []

    def start(proxies):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        env = {"CONSENSUS_HOME": str(tmp_path), "CONSENSUS_WEB_PORT": str(port), "CONSENSUS_PROXIES": proxies}
        env |= {"CONSENSUS_WEB_WORKERS": "1"}  # each process counts by itself
        settings = Settings.from_environment(env)
        db = Store.open(settings.database_url)
        steps.register(db, EXAMPLE, by="tester", now=OPENED)
        steps.open_round(db, "lanternfield", "gather", by="tester", closes_at=OPENED.replace(year=2099), now=OPENED)
        db.close()
        child = web_child(settings)
        with (tmp_path / "log").open("wb") as log:
            surroundings = {**environment(settings, os.environ), "CONSENSUS_BEGINS_A_MINUTE": "1"}
            programs.append(subprocess.Popen(child.command, env=surroundings, stdout=log, stderr=log))
        deadline = time.monotonic() + 60
        while not child.ready(OPENED) and time.monotonic() < deadline:
            time.sleep(0.1)
        return httpx.Client(base_url=settings.web_url, timeout=30)

    yield start
    for program in programs:
        program.terminate()
        program.wait(10)


def begins(client, address):
    """Begin as the proxy passes it on for somebody at an address."""
    passed_on = {"X-Forwarded-For": address, "X-Forwarded-Proto": "https", "Host": "psp.example.org"}
    return client.post(DOOR, data={"a.consent": "yes"}, headers=passed_on | {"Origin": "https://psp.example.org"})


@pytest.mark.slow
def test_by_a_declared_proxy_each_person_has_a_pace_of_their_own_and_links_say_https(served):
    client = served("127.0.0.1")

    answers = [begins(client, address) for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1")]

    assert [answer.status_code for answer in answers] == [303, 303, 429]
    own = "/".join(answers[0].headers["location"].split("/")[:3])
    page = client.get(f"{own}/saved", headers={"X-Forwarded-Proto": "https", "Host": "psp.example.org"}).text
    assert re.search(rf"https://psp\.example\.org{own}\b", page)


@pytest.mark.slow
def test_who_is_no_declared_proxy_cannot_choose_an_address_to_be_taken_for(served):
    client = served("198.51.100.7")

    answers = [begins(client, address) for address in ("192.0.2.1", "192.0.2.2")]

    assert [answer.status_code for answer in answers] == [303, 429]


def test_a_proxy_that_is_no_address_gets_a_sentence():
    with pytest.raises(DataError, match=r"CONSENSUS_PROXIES names 'proxy\.example\.org'"):
        Settings.from_environment({"CONSENSUS_PROXIES": "127.0.0.1, proxy.example.org"})
    assert Settings.from_environment({"CONSENSUS_PROXIES": "10.0.0.0/24, ::1"}).proxies == "10.0.0.0/24,::1"
