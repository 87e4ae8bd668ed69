"""/demo-shop: a small shop of bin/dev that tells what happens in it by /track.js, as a real one does.

Anybody on this machine may be anybody in it: it is there only where no mail leaves (Config.has_demo_shop).
"""
