# SPDX-License-Identifier: MIT
# Runs tests of Python's own library, named as for unittest, and says how many there were and which failed.
import contextlib
import io
import sys
import unittest

result = unittest.TestResult()
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:]).run(result)
print(result.testsRun, sorted(t.id() for t, _ in result.failures + result.errors))
