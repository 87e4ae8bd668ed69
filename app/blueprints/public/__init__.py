"""Pages for people outside, who have no account: the link in their mail is the key."""
