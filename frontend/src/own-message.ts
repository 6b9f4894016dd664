/** What can be done with a message of ours that was sent: other words for it, taking it back, and what is rarer. */

import { html, nothing } from "lit";
import { Deed } from "./deed.ts";
import { small } from "./conversation-layout.ts";
import "./more.ts";
import { styles } from "./styles.ts";
import type { Able } from "./views.ts";

export class OwnMessage extends Deed {
  static override styles = [styles, small];
  static override properties = {
    ...Deed.properties,
    seen: { attribute: false },
    words: { attribute: false },
    can: { attribute: false },
    isPinned: { attribute: false },
    whole: { attribute: false },
  };

  /** The change as which it stands there now. */
  declare seen: number | undefined;
  declare words: string;
  declare can: readonly Able[];
  /** null: nobody knows any more. */
  declare isPinned: boolean | null;
  /** Whether there is room for all of it. */
  declare whole: boolean;

  /** The words when the form was opened: what is written in it stays, whatever becomes of them meanwhile. */
  private wordsThen = "";

  override render() {
    const { text } = this.transport;
    if (!this.can.length) return nothing;
    return html`
      <div class="bar deeds">
        ${this.can.includes("edit") ? this.opener("edit", text("chat.change")) : nothing}
        ${this.can.includes("delete") ? this.opener("delete", text("chat.delete")) : nothing}
        <bach-more .transport=${this.transport} .number=${this.number} .can=${this.can} .isPinned=${this.isPinned} .whole=${this.whole}></bach-more>
      </div>
      ${this.opened === "edit"
        ? html`<form @submit=${this.edit} @keydown=${this.escaped}>
            <label>${text("chat.new_words")}
              <textarea data-first name="text" rows="3" required .value=${this.wordsThen} @keydown=${this.typed}></textarea>
            </label>
            ${this.ending(text("chat.change"))}
          </form>`
        : nothing}
      ${this.opened === "delete"
        ? html`<form @submit=${this.take} @keydown=${this.escaped}>
            <p>${text("chat.sure")}</p>
            ${this.ending(text("chat.delete"))}
          </form>`
        : nothing}
    `;
  }

  private opener(name: string, title: string) {
    const press = () => {
      this.wordsThen = this.words;
      this.toggle(name);
    };
    return html`<button class="plain" data-opens=${name} aria-expanded=${this.opened === name} @click=${press}>${title}</button>`;
  }

  private ending(title: string) {
    return html`
      <p role="alert">${this.error ?? ""}</p>
      <div class="bar">
        <button ?disabled=${this.busy} ?data-first=${this.opened === "delete"}>${title}</button>
        <button type="button" @click=${this.close}>${this.transport.text("ask.back")}</button>
      </div>
    `;
  }

  private typed = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.renderRoot.querySelector("form")?.requestSubmit();
  };

  private edit = (event: SubmitEvent): void => {
    event.preventDefault();
    const words = this.renderRoot.querySelector("textarea")!.value;
    if (words === this.wordsThen) return this.close();
    void this.perform("bach/panel/edit", { message_id: this.number, text: words, ...(this.seen && { seen: this.seen }) });
  };

  private take = (event: SubmitEvent): void => {
    event.preventDefault();
    void this.perform("bach/panel/delete", { message_id: this.number });
  };
}

if (!customElements.get("bach-own-message")) customElements.define("bach-own-message", OwnMessage);
