"""`Fitted`: what the mixins ask of the estimator that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.design import Design
    from mathlearn.results.fit_result import FitResult


class Fitted(Protocol):
    """What the mixins ask of the estimator that has them."""

    missing: Literal["raise", "drop"]
    design_: Design

    def _result(self) -> FitResult: ...
    def _observed(self, y: Any, trials: Any) -> Any: ...
    def _bound(self, X: Any, y: Any = None, **roles: Any) -> BoundRows: ...
    def _fit_rows(self, X: Any, y: Any, *, require_y: bool = True, **roles: Any) -> BoundRows: ...
