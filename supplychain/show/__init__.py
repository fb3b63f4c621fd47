"""What people look at: figures and the report page, drawn from results alone.

In: `Result`s. Out: pictures and one HTML page. A new figure is a function in `figures/` that returns Axes, listed in
`figures/gallery.py` for the folder and in `report/figures.py` for the page.
"""
