"""Drawings made when the site is built: charts, strips and bars as SVG, formulas as MathML, the card as PNG.

stills.py and the pages choose the content of a picture; charts.py, bars.py and target_strip.py draw it.
Interactive charts are drawn in the browser by ../assets/.
"""
