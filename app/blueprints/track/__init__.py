"""/track: what the shop's pages say by script. Anybody may call; who they are, a token or a session says."""
