"""Pillar 3: objectives, their derivatives in one pass over the rows, and what minimises them."""
