"""Files that people bring: read, staged, previewed, written in sets, and undone."""
