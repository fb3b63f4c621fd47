"""The linear program: variables are rows of a table, constraints are group-bys on them.

In: a `System`. Out: a `LinearProgram` (`lp.py`, which knows nothing of minerals; `labels.py` has its rows and columns
meet by whole numbers that stand for names, and draws their keys and names). `variables/` holds the columns,
`equations/` one function for each equation of docs/model.md; a new equation is a function listed in `EQUATIONS`.
"""
