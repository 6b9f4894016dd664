/** The dialog that asks to whom a message is passed on. */

import { LitElement, css, html, nothing } from "lit";
import { sentence } from "./live.ts";
import { styles } from "./styles.ts";
import type { Transport } from "./transport.ts";
import type { Place } from "./views.ts";

export type ChosenPlace = CustomEvent<{ connection: string; recipient: string; copy: boolean; name: string }>;

export class Forward extends LitElement {
  static override styles = [
    styles,
    css`
      dialog .copy {
        grid-template-columns: auto 1fr;
        align-items: center;
      }
      input[type="checkbox"] {
        margin-inline-start: 0;
      }
      p {
        margin: 0;
      }
    `,
  ];
  static override properties = {
    transport: { attribute: false },
    error: { attribute: false },
    busy: { attribute: false },
    places: { state: true },
    connection: { state: true },
    failed: { state: true },
  };

  declare transport: Transport;
  declare error: string | undefined;
  declare busy: boolean;
  declare places: Place[] | undefined;
  declare connection: string;
  /** Why nobody can be chosen. */
  declare failed: string | undefined;

  override async firstUpdated(): Promise<void> {
    this.renderRoot.querySelector("dialog")!.showModal();
    try {
      const { places } = await this.transport.call<{ places: Place[] }>("bach/panel/places");
      this.places = places.filter((place) => place.recipients.length);
      this.connection = this.places[0]?.id ?? "";
    } catch (error) {
      this.failed = sentence(error);
    }
  }

  override render() {
    const { text } = this.transport;
    return html`<dialog @close=${this.close} aria-labelledby="heading">
      <form @submit=${this.choose}>
        <h2 id="heading">${text("chat.forward")}</h2>
        ${this.places ? this.fields(this.places) : nothing}
        <p role="alert">${this.error ?? this.failed ?? ""}</p>
        <div class="bar">
          <button ?disabled=${!this.places?.length || this.busy}>${text("chat.forward")}</button>
          <button type="button" @click=${this.close}>${text("ask.back")}</button>
        </div>
      </form>
    </dialog>`;
  }

  private fields(places: readonly Place[]) {
    const { text } = this.transport;
    const recipients = this.here?.recipients ?? [];
    const choose = (event: Event) => (this.connection = (event.target as HTMLSelectElement).value);
    return html`
      <label>${text("change.connection")}
        <select name="connection" @change=${choose}>
          ${places.map(({ id, title }) => html`<option value=${id} ?selected=${id === this.connection}>${title}</option>`)}
        </select>
      </label>
      <label>${text("change.recipient")}
        <select name="recipient" required>
          ${recipients.map(({ id, title }) => html`<option value=${id}>${title}</option>`)}
        </select>
      </label>
      <label class="copy"><input type="checkbox" name="copy" /> ${text("chat.copy")}</label>
      <p class="quiet">${text("chat.forward_means")}</p>
    `;
  }

  private get here(): Place | undefined {
    return this.places?.find((place) => place.id === this.connection);
  }

  private choose = (event: SubmitEvent): void => {
    event.preventDefault();
    if (this.busy) return;
    const recipient = this.renderRoot.querySelector<HTMLSelectElement>("[name=recipient]")!.value;
    const copy = this.renderRoot.querySelector<HTMLInputElement>("[name=copy]")!.checked;
    const name = this.here?.recipients.find((one) => one.id === recipient)?.title ?? recipient;
    this.dispatchEvent(new CustomEvent("bach-chosen", { detail: { connection: this.connection, recipient, copy, name } }));
  };

  private close = (): void => {
    this.dispatchEvent(new CustomEvent("close"));
  };
}

if (!customElements.get("bach-forward")) customElements.define("bach-forward", Forward);
