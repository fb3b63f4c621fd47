"""The linear program: variables are rows of a table, constraints are group-bys on them.

In: a `System`. Out: a `LinearProgram` (`lp.py`, which knows nothing of minerals). `variables/` holds the columns,
`equations/` one function for each equation of docs/model.md; a new equation is a function listed in `EQUATIONS`.
"""
