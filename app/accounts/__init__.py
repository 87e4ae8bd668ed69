"""Who works here: users and their roles, invitations, keys of other systems."""
