// Ticks of the time axis: never ambiguous, for each tells its year, or the one before it does.

import { scaleUtc } from "d3-scale";
import { DAY, monthName, partsOf } from "./days.ts";

export interface Tick {
  day: number;
  /** Empty where they would be cut off, or lie over those before. */
  words: string;
  /** Whether a year begins here, among ticks that are no years. */
  strong: boolean;
}

const ROOM = 92;
/** Half of a letter, in pixels. */
const LETTER = 3.4;
/** Between the words of one and those of the next. */
const APART = 10;

export function ticksOf(first: number, last: number, width: number): Tick[] {
  const days = last - first;
  const count = Math.max(2, Math.min(Math.floor(width / ROOM), Math.floor(days / 2)));
  const scale = scaleUtc([new Date(first * DAY), new Date(last * DAY)], [0, width]);
  let year: number | null = null;
  let taken = -APART; // where the words before end
  const whole = scale.ticks(count).map((at) => at.getTime() / DAY);
  const ticks = whole.filter(Number.isInteger).map((day): Tick => {
    const parts = partsOf(day);
    const begins = parts.month === 0 && parts.date === 1;
    const month = monthName(parts.month).slice(0, 3);
    const short = begins ? `${parts.year}` : parts.date === 1 ? month : `${parts.date} ${month}`;
    const words = begins || parts.year === year ? short : `${short} ${parts.year}`;
    const [x, half] = [scale(day * DAY), LETTER * words.length];
    if (x - half < taken + APART || x > width - half) return { day, words: "", strong: begins };
    year = parts.year;
    taken = x + half;
    return { day, words, strong: begins };
  });
  const mixed = ticks.some(({ strong }) => !strong);
  return ticks.map((tick) => ({ ...tick, strong: tick.strong && mixed }));
}
