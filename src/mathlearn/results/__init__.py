"""Frozen records: what a fit is. Pure data."""
