"""Benchmarks: workload x library, as ratios in one run, with a row *limit*: what the machine could do at best."""
