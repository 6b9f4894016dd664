/** The dialog that gives a message other words or another recipient, and sends it. */

import { LitElement, html, nothing } from "lit";
import { tell } from "./events.ts";
import { sentence } from "./live.ts";
import { styles } from "./styles.ts";
import type { Transport } from "./transport.ts";
import type { Done, MessageView, Place, Row } from "./views.ts";
import { outcome } from "./words.ts";

export class Change extends LitElement {
  static override styles = styles;
  static override properties = {
    transport: { attribute: false },
    row: { attribute: false },
    message: { state: true },
    places: { state: true },
    connection: { state: true },
    error: { state: true },
    busy: { state: true },
  };

  declare transport: Transport;
  declare row: Row;
  /** As it stands in whole: a list holds the beginning of a long text only. */
  declare message: MessageView | undefined;
  declare places: Place[];
  declare connection: string;
  declare error: string | undefined;
  declare busy: boolean;

  override async firstUpdated(): Promise<void> {
    this.renderRoot.querySelector("dialog")?.showModal();
    try {
      const [message, { places }] = await Promise.all([
        this.transport.call<MessageView>("bach/panel/message", { message_id: this.row.id }),
        this.transport.call<{ places: Place[] }>("bach/panel/places"),
      ]);
      [this.message, this.places, this.connection] = [message, places, message.connection];
    } catch (error) {
      this.error = sentence(error);
    }
  }

  override render() {
    const { text } = this.transport;
    return html`<dialog @close=${this.close} aria-labelledby="title">
      <form @submit=${this.send}>
        <h2 id="title">${text("change.title", { id: this.row.id })}</h2>
        ${this.message ? this.fields(this.message) : nothing}
        ${this.error === undefined ? nothing : html`<p role="alert">${this.error}</p>`}
        <div class="bar">
          <button ?disabled=${!this.message || this.busy}>${text("change.send")}</button>
          <button type="button" @click=${this.close}>${text("ask.back")}</button>
        </div>
      </form>
    </dialog>`;
  }

  private fields(message: MessageView) {
    const { text } = this.transport;
    const known = this.places.find((place) => place.id === this.connection)?.recipients ?? [];
    const isHere = this.connection === message.connection;
    const recipients = isHere && !known.some((one) => one.id === message.recipient)
      ? [{ id: message.recipient, title: message.recipient_title }, ...known]
      : known;
    const choose = (event: Event) => (this.connection = (event.target as HTMLSelectElement).value);
    return html`
      ${message.operation === "send"
        ? html`
            <label>${text("change.connection")}
              <select name="connection" @change=${choose}>
                ${this.places.map(({ id, title }) => html`<option value=${id} ?selected=${id === this.connection}>${title}</option>`)}
              </select>
            </label>
            <label>${text("change.recipient")}
              <select name="recipient" required>
                ${recipients.map(
                  ({ id, title }) => html`<option value=${id} ?selected=${isHere && id === message.recipient}>${title}</option>`,
                )}
              </select>
            </label>
            <label>${text("change.heading")}
              <input name="title" .value=${message.title ?? ""} />
            </label>
          `
        : nothing}
      <label>${text("change.text")}
        <textarea name="text" rows="6" .value=${message.text}></textarea>
      </label>
    `;
  }

  private send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const message = this.message;
    if (!message) return;
    this.busy = true;
    this.error = undefined;
    const before: Record<string, string> = { ...message, title: message.title ?? "" } as never;
    const entered = [...new FormData(event.target as HTMLFormElement)].map(([name, value]) => [name, String(value)] as const);
    const changes = Object.fromEntries(entered.filter(([name, value]) => before[name] !== value));
    if ("connection" in changes) changes["recipient"] ??= message.recipient;
    try {
      const done = await this.transport.call<Done>("bach/panel/amend", { message_id: message.id, changes });
      tell(this, { said: outcome(this.transport, done), isError: false });
      this.close();
    } catch (error) {
      this.error = sentence(error);
    } finally {
      this.busy = false;
    }
  };

  private close = (): void => {
    this.dispatchEvent(new CustomEvent("close"));
  };
}

if (!customElements.get("bach-change")) customElements.define("bach-change", Change);
