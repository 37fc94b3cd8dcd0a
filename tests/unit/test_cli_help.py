"""The help of each command: whole in 80 columns, with examples that work."""

from __future__ import annotations

import shlex
import shutil

import pytest

from mathlearn import cli
from mathlearn.cli.app import app
from mathlearn.cli.examples import EXAMPLES
from mathlearn.datasets import penguins_path, titanic_path


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command line in this process, 80 columns wide: exit status, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments):
        status = cli.main(arguments)
        output = capsys.readouterr()
        return status, output.out, output.err

    return call


def test_every_command_has_examples():
    assert [command.callback.__name__ for command in app.registered_commands] == list(EXAMPLES)


@pytest.mark.parametrize("command", EXAMPLES)
def test_the_help_of_a_command_shows_its_examples_whole(run, command):
    lines = run(command, "--help")[1].splitlines()
    assert set(EXAMPLES[command]) <= {line.strip() for line in lines}
    assert max(map(len, lines)) <= 80


def test_the_examples_work(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in (penguins_path(), titanic_path()):
        shutil.copy(path, tmp_path)
    shutil.copy("titanic.csv", "new.csv")
    for name, formula in {"one": "survived ~ sex", "two": "survived ~ sex + age"}.items():
        run("fit", "titanic.csv", "--model", "logistic", "--formula", formula, "--save", f"{name}.safetensors")
    for site in ("north", "south"):
        run(
            "fit",
            "penguins.csv",
            "--formula",
            "body_mass_g ~ sex",
            "--missing",
            "drop",
            "--save",
            f"{site}.safetensors",
        )
    for example in (line for lines in EXAMPLES.values() for line in lines):
        status, _, err = run(*shlex.split(example)[1:])
        assert status == 0, f"{example}: {err}"
