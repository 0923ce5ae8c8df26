"""A small NumPy library of dropout, normalization, pooling and Monte Carlo, by topic."""
