"""Takes out of the base image what no appliance uses: tests of libraries, and natives of other systems.

Arguments: the folder of Python's packages, the folder of Spark's jars.
"""

import os
import pathlib
import platform
import shutil
import sys
import zipfile

packages, jars = (pathlib.Path(argument) for argument in sys.argv[1:])

# Nothing but a library's own development imports these.
for library in ("numpy", "pandas", "pyarrow"):
    for tests in sorted((packages / library).rglob("tests")):
        if tests.is_dir():
            shutil.rmtree(tests)

# RocksDB, the state store of streaming, brings a library for each of fourteen systems; it loads the one named here.
machine = {"x86_64": "linux64", "aarch64": "linux-aarch64"}.get(platform.machine(), "linux-" + platform.machine())
own = f"librocksdbjni-{machine}.so"
for jar in jars.glob("rocksdbjni-*.jar"):
    pruned = jar.with_suffix(".pruned")
    with zipfile.ZipFile(jar) as source, zipfile.ZipFile(pruned, "w", zipfile.ZIP_DEFLATED) as target:
        if own not in source.namelist():
            sys.exit(f"{jar.name} has no {own}")
        for entry in source.infolist():
            if entry.filename == own or not entry.filename.startswith("librocksdbjni-"):
                target.writestr(entry, source.read(entry))
    os.replace(pruned, jar)
