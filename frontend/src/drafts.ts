/** What is written and not sent yet, by the place, and the keys under which something is asked for. */

import type { PlaceView } from "./views.ts";

export interface Draft {
  text: string;
  files: readonly File[];
}

export interface Letter {
  connection: string;
  recipient: string;
  answer_to?: number;
  text: string;
}

/** The keys under which something is asked for: the same for another try, as it may have been done; of something else none is taken under it. */
export class Tries {
  private tried = "";
  private key = "";

  keyOf(wish: object): string {
    const asked = JSON.stringify(wish);
    if (asked !== this.tried) [this.tried, this.key] = [asked, newKey()];
    return this.key;
  }

  /** It was done; who asks for the same again, wants it done again. */
  done(): void {
    this.tried = "";
  }
}

export class Drafts {
  private readonly tries = new Tries();
  private readonly drafts = new Map<string, Draft>();

  /** Lay what was written to one aside; what was written to the other. */
  turn(from: PlaceView, written: Draft, to: PlaceView): Draft {
    this.drafts.set(nameOf(from), written);
    return this.drafts.get(nameOf(to)) ?? { text: "", files: [] };
  }

  /** The key of a letter: its files are told apart by what the browser says of them. */
  keyOf(letter: Letter, files: readonly File[]): string {
    return this.tries.keyOf({ ...letter, files: files.map(({ name, size, lastModified }) => [name, size, lastModified]) });
  }

  /** It was taken. */
  sent(letter: Letter): void {
    this.tries.done();
    if (this.drafts.get(nameOf(letter))?.text === letter.text) this.drafts.delete(nameOf(letter));
  }
}

export function nameOf({ connection, recipient }: Pick<PlaceView, "connection" | "recipient">): string {
  return JSON.stringify([connection, recipient]);
}

function newKey(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("-");
}
