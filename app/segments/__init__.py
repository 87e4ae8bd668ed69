"""To whom: lists, SQL, functions and rules, and the audience that each of them means."""
