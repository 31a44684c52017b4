-- Loads the flights that left New York in 2013 into a table.
-- Variable: source, a CSV file that driver and executors can read.
CREATE OR REPLACE TEMPORARY VIEW flights_csv
USING csv
OPTIONS (path '${source}', header 'true', inferSchema 'true', nullValue 'NA');

DROP TABLE IF EXISTS flights;

CREATE TABLE flights USING parquet AS
SELECT * FROM flights_csv;
