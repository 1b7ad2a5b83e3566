import { HapsError } from "@haps/spec";

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** Midnight of a day written `YYYY-MM-DD`, in UTC. */
export function parseDay(date: string): Date {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(date) ? new Date(`${date}T00:00:00Z`) : new Date(Number.NaN);
  // An overflowing day, such as February 30, moves on to the next month.
  if (!Number.isNaN(day.getTime()) && day.toISOString().startsWith(date)) return day;
  throw new HapsError(
    "config",
    `renderChat: the date ${JSON.stringify(date)} is no day; write it as YYYY-MM-DD, for example "2024-07-26"`,
    { date },
  );
}

/** Python's `strftime` in the C locale, as far as templates use it; `%-d` has no zero in front. */
export function formatDate(day: Date, format: string): string {
  return format.replace(/%(-?)(.)/gs, (directive, bare: string, letter: string) => {
    const number = (value: number, width = 2): string =>
      bare === "" ? String(value).padStart(width, "0") : String(value);
    const month = MONTHS[day.getUTCMonth()] as string;
    const weekday = WEEKDAYS[day.getUTCDay()] as string;
    const texts: Readonly<Record<string, string>> = {
      "%": "%",
      A: weekday,
      a: weekday.slice(0, 3),
      B: month,
      b: month.slice(0, 3),
      d: number(day.getUTCDate()),
      H: number(day.getUTCHours()),
      I: number(12),
      M: number(day.getUTCMinutes()),
      m: number(day.getUTCMonth() + 1),
      p: "AM",
      S: number(day.getUTCSeconds()),
      Y: number(day.getUTCFullYear(), 4),
      y: number(day.getUTCFullYear() % 100),
    };
    const text = texts[letter];
    if (text === undefined) throw new Error(`strftime_now: the format ${directive} is unknown here`);
    return text;
  });
}
