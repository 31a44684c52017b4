"""The flights report in plain Python, from the raw data: expected_flights.py FILE ORIGIN LAST_MONTH.

Every other way to this result must agree with it.
"""

import collections
import csv
import sys

path, origin, last_month = sys.argv[1], sys.argv[2], int(sys.argv[3])
report = collections.defaultdict(lambda: [0, 0, 0, 0])
with open(path, newline="", encoding="utf-8") as file:
    for flight in csv.DictReader(file):
        if flight["origin"] == origin and int(flight["month"]) <= last_month:
            row = report[flight["carrier"]]
            row[0] += 1
            row[1] += flight["dep_delay"] not in ("", "NA")
            row[2] += int(flight["distance"])
            row[3] += 0 if flight["arr_delay"] in ("", "NA") else int(flight["arr_delay"])
for carrier in sorted(report):
    print(carrier, *report[carrier], sep=",")
