"""The method whose class is shown where one word is shown. A module of its own, so that a reader of releases
need not load the registry of methods to name it."""

DEFAULT_METHOD = "likelihood-2026"
