// Ticks of the time axis: never ambiguous, for each tells its year, or the one before it does.

import { scaleUtc } from "d3-scale";
import { DAY, monthName, partsOf } from "./days.ts";

export interface Tick {
  day: number;
  words: string;
  /** Whether a year begins here, among ticks that are no years. */
  strong: boolean;
}

const ROOM = 84;

export function ticksOf(first: number, last: number, width: number): Tick[] {
  const days = last - first;
  const count = Math.max(2, Math.min(Math.floor(width / ROOM), Math.floor(days / 2)));
  const scale = scaleUtc([new Date(first * DAY), new Date(last * DAY)], [0, width]);
  let year: number | null = null;
  const whole = scale.ticks(count).map((at) => at.getTime() / DAY);
  const ticks = whole.filter(Number.isInteger).map((day) => {
    const parts = partsOf(day);
    const begins = parts.month === 0 && parts.date === 1;
    const known = parts.year === year;
    year = parts.year;
    if (begins) return { day, words: `${parts.year}`, strong: true };
    const month = monthName(parts.month).slice(0, 3);
    const words = parts.date === 1 ? month : `${parts.date} ${month}`;
    return { day, words: known ? words : `${words} ${parts.year}`, strong: false };
  });
  const mixed = ticks.some(({ strong }) => !strong);
  return ticks.map((tick) => ({ ...tick, strong: tick.strong && mixed }));
}
