"""How the estimates would vary from sample to sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain import again
from mathlearn.explain.derivation import Display, Maths, Matrix, Step, StepCheck, Table, prose, strain
from mathlearn.explain.evidence import agree, counted, resolved
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import any_parameter, display, less, said
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.statistics.cells import Cells, number
from mathlearn.statistics.functional import parameter_coordinates, row_lengths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.explain.books import Books
    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting
    from mathlearn.results.fit_result import CovarianceEstimate

_TOLD = 12


def applies(setting: Setting) -> bool:
    """Where there are standard errors."""
    return setting.undefined is None


def step(setting: Setting) -> Step:
    """Show the covariance of the estimates."""
    covariance = _covariance(setting)
    if not any_parameter(setting):
        return _sigma_alone(setting)
    claim, because, reference = _CLASSICAL if covariance.meat is None else _SANDWICH
    if not setting.p and covariance.meat is None:
        claim, because = _OF_A_MEAN
    if setting.exact:
        because = "The residuals are at the rounding level of the response, so that there is no error variance to speak of: standard errors are zero."
    return Step(
        heading="The distribution of the estimate",
        claim=prose(claim.format(inverse=_inverse(setting), n=r"\sum_i w_i" if setting.weighted else "n")),
        body=tuple(_body(setting, covariance)),
        because=prose(because.format(X=setting.X, W=setting.W, S=r"\Sigma" if setting.weighted else "")),
        checks=tuple(_checks(setting, covariance)),
        reference=reference,
    )


_CLASSICAL = (
    "Under the assumptions of the first step the estimates are unbiased, with covariance ${inverse}$.",
    (
        r"Estimates are sums of the responses, with the fixed weights $V V^{{\top}} {X}^{{\top}}{W}$. A sum of "
        r"independent errors has the sum of "
        r"their variances; since $V^{{\top}} H V = I$, what comes out is $\sigma^2 V V^{{\top}}$. The variance "
        r"$\sigma^2$ is estimated from the "
        r"residuals, of which as many are free as there are degrees of freedom."
    ),
    "Seber and Lee (2003), Linear Regression Analysis, sections 3.2 and 3.3",
)
_OF_A_MEAN = (
    r"Under the assumptions of the first step the mean is an unbiased estimate, with variance $\sigma^2 / {n}$.",
    (
        r"The mean is a sum of the responses with fixed weights, and a sum of independent errors has the sum of their variances. "
        r"The variance $\sigma^2$ is estimated from the residuals, of which as many are free as there are degrees of freedom."
    ),
)
_SANDWICH = (
    (
        "The covariance is a sandwich: a matrix $M$ made of the residuals as they are, between factors made of the "
        "columns."
    ),
    (
        r"Estimates are sums of the responses, with fixed weights. In coordinates $b$ in which the columns are "
        r"orthonormal, their covariance is a "
        r"matrix $M$: the sum, over rows or groups of rows, of the squared products of residuals with the rows. It "
        r"estimates the covariance "
        r"whatever the variances of the errors are. The record keeps $M$, not the rows."
    ),
    "Zeileis (2006), Object-oriented computation of sandwich estimators, J. Statistical Software 16(9)",
)


def _covariance(setting: Setting) -> CovarianceEstimate:
    covariance = setting.result.covariance
    assert covariance is not None
    return covariance


def _inverse(setting: Setting) -> str:
    return (
        r"\sigma^2 V V^{\top}"
        if setting.deficient
        else rf"\sigma^2 ({setting.X}^{{\top}}{setting.W} {setting.X})^{{-1}}"
    )


def _sigma_alone(setting: Setting) -> Step:
    """Estimate the error variance where nothing else is."""
    freedom = (setting.table.df, again.degrees_of_freedom(setting))
    return Step(
        heading="The residual standard error",
        claim=prose("The standard deviation of the errors is all there is to estimate."),
        body=(_sigma(setting),),
        because=prose(
            f"Each residual is the response{less(setting)} itself, of mean zero under the assumptions of the first step; the mean of their "
            r"squares estimates the variance $\sigma^2$. No parameter was fitted, so that all of them are free."
        ),
        checks=(counted("degrees of freedom, counted again", freedom), *_sigma_checks(setting)),
        reference="Seber and Lee (2003), Linear Regression Analysis, section 3.3",
    )


def _sigma(setting: Setting) -> Display:
    return display(
        rf"\hat\sigma^2 = \frac{{\operatorname{{RSS}}}}{{{setting.df}}} = "
        rf"\frac{{{num(setting.rss)}}}{{{setting.result.df_resid}}} = {num(setting.rss / setting.result.df_resid)}"
        rf", \qquad \hat\sigma = {num(setting.sigma, 4)}"
    )


def _body(setting: Setting, covariance: CovarianceEstimate) -> Iterator[Block]:
    yield _sigma(setting)
    curvature = setting.result.curvature
    assert curvature is not None
    if covariance.meat is None:
        if setting.p and not setting.deficient:
            matrix = setting.sigma**2 * (curvature.whitener @ curvature.whitener.T)
            yield Display(
                (
                    Maths(r"\operatorname{Cov}(\hat\beta) \approx \hat\sigma^2\, V V^{\top} ="),
                    Matrix(matrix, setting.terms),
                )
            )
    else:
        where = r"\hat\theta = (\hat\beta_0, \hat\beta)" if setting.centred else r"\hat\theta = \hat\beta"
        yield display(rf"\operatorname{{Cov}}(\hat\theta) \approx B\, M\, B^{{\top}}, \qquad {where}")
        yield said("Row $j$ of $B$ holds the coordinates of parameter $j$. The matrix in the middle, here:")
        yield Display((Maths("M ="), Matrix(covariance.meat[setting.response])))
        yield said("@.", f"{covariance.description[0].upper()}{covariance.description[1:]}")
        for note in covariance.notes:
            yield said("Note: @.", note)
    yield said("The standard error of a parameter is the root of its entry on the diagonal.")
    if not setting.result.estimable.any():
        yield said(
            "Here no parameter has one: the data determine none of them by itself, but sums of them, and predictions."
        )
        return
    yield Table(error_table(setting, covariance))
    if setting.p + setting.centred > _TOLD:
        yield said(f"and {setting.p + setting.centred - _TOLD} more.")


def error_table(setting: Setting, covariance: CovarianceEstimate) -> Cells:
    """Lay out estimates and standard errors; beside a sandwich the model-based ones, too."""
    se, estimate = setting.table.std_error[setting.response], setting.table.estimate[setting.response]
    classical = _model_based(setting)
    rows = []
    for j, name in enumerate(setting.table.names[:_TOLD]):
        row = [name, number(float(estimate[j])), number(float(se[j]), 4)]
        if covariance.meat is not None:
            share = float(se[j] / classical[j]) if classical[j] > 0 else float("nan")
            row += [number(float(classical[j]) if np.isfinite(se[j]) else float("nan"), 4), number(share, 3)]
        rows.append(tuple(row))
    more = () if covariance.meat is None else ("classical", "ratio")
    return Cells(("term", "estimate", "std. error", *more), tuple(rows))


def _model_based(setting: Setting) -> FloatArray:
    errors: FloatArray = setting.sigma * row_lengths(parameter_coordinates(setting.result))
    return errors


def _sigma_checks(setting: Setting) -> Iterator[StepCheck]:
    books = setting.books
    if books is not None and not setting.exact:
        found = again.sigma(setting, books)
        says = "the residual standard error, from the statistic and the degrees of freedom counted again, relative"
        yield resolved(setting.result, agree(says, found.value, setting.sigma, found.bound), "standard_errors")


def _checks(setting: Setting, covariance: CovarianceEstimate) -> Iterator[StepCheck]:
    books = setting.books
    yield from _sigma_checks(setting)
    if books is not None and not setting.exact:
        factors = list(_factors(setting, books))
        if factors:
            yield resolved(setting.result, max(factors, key=strain), "standard_errors")
    if covariance.meat is None:
        says = "standard errors in the table, against sigma and the lengths of the rows of V"
        yield table_check(says, setting, _model_based(setting))
    else:
        yield from meat_checks(setting, covariance.meat[setting.response], covariance.kind)


def _factors(setting: Setting, books: Books) -> Iterator[StepCheck]:
    """Compare variances without sigma: by the whitener, and by a Cholesky solution of the normal equations."""
    lengths = row_lengths(parameter_coordinates(setting.result))
    says = "standard errors over sigma, by solving the normal equations without V, relative"
    for j in np.flatnonzero(setting.result.estimable)[:64].tolist():
        _, variance = again.parameter(setting, books, j)
        share = abs(float(lengths[j]) / np.sqrt(variance.value) - 1.0)
        yield StepCheck(float(share), variance.bound, says)


def table_check(says: str, setting: Setting, found: FloatArray) -> StepCheck:
    """Compare the standard errors of the table with others."""
    shown = setting.table.std_error[setting.response]
    known = np.isfinite(shown)
    share = np.abs(found[known] - shown[known]) / np.maximum(np.abs(found[known]), TINY)
    return StepCheck(float(share.max(initial=0.0)), (setting.p + 8) * ROUNDOFF, says)


def meat_checks(setting: Setting, meat: FloatArray, kind: str) -> Iterator[StepCheck]:
    """Check what can be said of M without the rows: it is a covariance, and fits the residual sum of squares."""
    if not meat.size:
        yield counted("rows of M, against the parameters", (meat.shape[0], setting.p + setting.centred))
        return
    largest = float(np.abs(meat).max(initial=0.0))
    rounding = 8 * meat.shape[0] * ROUNDOFF
    skew = float(np.abs(meat - meat.T).max(initial=0.0)) / max(largest, TINY)
    yield StepCheck(skew, rounding, "M is symmetric")
    values, vectors = np.linalg.eigh((meat + meat.T) / 2)
    yield StepCheck(float(max(-values[0], 0.0)) / max(largest, TINY), rounding, "M has no negative eigenvalue")
    b = parameter_coordinates(setting.result)
    found = np.sqrt(((b @ vectors) ** 2) @ np.maximum(values, 0.0))
    shown = setting.table.std_error[setting.response]
    known = np.isfinite(shown) & (not setting.exact)
    cancel = np.sqrt(largest * meat.shape[0]) * row_lengths(b)[known] / np.maximum(found[known], TINY)
    share = np.abs(found[known] - shown[known]) / np.maximum(found[known], TINY)
    bound = rounding * float((cancel**2).max(initial=1.0))
    yield StepCheck(
        float(share.max(initial=0.0)), bound, "standard errors in the table, from the eigenvalues of M, relative"
    )
    yield from _corner(setting, float(meat[0, 0]), kind)


def _corner(setting: Setting, corner: float, kind: str) -> Iterator[StepCheck]:
    """Check the variance of the fitted value at the means, which the residual sum of squares gives or bounds from below."""
    books = setting.books
    if books is None or not setting.centred or setting.result.weights_type == "precision" or setting.exact:
        return
    mean_square = setting.rss / setting.result.weight_sum
    # Each residual is formed with the rounding of the two numbers whose difference it is.
    lost = 8 * ROUNDOFF * (abs(books.mean_y) + books.reach(setting.beta)) / max(np.sqrt(mean_square), TINY)
    strayed = books.strayed(setting.beta) / max(np.sqrt(setting.rss), TINY)
    rounding = books.relative + lost + strayed * (2 + strayed)
    if kind in {"HC0", "HC1"}:
        expected = mean_square * (setting.result.n / setting.result.df_resid if kind == "HC1" else 1.0)
        yield StepCheck(
            abs(corner - expected) / expected, rounding, "first entry of M: the mean of the squared residuals"
        )
    elif kind in {"HC2", "HC3"}:
        says = "first entry of M: no less than the mean of the squared residuals"
        yield StepCheck((mean_square - corner) / mean_square, rounding, says)


TOPIC = Topic(90, "least squares", "fit", applies, step)
