/** What the app's elements tell those around them: where to go (the shell knows what a path is called there), what was done. */

import { html, nothing } from "lit";
import type { Refused } from "./views.ts";

/** What stands before the paths that the app knows; undefined: this person is shown no pages of it, only cards. */
let base: string | undefined = "";

/** The shell says where the pages of the app are. */
export const liesAt = (path: string | undefined): void => void (base = path);

/** A link to a path of the app. Opened in a new tab it works as well. Where nobody may follow it, it is what it says. */
export function link(path: string, content: unknown, isHere = false) {
  if (base === undefined) return html`<span>${content}</span>`;
  const go = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    const detail = path;
    event.currentTarget?.dispatchEvent(new CustomEvent("bach-go", { detail, bubbles: true, composed: true }));
  };
  return html`<a href=${base + path} aria-current=${isHere ? "page" : nothing} @click=${go}>${content}</a>`;
}

/** The path of the conversation with a place. */
export const chat = (place: { connection: string; recipient: string }): string =>
  `/chat/${encodeURIComponent(place.connection)}/${encodeURIComponent(place.recipient)}`;

/** What was done: a sentence, whether that was nothing, and how it is taken back, which resolves to what could not be. */
export interface Told {
  said: string;
  isError: boolean;
  undo?: () => Promise<readonly Refused[]>;
}
/** Told to the page, which shows it. */
export type DoneEvent = CustomEvent<Told>;

/** Let the page around it say a sentence. */
export function tell(from: Element, detail: Told): void {
  from.dispatchEvent(new CustomEvent("bach-done", { detail, bubbles: true, composed: true }));
}
