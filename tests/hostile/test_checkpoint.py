"""Checkpoints under kill -9, on a full disk, damaged, and of another fit: gone on with, or refused, and never mixed."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import _stopped
import numpy as np
import pandas as pd
import pytest
import sklearn
from _stopped import Stopped, counting, stop, written_always
from sklearn.base import clone

import mathlearn
from mathlearn import cli
from mathlearn._errors import CheckpointWarning, CorruptFileError, NonFiniteInputError, PrecisionWarning, SchemaError
from mathlearn.data.digest import digest
from mathlearn.data.journal import _task
from mathlearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from mathlearn.persistence import checkpoint, container

N = 3000


def table(rng):
    x = rng.normal(size=(N, 2))
    return pd.DataFrame(
        {"a": x[:, 0], "b": x[:, 1], "y": x @ [1.0, -1.0] + rng.normal(size=N), "k": rng.poisson(2.0, N)}
    )


@pytest.fixture
def folder(tmp_path):
    rows = table(np.random.default_rng(0))
    (tmp_path / "rows").mkdir()
    for i, part in enumerate(np.array_split(np.arange(N), 3)):
        rows.iloc[part].to_parquet(tmp_path / "rows" / f"{i}.parquet", index=False)
    return tmp_path


def fit(folder, model=None, **options):
    model = LinearRegression(formula="y ~ a + b") if model is None else model
    with written_always():
        return model.fit(mathlearn.scan(folder / "rows"), checkpoint=folder / "c", **options)


def stopped(folder, model=None, at=20, **options):
    stop(lambda: fit(folder, model, **options), at)
    assert (folder / "c").exists()


SCRIPT = f"""
import sys
sys.path.insert(0, {str(Path(_stopped.__file__).parent)!r})
from _stopped import written_always
import mathlearn
from mathlearn.data.digest import digest
from mathlearn.data.journal import _task
from mathlearn.linear_model import PoissonRegressor
with written_always():
    model = PoissonRegressor(alpha=0, formula="k ~ a + b").fit(mathlearn.scan("rows"), checkpoint="c")
