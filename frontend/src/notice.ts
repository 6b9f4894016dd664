/** What was done, told on the page where it was: with *Undo* for ten seconds where it can be taken back. */

import { type ReactiveController, type ReactiveControllerHost, html, nothing } from "lit";
import type { DoneEvent, Told } from "./events.ts";
import { sentence } from "./live.ts";
import type { Transport } from "./transport.ts";
import type { Done } from "./views.ts";
import { outcome } from "./words.ts";

/** Milliseconds; whoever has the button under the mouse, or the focus on it, is given as many again. */
const OFFERED = 10_000;

type Host = ReactiveControllerHost & HTMLElement & { transport: Transport };

export class Notice implements ReactiveController {
  private detail: Told | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `after`: look again, and let the notice be read. */
  constructor(
    private readonly host: Host,
    private readonly after: () => Promise<void>,
  ) {
    host.addController(this);
  }

  hostDisconnected(): void {
    this.clear();
  }

  /** It is about something else than what is shown now. */
  clear(): void {
    clearTimeout(this.timer);
    this.detail = undefined;
    this.host.requestUpdate();
  }

  show = (event: DoneEvent): Promise<void> => this.say(event.detail);

  /** `error`: what is wrong besides. */
  render(error: string | undefined) {
    return html`${this.status()} <p role="alert">${this.error ?? error ?? ""}</p>`;
  }

  /** What was done, for pages that say elsewhere what is wrong. */
  status() {
    const { detail } = this;
    return html`<p role="status" tabindex="-1">${detail && !detail.isError ? detail.said : nothing}${this.button()}</p>`;
  }

  /** Why it was not done. */
  get error(): string | undefined {
    return this.detail?.isError ? this.detail.said : undefined;
  }

  private button() {
    if (!this.detail?.undo) return nothing;
    return html` <button data-undo @click=${this.undo}>${this.host.transport.text("done.undo")}</button>`;
  }

  say(detail: Told): Promise<void> {
    clearTimeout(this.timer);
    this.detail = detail;
    if (detail.undo) this.timer = setTimeout(this.withdraw, OFFERED);
    this.host.requestUpdate();
    return this.after();
  }

  private withdraw = (): void => {
    const button = (this.host.shadowRoot ?? this.host).querySelector("[data-undo]");
    if (button?.matches(":hover, :focus")) {
      this.timer = setTimeout(this.withdraw, OFFERED);
      return;
    }
    if (this.detail) this.detail = { said: this.detail.said, isError: false };
    this.host.requestUpdate();
  };

  private undo = async (): Promise<void> => {
    const undo = this.detail?.undo;
    if (!undo) return;
    const { transport } = this.host;
    this.clear(); // it is pressed once
    try {
      const refused = await undo();
      const isError = refused.length > 0;
      await this.say({ said: isError ? outcome(transport, { ...NOTHING, refused }) : transport.text("done.undone"), isError });
    } catch (error) {
      await this.say({ said: sentence(error), isError: true });
    }
  };
}

const NOTHING: Done = { sent: 0, waiting: 0, failed: 0, ended: 0, refused: [] };
