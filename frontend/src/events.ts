/** What the app's elements tell those around them: where to go (the shell knows what a path is called there), what was done. */

import { html, nothing } from "lit";

/** A link to a path of the app. Opened in a new tab it works as well, wherever the app lies. */
export function link(path: string, content: unknown, isHere = false) {
  const go = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    const detail = path;
    event.currentTarget?.dispatchEvent(new CustomEvent("bach-go", { detail, bubbles: true, composed: true }));
  };
  return html`<a href=${base() + path} aria-current=${isHere ? "page" : nothing} @click=${go}>${content}</a>`;
}

/** Where the app lies: what stands before the paths that it knows. */
const base = (): string => location.pathname.replace(/\/(message\/.*|chat(\/.*)?|connections|household)?$/, "");

/** The path of the conversation with a place. */
export const chat = (place: { connection: string; recipient: string }): string =>
  `/chat/${encodeURIComponent(place.connection)}/${encodeURIComponent(place.recipient)}`;

/** Told to the page, which shows it: a sentence, and whether nothing was done. */
export type DoneEvent = CustomEvent<{ said: string; isError: boolean }>;

/** Let the page around it say a sentence. */
export function tell(from: Element, said: string, isError = false): void {
  from.dispatchEvent(new CustomEvent("bach-done", { detail: { said, isError }, bubbles: true, composed: true }));
}