print(digest(model.result_))
"""


def test_kill_9_while_checkpoints_are_written(folder):
    path, killed = folder / "c", 0
    for writings in (2, 10):
        process, seen = subprocess.Popen([sys.executable, "-c", SCRIPT], cwd=folder), set()
        while process.poll() is None and len(seen) < writings:
            with suppress(FileNotFoundError):
                seen.add(path.stat().st_ino)
        process.send_signal(signal.SIGKILL)
        killed += process.wait(timeout=60) == -signal.SIGKILL
    assert killed
    again = subprocess.run([sys.executable, "-c", SCRIPT], cwd=folder, capture_output=True, text=True, check=True)
    with written_always():
        model = PoissonRegressor(alpha=0, formula="k ~ a + b").fit(mathlearn.scan(folder / "rows"))
    assert again.stdout.strip() == digest(model.result_)
    assert not path.exists()


def test_a_kill_between_writing_and_renaming_leaves_the_checkpoint_before(folder):
    stopped(folder)
    before = (folder / "c").read_bytes()
    broken = patch.object(Path, "replace", side_effect=OSError(errno.EIO, "input or output error"))
    with broken, pytest.raises(OSError, match="input or output"):
        fit(folder)
    assert (folder / "c").read_bytes() == before


@pytest.mark.parametrize(
    ("other", "options", "says"),
    [
        (LinearRegression(formula="y ~ a"), {}, "the parameter formula was 'y ~ a \\+ b' and is 'y ~ a'"),
        (LinearRegression(formula="y ~ a + b", tol=1e-9), {}, "the parameter tol was None and is 1e-09"),
        (PoissonRegressor(formula="k ~ a + b"), {}, "the estimator was LinearRegression and is PoissonRegressor"),
        (None, {"sample_weight": "k"}, "sample_weight was not there and is"),
        (None, {"sample_weight": np.ones(N)}, "sample_weight was not there and is values"),
    ],
)
def test_another_fit_is_refused(folder, other, options, says):
    stopped(folder)
    with pytest.raises(SchemaError, match=f"is the checkpoint of another fit: {says}.*delete the file"):
        fit(folder, other, **options)
    assert (folder / "c").exists()


def test_other_weights_in_memory_are_refused(folder):
    weights = np.ones(N)
    stopped(folder, sample_weight=weights)
    weights[-1] = 2.0
    with pytest.raises(SchemaError, match="sample_weight was values"):
        fit(folder, sample_weight=weights)


def test_another_version_is_refused(folder):
    stopped(folder)
    newer = patch("mathlearn.linear_model._resumable.__version__", "99")
    with newer, pytest.raises(SchemaError, match=r"the version of mathlearn was .* and is 99"):
        fit(folder)


def test_parameters_without_influence_may_change(folder):
    plain = fit(folder).coef_
    stopped(folder)
    assert fit(folder, LinearRegression(formula="y ~ a + b", n_jobs=2)).coef_.tobytes() == plain.tobytes()


def touched(path):
    os.utime(path, ns=(1, 1))


def rewritten(path):
    """Change one number, and put the time of the last change back."""
    seen = path.stat()
    rows = pd.read_parquet(path)
    rows.loc[5, "a"] += 9.0
    rows.to_parquet(path, index=False)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("change", [touched, rewritten])
def test_another_file_is_refused(folder, change):
    stopped(folder)
    change(folder / "rows" / "2.parquet")
    with pytest.raises(SchemaError, match=r"another fit: file .*2\.parquet was .* bytes of"):
        fit(folder)


def test_one_file_more_is_refused(folder):
    stopped(folder)
    table(np.random.default_rng(1)).to_parquet(folder / "rows" / "3.parquet", index=False)
    with pytest.raises(SchemaError, match=r"file .*3\.parquet was not there and is"):
        fit(folder)


def test_a_cut_file_is_refused(folder):
    stopped(folder)
    cut(folder / "rows" / "2.parquet")
    with pytest.raises(CorruptFileError, match="cannot be read as Parquet"):
        fit(folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (Path.unlink, "deleted or renamed since"),
        (cut, "changed since"),
        (touched, "changed since"),
        (rewritten, "changed since"),
    ],
)
@pytest.mark.parametrize("model", [LinearRegression(formula="y ~ a + b"), PoissonRegressor(formula="k ~ a + b")])
def test_a_file_that_changes_between_passes_is_refused(folder, model, change, says):
    passes = 0

    def ended(journal, value):
        nonlocal passes
        passes += 1
        if passes == 1:
            change(folder / "rows" / "1.parquet")

    ending = patch.object(checkpoint.Checkpoint, "end", ended)
    with ending, pytest.raises(CorruptFileError, match=rf"1\.parquet has (been )?{says} it was scanned"):
        fit(folder, model)


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_blocks_of_another_size_are_another_pass():
    assert _task(max, min, 64) == _task(max, min, 64) != _task(max, min, 128)


def test_a_pass_without_a_name_is_read_again_and_what_was_told_stays_told(tmp_path):
    with written_always():
        kept = checkpoint.Checkpoint(tmp_path / "c", {}, lambda: ["a"])
        for task, value in (("one", 1.0), ("", 2.0)):
            kept.begin(task)
            kept.end(value)
        for _ in range(2):  # the second time, it is told by the file alone
            again = checkpoint.Checkpoint(tmp_path / "c", {})
            assert again.told_before == {"a"}
            assert again.begin("one").value == 1.0
            assert again.begin("") is None


def test_what_must_be_the_same_rows(folder):
    first, second = sorted((folder / "rows").iterdir())[:2]
    (folder / "t.csv").write_text("a;b\n1;2\n3;4\n")
    scans = [
        mathlearn.scan([first, second]),
        mathlearn.scan([second, first]),
        mathlearn.scan([first, first]),
        mathlearn.scan([first]),
        mathlearn.scan([first, second], types={"k": "float64"}),
        mathlearn.scan([first, second], where="a > 0"),
        mathlearn.scan([first, second], where="a > 1"),
        mathlearn.scan(folder / "t.csv", delimiter=";"),
        mathlearn.scan(folder / "t.csv", delimiter=";", decimal=","),
    ]
    told = [json.dumps(scan.identity()) for scan in scans]
    assert len(set(told)) == len(told)
    assert json.dumps(mathlearn.scan([first, second]).identity()) == told[0]


def test_weights_in_memory_go_on_where_the_rows_do(folder):
    rows = pd.concat(map(pd.read_parquet, sorted((folder / "rows").iterdir())))
    rows.to_csv(folder / "t.csv", index=False)
    model, weights = LinearRegression(formula="y ~ a + b", covariance="HC1"), np.linspace(1, 2, N)

    def on_text():
        with written_always():
            return clone(model).fit(mathlearn.scan(folder / "t.csv"), sample_weight=weights, checkpoint=folder / "c")

    stop(on_text, 5)
    expected = clone(model).fit(mathlearn.scan(folder / "t.csv"), sample_weight=weights)
    with written_always():
        whole = clone(model).fit(mathlearn.scan(folder / "t.csv"), sample_weight=weights)
    assert on_text().coef_.tolist() == whole.coef_.tolist()
    np.testing.assert_allclose(whole.coef_, expected.coef_, rtol=1e-12)


def test_a_link_is_followed_and_nobody_else_may_read_the_sums(folder):
    (folder / "elsewhere").mkdir()
    (folder / "c").symlink_to(folder / "elsewhere" / "sums")
    stopped(folder)
    assert (folder / "elsewhere" / "sums").stat().st_mode & 0o777 == 0o600
    fit(folder)
    assert not any((folder / "elsewhere").iterdir())


@pytest.mark.parametrize(
    "document",
    [[], {}, {"fit": {}, "told": []}, {"fit": {}, "told": [], "passes": [{}]}, {"fit": {}, "told": [], "passes": 3}],
)
def test_a_document_without_its_parts_is_refused(folder, document):
    arrays = {"document": np.frombuffer(json.dumps(document).encode(), np.uint8)}
    heading = {"format": checkpoint.FORMAT, "digest": checkpoint._digest(arrays)}
    container.write(folder / "c", {"mathlearn": json.dumps(heading)}, arrays)
    with pytest.raises(CorruptFileError, match="parts of it are missing"):
        fit(folder)


def test_a_damaged_checkpoint_is_refused(folder):
    stopped(folder)
    path = folder / "c"
    whole = path.read_bytes()
    places = np.random.default_rng(0).integers(0, len(whole), 30)
    damaged = [flipped(whole, at) for at in (0, 8, 9, len(whole) - 1, *places.tolist())]
    for data in (*damaged, b"", whole[:7], whole[:100], whole[:-1], whole + b"x", b"a,b\n1,2\n", b"\x80\x04N."):
        path.write_bytes(data)
        with pytest.raises(CorruptFileError, match=r"not a checkpoint that a fit can go on from: .*Delete it"):
            fit(folder)
        assert path.read_bytes() == data
    path.write_bytes(whole)
    fit(folder)


def test_a_model_is_not_taken_for_a_checkpoint(folder):
    model = fit(folder)
    model.save(folder / "c")
    with pytest.raises(CorruptFileError, match="another kind"):
        fit(folder)
    assert mathlearn.load(folder / "c").coef_.tobytes() == model.coef_.tobytes()


def test_nothing_but_statistics_is_stored(folder):
    stopped(folder, PoissonRegressor(alpha=0, formula="k ~ a + b"))
    _, arrays = container.read(folder / "c")
    assert max(array.size for name, array in arrays.items() if name != "document") <= 16


def test_a_full_disk_is_told_once_and_the_fit_goes_on(folder):
    plain, written = fit(folder).coef_, container.write
    calls = 0

    def full(*arguments, **options):
        nonlocal calls
        calls += 1
        if calls > 4:
            raise OSError(errno.ENOSPC, "No space left on device", "c")
        written(*arguments)

    with patch.object(container, "write", full), pytest.warns(CheckpointWarning, match="No space left") as told:
        model = fit(folder)
    assert len(told) == 1
    assert calls == 5
    assert model.coef_.tobytes() == plain.tobytes()
    assert not (folder / "c").exists()


def test_passes_beyond_the_memory_are_not_kept(folder):
    with mathlearn.config_context(max_memory=1000), pytest.warns(CheckpointWarning, match="a quarter of max_memory"):
        fit(folder)


@pytest.mark.parametrize("where", ["missing/c", "rows", ""])
def test_a_path_that_cannot_be_written_is_refused_at_once(folder, where):
    with pytest.raises(OSError, match=r"folder|empty"):
        LinearRegression(formula="y ~ a").fit(
            mathlearn.scan(folder / "rows"), checkpoint=str(folder / where) if where else ""
        )


def test_rows_that_are_not_in_files_are_refused(folder):
    rows, path = table(np.random.default_rng(0)), folder / "c"
    for X, y in ((rows[["a"]].to_numpy(), rows["y"]), (rows[["a", "y"]], "y"), (mathlearn.scan(rows[["a", "y"]]), "y")):
        with pytest.raises(
            SchemaError, match=r"checkpoint= is for rows in files.*in memory, where a fit is soon repeated"
        ):
            LinearRegression().fit(X, y, checkpoint=path)
    query = mathlearn.scan(sql="SELECT a, y FROM t", files={"t": folder / "rows"})
    with pytest.raises(SchemaError, match="the SQL query may give other rows the next time"):
        LinearRegression().fit(query, "y", checkpoint=path)
    assert not path.exists()


def test_a_fit_that_fails_before_it_has_kept_anything_leaves_no_file(folder):
    with pytest.raises(ValueError, match="classes"):
        LogisticRegression(formula="k ~ a", C=np.inf).fit(
            mathlearn.scan(folder / "rows", where="k == 1"), checkpoint=folder / "c"
        )
    assert not (folder / "c").exists()


def test_a_fit_that_fails_later_keeps_what_it_has(folder):
    rows = table(np.random.default_rng(2))
    rows.loc[N - 1, "a"] = np.inf
    rows.to_parquet(folder / "rows" / "3.parquet", index=False)
    for _ in range(2):
        with pytest.raises(NonFiniteInputError, match=r"3\.parquet"):
            fit(folder)
        assert (folder / "c").exists()


def test_a_checkpoint_without_a_pass_is_of_any_fit(folder):
    stop(lambda: fit(folder), 1)
    with patch.object(checkpoint.Checkpoint, "_keep", lambda *_: None):
        checkpoint.Checkpoint(folder / "empty", {"the estimator": "another"})
    (folder / "empty").replace(folder / "c")
    fit(folder)
    assert not (folder / "c").exists()


def test_warnings_of_rows_that_are_not_read_again_are_repeated(folder):
    rows = table(np.random.default_rng(3)).assign(b=np.arange(N) * 3 + 2**53 + 1)
    for path in (folder / "rows").iterdir():
        path.unlink()
    rows.to_parquet(folder / "rows" / "0.parquet", index=False)

    def weighted():
        return fit(folder, LinearRegression(formula="y ~ a"), sample_weight="b")

    with pytest.warns(PrecisionWarning, match="'b'"), counting() as counted:
        weighted()
    with pytest.warns(PrecisionWarning):
        stop(weighted, counted.events)
    with pytest.warns(PrecisionWarning, match="'b'") as told:
        weighted()
    assert len(told) == 1


def test_the_time_between_writings_follows_what_they_cost(folder, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(checkpoint, "monotonic", lambda: clock[0])
    written = []

    def slow(*_, **options):
        written.append(clock[0])
        clock[0] += 0.5

    monkeypatch.setattr(container, "write", slow)
    kept = checkpoint.Checkpoint(folder / "c", {})
    kept.begin("task")
    for _ in range(2000):
        clock[0] += 0.1
        kept.note(1.0, 256)
    assert len(written) == 4  # in 202 seconds: after the first, every fifty of them


@pytest.mark.parametrize("model", [LinearRegression(), LogisticRegression(), PoissonRegressor()])
def test_scikit_learn_does_not_route_a_checkpoint(model):
    with sklearn.config_context(enable_metadata_routing=True):
        assert model.set_fit_request(sample_weight=True) is model
        with pytest.raises(TypeError, match="checkpoint"):
            model.set_fit_request(checkpoint=True)
    assert "checkpoint" not in model.get_metadata_routing().fit.requests


def test_the_command_line_goes_on_too(folder, capsys):
    path = folder / "c"
    command = ["fit", str(folder / "rows"), "--formula", "y ~ a + b", "--json"]
    assert cli.main(command) == 0
    plain = json.loads(capsys.readouterr().out)
    with written_always(), counting(4), pytest.raises(Stopped):
        cli.main([*command, "--checkpoint", str(path)])
    assert path.exists()
    with written_always():
        assert cli.main([*command, "--checkpoint", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["coefficients"] == plain["coefficients"]
    assert not path.exists()
    assert cli.main([*command, "--sql", "SELECT a, b, y FROM rows", "--checkpoint", str(path)]) == 1
    assert "checkpoint= is for rows in files" in capsys.readouterr().err


@pytest.mark.parametrize("length", [640, 896, 1152, 1408])
def test_a_file_whose_length_looks_like_the_mark_of_a_pickle_is_read(tmp_path, length):
    for size in range(length - 120, length):
        container.write(tmp_path / "m", {"text": "x" * size}, {"a": np.zeros(1)})
        if int.from_bytes((tmp_path / "m").read_bytes()[:8], "little") == length:
            break
    assert (tmp_path / "m").read_bytes()[0] == 0x80
    assert container.read(tmp_path / "m")[0] == {"text": "x" * size}
