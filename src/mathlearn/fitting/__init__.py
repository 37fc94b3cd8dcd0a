"""The pipeline, once: rows, statistic, solution, certificate, inference."""
