"""What maketables asks of a model: a fitted estimator stands in its tables beside those of other packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mathlearn.data.design import Design
    from mathlearn.results.fit_result import FitResult

__all__ = ["ForMaketables"]


class ForMaketables:
    """The attributes of maketables' plug-in protocol.

    Before `fit` the properties raise NotFittedError, which is an AttributeError: to ``hasattr`` they are not there.
    """

    design_: Design

    if TYPE_CHECKING:

        def _result(self) -> FitResult: ...

    @property
    def __maketables_coef_table__(self) -> Any:
        from mathlearn.comparison.maketables import coef_table

        return coef_table(self._result())

    @property
    def __maketables_depvar__(self) -> str:
        from mathlearn.comparison.maketables import depvar

        return depvar(self._result())

    @property
    def __maketables_vcov_info__(self) -> dict[str, Any]:
        from mathlearn.comparison.maketables import vcov_info

        return vcov_info(self._result(), self.design_.group_columns)

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        from mathlearn.comparison.maketables import STAT_LABELS

        self._result()
        return dict(STAT_LABELS)

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        from mathlearn.comparison.maketables import stat_keys

        return stat_keys(self._result())

    def __maketables_stat__(self, key: str) -> Any:
        from mathlearn.comparison.maketables import stat

        return stat(self._result(), key)
