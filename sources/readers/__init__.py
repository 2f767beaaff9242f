"""One module a wire format, each with plan, fetch and wire (sources/base.py, Reader); names with an
underscore are shared parts.

A reader knows how an agency writes its answers and how to tell that one is whole. What the values mean for
us (areas, units, dimensions, statuses) is data in source.yaml, and is applied in stage.
"""
