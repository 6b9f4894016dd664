/** What is written and not sent yet, by the place, and the keys under which it is sent. */

import type { PlaceView } from "./views.ts";

export interface Letter {
  connection: string;
  recipient: string;
  answer_to?: number;
  text: string;
}

export class Drafts {
  private readonly words = new Map<string, string>();
  private tried = "";
  private key = "";

  /** Lay what was written to one aside; what was written to the other. */
  turn(from: PlaceView, written: string, to: PlaceView): string {
    this.words.set(nameOf(from), written);
    return this.words.get(nameOf(to)) ?? "";
  }

  /** The key of a letter: the same for another try, as it may have arrived; of other words none are taken under it. */
  keyOf(letter: Letter): string {
    const wish = JSON.stringify(letter);
    if (wish !== this.tried) [this.tried, this.key] = [wish, newKey()];
    return this.key;
  }

  /** It was taken; who writes the same again, wants it sent again. */
  sent(letter: Letter): void {
    this.tried = "";
    if (this.words.get(nameOf(letter)) === letter.text) this.words.delete(nameOf(letter));
  }
}

export function nameOf({ connection, recipient }: Pick<PlaceView, "connection" | "recipient">): string {
  return JSON.stringify([connection, recipient]);
}

function newKey(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("-");
}
