// Days are numbers, counted from 1970-01-01; a day's event lies between its number and the next one.

export const DAY = 86_400_000;
const MONTHS = "January February March April May June July August September October November December".split(" ");

/** The number of a day such as 2020-06-29, which years before 100 have, too. */
export function dayOf(text: string): number {
  const [year = 0, month = 1, day = 1] = text.split("-").map(Number);
  return Math.round(new Date(0).setUTCFullYear(year, month - 1, day) / DAY);
}

export function isoOf(day: number): string {
  return new Date(Math.floor(day) * DAY).toISOString().slice(0, 10);
}

export function today(): number {
  return Math.floor(Date.now() / DAY);
}

/** A day in words that are the same everywhere: 29 June 2020. */
export function dayWords(day: number): string {
  const { year, month, date } = partsOf(day);
  return `${date} ${MONTHS[month]} ${year}`;
}

export function monthName(month: number): string {
  return MONTHS[month] ?? "";
}

export function partsOf(day: number): { year: number; month: number; date: number } {
  const at = new Date(Math.floor(day) * DAY);
  return { year: at.getUTCFullYear(), month: at.getUTCMonth(), date: at.getUTCDate() };
}

/** Two bounds in as few words as say them: June 2020, 1914–1918, 20 October – 21 November 1962. */
export function spanWords(first: number, last: number): string {
  const [a, b] = [partsOf(first), partsOf(last)];
  if (first === last) return dayWords(first);
  if (a.date === 1 && partsOf(last + 1).date === 1) {
    const whole = a.month === 0 && b.month === 11;
    if (whole) return a.year === b.year ? `${a.year}` : `${a.year}–${b.year}`;
    if (a.year === b.year && a.month === b.month) return `${MONTHS[a.month]} ${a.year}`;
    if (a.year === b.year) return `${MONTHS[a.month]} – ${MONTHS[b.month]} ${b.year}`;
    return `${MONTHS[a.month]} ${a.year} – ${MONTHS[b.month]} ${b.year}`;
  }
  if (a.year !== b.year) return `${dayWords(first)} – ${dayWords(last)}`;
  if (a.month !== b.month) return `${a.date} ${MONTHS[a.month]} – ${dayWords(last)}`;
  return `${a.date}–${dayWords(last)}`;
}
