/** Times that somebody types, by the clock of this person, who may be elsewhere than their browser. */

/** As a field for a date and time has it. */
export function typed(milliseconds: number, timeZone: string | undefined): string {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  } as Intl.DateTimeFormatOptions).formatToParts(milliseconds);
  const part = (type: string): string => parts.find((one) => one.type === type)!.value;
  return `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

/** What such a field means. */
export function meant(value: string, timeZone: string | undefined): number {
  const wanted = Date.parse(`${value}Z`);
  const ahead = (at: number): number => Date.parse(`${typed(at, timeZone)}Z`) - at;
  const near = wanted - ahead(wanted);
  return wanted - ahead(near); // where the clocks are changed in between
}

const HOUR = 3_600_000;

/** What is often chosen: in an hour, in three, and tomorrow at eight. */
export function often(now: number, timeZone: string | undefined): { name: "when.hour" | "when.hours" | "when.tomorrow"; at: string }[] {
  const day = typed(now, timeZone).slice(0, 10);
  const next = new Date(Date.parse(`${day}T00:00Z`) + 24 * HOUR).toISOString().slice(0, 10);
  return [
    { name: "when.hour", at: typed(now + HOUR, timeZone) },
    { name: "when.hours", at: typed(now + 3 * HOUR, timeZone) },
    { name: "when.tomorrow", at: `${next}T08:00` },
  ];
}
