"""Takes natives of other systems out of Spark's jars. Argument: the folder of the jars."""

import os
import pathlib
import platform
import sys
import zipfile

# RocksDB, the state store of streaming, brings a library for each of fourteen systems; it loads the one named here.
machine = {"x86_64": "linux64", "aarch64": "linux-aarch64"}.get(platform.machine(), "linux-" + platform.machine())
own = f"librocksdbjni-{machine}.so"
for jar in pathlib.Path(sys.argv[1]).glob("rocksdbjni-*.jar"):
    pruned = jar.with_suffix(".pruned")
    with zipfile.ZipFile(jar) as source, zipfile.ZipFile(pruned, "w", zipfile.ZIP_DEFLATED) as target:
        if own not in source.namelist():
            sys.exit(f"{jar.name} has no {own}")
        for entry in source.infolist():
            if entry.filename == own or not entry.filename.startswith("librocksdbjni-"):
                target.writestr(entry, source.read(entry))
    os.replace(pruned, jar)
