"""What happened: funnel moves and behaviour events. Facts, so the database refuses to change them."""
