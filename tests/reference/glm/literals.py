"""Numbers as they stand in a Python source: a module is run with its floating-point literals replaced by their text.

A list of published numbers then arrives as strings, "-.02710031" for instance, of which the printed digits can be counted.
"""

from __future__ import annotations

import ast
import io
import tokenize
import types
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = ("resid_", "linear_predictor", "conf_int", "margins_", "cov", "alpha_conf_int")
"""Fields whose numbers are as exact as the largest of them: the others have their relative precision each."""


class _Texts(ast.NodeTransformer):
    """Put the text of a literal in its place: floats everywhere, whole numbers in lists only (elsewhere they are shapes)."""

    def __init__(self, source: str) -> None:
        numbers = tokenize.generate_tokens(io.StringIO(source).readline)
        self.text = {token.start: token.string for token in numbers if token.type == tokenize.NUMBER}
        self.in_list = False

    def visit_List(self, node: ast.List) -> ast.AST:
        outside, self.in_list = self.in_list, True
        self.generic_visit(node)
        self.in_list = outside
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        outside, self.in_list = self.in_list, False
        self.generic_visit(node)
        self.in_list = outside
        if isinstance(node.func, ast.Attribute) and node.func.attr == "astype":
            return node.func.value
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant) and type(node.operand.value) is str:
            return ast.copy_location(ast.Constant("-" + node.operand.value), node)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if type(node.value) is float or (type(node.value) is int and self.in_list):
            return ast.copy_location(ast.Constant(self.text[node.lineno, node.col_offset]), node)
        return node


def module_of_texts(path: Path, name: str) -> dict[str, Any]:
    """Run a module whose numbers are texts, and return its names."""
    source = path.read_text(encoding="utf-8")
    tree = ast.fix_missing_locations(_Texts(source).visit(ast.parse(source)))
    module = types.ModuleType(name)
    module.__file__ = str(path)
    module.__package__ = name.rpartition(".")[0]
    exec(compile(tree, str(path), "exec"), module.__dict__)
    return module.__dict__


def parts(text: str) -> tuple[int, int]:
    """Return significant digits and the power of ten of the last one; trailing zeros of a fraction are not counted.

    They are, more often than not, padding of a printed array.
    """
    number = Decimal(text)
    if "." in text or "e" in text.lower():
        number = number.normalize()
    _, digits, exponent = number.as_tuple()
    return len(digits), int(exponent)


def half_unit(text: str) -> float:
    """Half a unit in the last printed place."""
    return 0.5 * 10.0 ** parts(text)[1]
