"""The language of templates: fields, filters, conditions and loops over what is given. Nothing else exists in it.

Jinja2 reads it, a white list judges its tree, and what was judged is rewritten to a few safe verbs before it runs.
"""

from app.content.language.fields import Field, fields_of
from app.content.language.problem import Problem, Refused, Skip
from app.content.language.reading import check

__all__ = ["Field", "Problem", "Refused", "Skip", "check", "fields_of"]
