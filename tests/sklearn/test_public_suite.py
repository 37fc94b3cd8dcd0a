"""scikit-learn's own tests of its linear models, as installed, with ours in their place."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import sklearn
from sklearn.utils.fixes import parse_version

from tests.sklearn.substitute import RANK

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SKLEARN = Path(sklearn.__file__).parent
# Which classes are put in place together, in a process of their own.
RUNS = (("LinearRegression",), ("LogisticRegression", "PoissonRegressor", "GammaRegressor", "TweedieRegressor"))
OWN_REASONS = {
    "private helper",
    "in-place overwriting of X",
    "array API",
    "callback hook counts",
    "our own text",
    "behaviour of a solver",
    "other penalties",
    "rank-deficiency warning",
    "rows without weight",
}
OTHER_REASONS = {"list of parameters", "columns by name", "partial_fit"}
# The tests of the classes themselves; every other module only uses them.
CORE = {
    "linear_model/_glm/tests/test_glm.py",
    "linear_model/tests/test_base.py",
    "linear_model/tests/test_common.py",
    "linear_model/tests/test_logistic.py",
}
# What takes long with many classifiers and shows no more of them: these are run for the first class alone.
SLOW = {
    "ensemble/tests/test_bagging.py",
    "feature_selection/tests/test_rfe.py",
    "feature_selection/tests/test_sequential.py",
    "frozen/tests/test_frozen.py",
    "inspection/_plot/tests/test_boundary_decision_display.py",
    "inspection/_plot/tests/test_plot_partial_dependence.py",
    "inspection/tests/test_partial_dependence.py",
    "inspection/tests/test_permutation_importance.py",
    "metrics/_plot/tests/test_common_curve_display.py",
    "metrics/_plot/tests/test_det_curve_display.py",
    "metrics/_plot/tests/test_precision_recall_display.py",
    "metrics/_plot/tests/test_roc_curve_display.py",
    "model_selection/tests/test_classification_threshold.py",
    "model_selection/tests/test_search.py",
    "tests/test_common.py",
    "tests/test_docstring_parameters.py",
    "tests/test_multioutput.py",
}
# 1040 of scikit-learn 1.9; a number far below means that the tests were not run.
LEAST_PASSED = 800


@dataclass(frozen=True)
class Exclusion:
    test: str
    reason: str
    parameters: str = ""
    since: str = "0"

    def covers(self, nodeid):
        name, _, parameters = nodeid.partition("[")
        return name == self.test and re.match(self.parameters, parameters) is not None

    @property
    def applies(self):
        return parse_version(sklearn.__version__) >= parse_version(self.since)


def _exclusions():
    entries = tomllib.loads((HERE / "exclusions.toml").read_text(encoding="utf-8"))["exclusion"]
    return [Exclusion(**entry) for entry in entries]


def _modules(names):
    """Return every installed test module of scikit-learn that names one of the classes, and is not too slow for them."""
    if importlib.util.find_spec("sklearn.linear_model.tests") is None:
        return []
    word = re.compile(rf"\b({'|'.join(names)})\b")
    found = (path for path in SKLEARN.rglob("tests/test_*.py") if word.search(path.read_text(encoding="utf-8")))
    named = {path.relative_to(SKLEARN).as_posix() for path in found}
    return sorted(named if names == RUNS[0] else named - SLOW)


def _run(folder, names):
    """Run the tests of some classes in a fresh process and return what the plugin recorded."""
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    outcomes = folder / "outcomes.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.sklearn.substitute"]
    command += ["-c", str(folder / "pytest.ini"), "--rootdir", str(SKLEARN)]
    command += [f"--substitute=mathlearn.linear_model:{name}" for name in names]
    command += ["--outcomes", str(outcomes), *(str(SKLEARN / module) for module in _modules(names))]
    path = os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    # scikit-learn's tests are written for its own warning filters, and for one worker.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONWARNINGS"))
    }
    # Their tables are small, and the cores are shared: threads would only wait for one another.
    environment |= {"PYTHONPATH": path, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert outcomes.exists(), done.stdout[-5000:] + done.stderr[-5000:]
    return json.loads(outcomes.read_text(encoding="utf-8"))


def _stale(exclusions, outcomes):
    """Say which exclusions match no test, or tests that pass."""
    for exclusion in exclusions:
        covered = {outcome for test, outcome in outcomes.items() if exclusion.covers(test)}
        if not covered:
            yield f"{exclusion.test}: no such test, remove the entry"
        elif "passed" in covered:
            yield f"{exclusion.test}: some of these tests pass, narrow or remove the entry"


def _merged(reports):
    """Put what several runs recorded together; of a test that is in more than one, the worst."""
    whole = {"outcomes": {}, "details": {}, "broken": {}}
    for report in reports:
        for test, outcome in report["outcomes"].items():
            known = whole["outcomes"].get(test, "passed")
            whole["outcomes"][test] = max(known, outcome, key=RANK.__getitem__)
        whole["details"] |= report["details"]
        whole["broken"] |= report["broken"]
    return whole


# One test and not one per module: the modules share a process, and xdist would start it once a worker.
@pytest.mark.first
def test_every_public_test_passes_or_is_excluded_with_a_reason(tmp_path):
    modules = {module for names in RUNS for module in _modules(names)}
    assert modules >= CORE, "this scikit-learn was installed without its tests: there is nothing to compare with"
    with ThreadPoolExecutor(len(RUNS)) as pool:
        report = _merged(pool.map(_run, [tmp_path / names[0] for names in RUNS], RUNS))
    outcomes = report["outcomes"]
    exclusions = [exclusion for exclusion in _exclusions() if exclusion.applies]
    failed = [
        f"{test}\n{report['details'][test]}"
        for test, outcome in outcomes.items()
        if outcome == "failed" and not any(exclusion.covers(test) for exclusion in exclusions)
    ]
    assert report["broken"] == {}
    assert not failed, "\n\n".join(failed)
    assert list(_stale(exclusions, outcomes)) == []
    assert list(outcomes.values()).count("passed") >= LEAST_PASSED


@pytest.mark.parametrize("exclusion", _exclusions(), ids=lambda exclusion: exclusion.test)
def test_every_exclusion_has_an_allowed_reason(exclusion):
    allowed = OWN_REASONS if exclusion.test.partition("::")[0] in CORE else OWN_REASONS | OTHER_REASONS
    assert exclusion.reason in allowed


def test_stale_exclusions_are_told_from_live_ones():
    outcomes = {"a.py::t[x]": "failed", "a.py::t[y]": "passed", "a.py::u": "skipped"}
    live = [Exclusion("a.py::t", "array API", parameters="x"), Exclusion("a.py::u", "array API")]
    stale = [Exclusion("a.py::t", "array API"), Exclusion("a.py::gone", "array API")]
    assert len(list(_stale(live + stale, outcomes))) == 2
    assert list(_stale(live, outcomes)) == []
