"""MJML to mail: a wall of our own around the PyPI package `mjml`, which trusts whatever it is given.

check(source)    every problem with its line
compile(source)  HTML and text with their Jinja tags as written; raises Broken and nothing else
"""

from app.content.mjml.checking import check
from app.content.mjml.compiling import Compiled, compile
from app.content.mjml.problem import Broken, Problem

__all__ = ["Broken", "Compiled", "Problem", "check", "compile"]
