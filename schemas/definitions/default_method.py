"""Id of the method shown where one verdict is shown.

It has its own module, so that readers of releases need not load the registry of methods.
"""

DEFAULT_METHOD = "likelihood-2026"
