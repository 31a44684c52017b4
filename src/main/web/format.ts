// Numbers, sizes and times as people of this browser's language write them.

const whole = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** 1000000 as 1,000,000 or 1.000.000. */
export function count(value: number): string {
  return whole.format(value);
}

/** A number on an axis. */
export function tick(value: number): string {
  return Math.abs(value) >= 10_000 ? compact.format(value) : short.format(value);
}

/** Bytes as KiB, MiB, GiB or TiB. */
export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${short.format(value)} ${units[unit]}`;
}

/** Seconds as 1 h 2 min, 3 min 4 s, 5.6 s. */
export function duration(seconds: number): string {
  if (seconds < 60) {
    return `${short.format(Math.max(0, seconds))} s`;
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return `${minutes} min ${Math.floor(seconds % 60)} s`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A date and time in full. */
export function dateTime(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : moment.format(date);
}

/** Hours and minutes. */
export function timeOfDay(iso: string): string {
  return clock.format(new Date(iso));
}

const exact = new Intl.NumberFormat(undefined, { maximumFractionDigits: 20 });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });

/** A value of a result as people write it; what is neither a number nor a date stays as it is. */
export function readableValue(type: string, value: unknown, otherwise: string): string {
  if (value === null) {
    return otherwise;
  }
  if (/^(tinyint|smallint|int|bigint|float|double|decimal)/i.test(type) && (typeof value === "number" || typeof value === "string")) {
    // A string goes in as it is: a decimal may have more digits than a number of this language.
    return typeof value === "string" && !/^-?\d+(\.\d+)?$/.test(value) ? otherwise : exact.format(value as number);
  }
  if (/^date$/i.test(type) && typeof value === "string" && !Number.isNaN(Date.parse(value))) {
    return day.format(new Date(value));
  }
  return /^timestamp$/i.test(type) && typeof value === "string" ? dateTime(value) : otherwise;
}

/** How long ago: 5 minutes ago, yesterday. */
export function ago(iso: string, now: number = Date.now()): string {
  const seconds = Math.round((new Date(iso).getTime() - now) / 1000);
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400], ["hour", 3600], ["minute", 60]];
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length) {
      return relative.format(Math.trunc(seconds / length), unit);
    }
  }
  return relative.format(Math.min(0, seconds), "second");
}

/** "1 row", "2 rows". */
export function plural(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Seconds between two moments; until now where the second is not known. */
export function secondsBetween(from: string, to?: string): number {
  return ((to === undefined ? Date.now() : new Date(to).getTime()) - new Date(from).getTime()) / 1000;
}
