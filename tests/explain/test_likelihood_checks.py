"""Checks of derivations of fits by likelihood, beside the law that all kinds of fits share (test_checks)."""

from __future__ import annotations

from dataclasses import replace

from mathlearn.explain import explain
from mathlearn.explain.setting import Setting
from mathlearn.explain.topics import _line, likelihood_coefficient, likelihood_words
from tests.explain.likelihood_fits import fit


def test_the_ratio_is_held_against_estimate_and_standard_error(monkeypatch):
    setting = Setting.of(fit("logit"), None, None, 0.95)
    wrong = replace(_line.Line.of(setting), high=_line.Line.of(setting).high * 1.001)
    monkeypatch.setattr(likelihood_coefficient.Line, "of", lambda _: wrong)
    ratio = likelihood_coefficient.step(setting).children[-1]
    assert ratio.heading == "What it multiplies"
    assert not all(check.passed for check in ratio.checks)


def test_the_sentence_is_held_against_the_record():
    result = fit("logit")
    setting = Setting.of(result, None, None, 0.95)
    wrong = replace(setting, result=replace(result, coef=result.coef * 1.05))
    assert likelihood_words.step(setting).passed
    assert not likelihood_words.step(wrong).passed


def test_tolerances_are_small_where_the_problem_is_well_conditioned():
    exempt = (
        "half of its last digit",
        "curvature of zero",
        "certificate",
        "half its squared distance",
        "predict it",
        "what its last step gains",
    )
    for name in ("logit", "gamma", "Poisson, offset"):
        for step in explain(fit(name)):
            for check in step.checks:
                known = (
                    any(words in check.says for words in exempt)
                    or "no larger than" in check.says
                    or "at least zero" in check.says
                )
                assert known or check.tolerance < 1e-10, (step.heading, check)
