"""Independent evidence that a fit can be trusted; imported by no solver."""
