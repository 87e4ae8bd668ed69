"""A believable product for looking at and for measuring: made by rule from a seed, the same rows every time.

`plan` says how much, `chunk` makes two thousand people at a time and everything they did, `load` brings them in.
A noun adds its part in a file of its own: rows that belong to people in chunk.PARTS, the team's own in furnish.PARTS.
"""
