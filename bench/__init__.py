"""Benchmarks, one file each. A file has `TITLE` and `run() -> Table`; the table's last column is a ratio measured in
the same run, for machines differ and ratios travel."""
