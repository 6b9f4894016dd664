/** The dialog that asks for a time: of what waits, or at which a message is to come again. */

import { LitElement, html } from "lit";
import { meant, often, typed } from "./moments.ts";
import { styles } from "./styles.ts";
import type { Transport } from "./transport.ts";

/** A time as the server takes it. */
export type ChosenTime = CustomEvent<{ at: string; seconds: number }>;

export class When extends LitElement {
  static override styles = styles;
  static override properties = {
    transport: { attribute: false },
    heading: { attribute: false },
    planned: { attribute: false },
    error: { attribute: false },
    busy: { attribute: false },
  };

  declare transport: Transport;
  /** What the time is for. */
  declare heading: string;
  /** The time that it has now, in seconds. */
  declare planned: number | null | undefined;
  declare error: string | undefined;
  declare busy: boolean;

  override firstUpdated(): void {
    this.renderRoot.querySelector("dialog")!.showModal();
    const now = Date.now();
    const { timeZone } = this.transport.locale;
    this.field.value = this.planned && this.planned * 1000 > now ? typed(this.planned * 1000, timeZone) : often(now, timeZone)[0]!.at;
  }

  override render() {
    const { text, locale } = this.transport;
    const now = Date.now();
    return html`<dialog @close=${this.close} aria-labelledby="heading">
      <form @submit=${this.choose}>
        <h2 id="heading">${this.heading}</h2>
        <div class="bar" role="group" aria-label=${text("when.often")}>
          ${often(now, locale.timeZone).map(
            ({ name, at }) => html`<button type="button" data-at=${at} @click=${() => (this.field.value = at)}>${text(name)}</button>`,
          )}
        </div>
        <label>${text("when.time")} <input type="datetime-local" name="at" required min=${typed(now, locale.timeZone)} /></label>
        <p role="alert">${this.error ?? ""}</p>
        <div class="bar">
          <button ?disabled=${this.busy}>${text("when.choose")}</button>
          <button type="button" @click=${this.close}>${text("ask.back")}</button>
        </div>
      </form>
    </dialog>`;
  }

  private get field(): HTMLInputElement {
    return this.renderRoot.querySelector("input")!;
  }

  private choose = (event: SubmitEvent): void => {
    event.preventDefault();
    if (this.busy) return;
    const at = meant(this.field.value, this.transport.locale.timeZone);
    this.dispatchEvent(new CustomEvent("bach-chosen", { detail: { at: new Date(at).toISOString(), seconds: at / 1000 } }));
  };

  private close = (): void => {
    this.dispatchEvent(new CustomEvent("close"));
  };
}

if (!customElements.get("bach-when")) customElements.define("bach-when", When);
