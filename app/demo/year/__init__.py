"""A year of mail and of what came back of it, told day by day from a seed.

`campaigns` says what the team sends, `readers` who gets it and how they read, `sending` goes through the year in order
of time, `returning` through what comes back of one mail, `bringing` brings the rows in and lets the product's own
verbs give the credit and add up.
"""
