/** What was said with one place, as far as it is loaded: the newest page stays up to date, older ones are added before it. */

import type { PageView, SaidView } from "./views.ts";

/** Items that are kept. Beyond them the newest go when somebody reads far back, so a long talk costs no more than a short one. */
export const MOST = 400;

export const keyOf = (one: SaidView): string => `${one.direction}${one.id}`;

export class LoadedHistory {
  items: SaidView[] = [];
  /** Where the page before the oldest item ends; null: there is none. */
  before: PageView["before"] = null;
  /** Changes that are newer than what is kept: they say how some of it stands. */
  later: SaidView[] = [];
  /** Whether the newest are still among them. */
  isAtEnd = true;

  /** The newest page is there, for the first time or anew. */
  takeNewest(page: PageView): void {
    if (!this.isAtEnd) return;
    const fresh = new Map(page.items.map((one) => [keyOf(one), one]));
    const kept = this.items.filter((one) => !fresh.has(keyOf(one)));
    const hasGap = kept.length === this.items.length;
    if (hasGap || kept.length + fresh.size > MOST) [this.items, this.before] = [page.items, page.before];
    else this.items = [...kept, ...page.items];
  }

  /** The page before what is there. */
  takeOlder(page: PageView): void {
    this.items = [...page.items, ...this.items];
    this.before = page.before;
    if (this.items.length <= MOST) return;
    this.later = [...this.items.slice(MOST).filter((one) => one.concerns !== null), ...this.later].slice(0, MOST);
    [this.items, this.isAtEnd] = [this.items.slice(0, MOST), false];
  }
}
