"""Linear algebra: mergeable statistics, the solver ladder, rank, refinement."""
