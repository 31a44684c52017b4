"""Becomes R with a program of R: run-r.py PROGRAM [ARGUMENT…]

spark-submit runs this as its Python program. R inherits what a Python driver has, so that PySpark, which R loads into its
own process by reticulate, finds the same Spark, and R's exit code is the driver's.
"""

import os
import sys

# reticulate takes this Python, and looks for no other.
os.environ["RETICULATE_PYTHON"] = sys.executable
# What an earlier program left in the home directory, variables or a profile, is not for this one.
os.environ["R_ENVIRON_USER"] = os.devnull
try:
    os.execvp("Rscript", ["Rscript", "--no-init-file", *sys.argv[1:]])
except OSError as failed:
    print(f"Rscript can't be started on this node: {failed.strerror}", file=sys.stderr)
    sys.exit(127)
