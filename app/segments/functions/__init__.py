"""Segments by function: each file here that says @segment_function is one; the others run them apart from us."""
