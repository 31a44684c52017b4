-- Flights, departures, miles and minutes of delay per carrier.
-- Variables: origin, an airport such as JFK; last_month, a number from 1 to 12.
SELECT carrier,
       count(*)         AS flights,
       count(dep_delay) AS departed,
       sum(distance)    AS miles,
       sum(arr_delay)   AS delay
FROM flights
WHERE origin = '${hivevar:origin}' AND month <= ${last_month}
GROUP BY carrier
ORDER BY carrier;
