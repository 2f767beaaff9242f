"""What the site draws when it is built: charts, strips and bars as SVG, formulas as MathML, the card as PNG.

What a picture shows is chosen in stills.py and by the pages; charts.py, bars.py and target_strip.py draw
numbers that they are given. What a reader chooses in the browser is drawn by ../assets/.
"""
