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
    opened: { state: true },
    error: { state: true },
    busy: { state: true },
  };

  declare transport: Transport;
  /** Of the message. */
  declare number: number;
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

  protected async perform(command: string, data: object): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.error = undefined;
    try {
      await this.transport.call(command, { ...data, key: this.tries.keyOf({ command, ...data }) });
      this.tries.done();
      this.close();
      this.dispatchEvent(new CustomEvent(CHANGED, { bubbles: true, composed: true }));
    } catch (error) {
      this.error = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}
