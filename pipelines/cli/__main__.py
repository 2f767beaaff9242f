"""`python -m pipelines.cli`: the same as `compact`."""

from pipelines.cli.start import main

if __name__ == "__main__":
    main()
