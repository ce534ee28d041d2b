"""What proves rather than tests: long programs over a running system, each run as ``python -m tests.prove.NAME --help``.

Every program prints a report on standard output and ends with status 1 when what it proves does not hold; what it does
meanwhile goes to standard error.
"""
