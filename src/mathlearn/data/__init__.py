"""Where rows come from: sources, their schema, and the roles of their columns."""
