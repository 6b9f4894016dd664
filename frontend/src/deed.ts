/** What the small forms at a message share: one press at a time, under a key, and a sentence if it fails. */

import { LitElement } from "lit";
import { Tries } from "./drafts.ts";
import { sentence } from "./live.ts";
import type { Transport } from "./transport.ts";

/** Told to the conversation around it, which looks again. */
export const CHANGED = "bach-changed";

export class Deed extends LitElement {
  static override properties = {
    transport: { attribute: false },
    number: { attribute: false },
    came: { attribute: false },
    opened: { state: true },
    error: { state: true },
    busy: { state: true },
  };

  declare transport: Transport;
  /** Of the message. */
  declare number: number;
  /** Whether it is one that came in. */
  declare came: boolean;
  /** Which of its forms is open. */
  declare opened: string | undefined;
  declare error: string | undefined;
  declare busy: boolean;

  private readonly tries = new Tries();

  protected toggle = (name: string): void => {
    this.opened = this.opened === name ? undefined : name;
    this.error = undefined;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>("[data-first]")?.focus());
  };

  /** Close the form. The focus goes back to the button that opened it. */
  protected close = (): void => {
    const name = this.opened;
    [this.opened, this.error] = [undefined, undefined];
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`[data-opens="${name}"]`)?.focus());
  };

  protected escaped = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.close();
  };

  /** The message, as a command is told of it. */
  protected get which() {
    return this.came ? { incoming_id: this.number } : { message_id: this.number };
  }

  /** What was answered; nothing if it failed, which it says then. */
  protected async perform<R = object>(command: string, data: object): Promise<R | undefined> {
    if (this.busy) return undefined;
    this.busy = true;
    this.error = undefined;
    try {
      const answer = await this.transport.call<R>(command, { ...data, key: this.tries.keyOf({ command, ...data }) });
      this.tries.done();
      this.close();
      this.dispatchEvent(new CustomEvent(CHANGED, { bubbles: true, composed: true }));
      return answer;
    } catch (error) {
      this.error = sentence(error);
      return undefined;
    } finally {
      this.busy = false;
    }
  }
}
