"""The JSON API: what other systems send and read, by key. One file per noun; `openapi` says it all in one document."""
