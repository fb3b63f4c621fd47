"""Why a plan is as it is: what each policy costs at the margin, which source would enter, whether the plan is unique.

In: a scenario, solved here. Out: an `Explanation`, tables and sentences; where there is no plan, what clashes and the
least change that mends it.
"""
