"""From a `Derivation` to text, HTML with MathML, LaTeX and Markdown; every foreign word is escaped on the way by `_text`."""
