"""Studies: questions that take more than one solve.

In: facts and scenarios. Out: tables. Each study is a module of its own.
"""
