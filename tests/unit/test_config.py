from __future__ import annotations

import threading

import pytest

import mathlearn
from mathlearn import _config
from mathlearn.errors import DomainError


@pytest.fixture(autouse=True)
def _unchanged(monkeypatch):
    monkeypatch.setattr(_config, "_process", None)


def test_defaults_are_sane():
    config = mathlearn.get_config()
    assert config.threads >= 1
    assert config.max_memory >= 2**20
    assert config.progress is None


def test_set_config_reaches_other_threads():
    mathlearn.set_config(threads=3)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(mathlearn.get_config().threads))
    thread.start()
    thread.join()
    assert seen == [3]


def test_a_block_is_for_its_own_thread_and_ends():
    before = mathlearn.get_config()
    seen = []
    with mathlearn.config_context(threads=7, max_memory=123):
        thread = threading.Thread(target=lambda: seen.append(mathlearn.get_config()))
        thread.start()
        thread.join()
        with mathlearn.config_context(threads=1):
            inner = mathlearn.get_config()
        assert mathlearn.get_config().threads == 7
    assert (inner.threads, inner.max_memory) == (1, 123)
    assert seen == [before]
    assert mathlearn.get_config() == before


def test_a_block_keeps_process_settings_it_does_not_change():
    with mathlearn.config_context(threads=7):
        mathlearn.set_config(max_memory=99, threads=2)
        assert (mathlearn.get_config().threads, mathlearn.get_config().max_memory) == (7, 99)
    assert mathlearn.get_config().threads == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"thread": 2}, "unknown setting 'thread'; the settings are max_memory, threads, progress"),
        ({"threads": 0}, "threads must be a positive whole number, got 0"),
        ({"threads": True}, "got True"),
        ({"max_memory": 1e9}, "max_memory must be a positive whole number"),
        ({"progress": 1}, "progress must be 'stderr', callable as progress\\(p\\), or None, got 1"),
        ({"progress": "stdout"}, "got 'stdout'"),
    ],
)
def test_what_is_not_allowed_changes_nothing(settings, message):
    before = mathlearn.get_config()
    with pytest.raises(DomainError, match=message):
        mathlearn.set_config(**settings)
    with pytest.raises(DomainError, match=message), mathlearn.config_context(**settings):
        pass
    assert mathlearn.get_config() == before


def test_a_container_limit_counts(monkeypatch):
    monkeypatch.setattr(_config, "_container_limit", lambda: 2**21)
    assert _config._half_of_memory() == 2**20


def test_unknown_memory_falls_back(monkeypatch):
    def absent(name):
        raise ValueError(name)

    monkeypatch.setattr(_config.os, "sysconf", absent)
    assert _config._half_of_memory() == 4 * 1024**3
