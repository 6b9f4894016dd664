/** An emoji on what was said: a row of common ones, and a field for any other. */

import { html, nothing } from "lit";
import { small } from "./conversation-layout.ts";
import { Deed } from "./deed.ts";
import { styles } from "./styles.ts";

/** All of them are among those that Telegram takes, which takes the fewest. */
const COMMON = ["👍", "❤️", "😁", "🎉", "👏", "🙏", "👌", "👀"];

export class React extends Deed {
  static override styles = [styles, small];

  override render() {
    const { text } = this.transport;
    return html`
      <button class="plain" data-opens="react" aria-expanded=${this.opened === "react"} @click=${() => this.toggle("react")}>
        ${text("chat.react")}
      </button>
      ${this.opened
        ? html`<form @submit=${this.typed} @keydown=${this.escaped}>
            <div class="bar" role="group" aria-label=${text("chat.emojis")}>
              ${COMMON.map(
                (emoji, place) =>
                  html`<button type="button" class="emoji" ?data-first=${place === 0} ?disabled=${this.busy} @click=${() => this.put(emoji)}>${emoji}</button>`,
              )}
            </div>
            <label>${text("chat.other_emoji")} <input name="emoji" required maxlength="32" autocomplete="off" /></label>
            <p role="alert">${this.error ?? ""}</p>
            <div class="bar">
              <button ?disabled=${this.busy}>${text("chat.react")}</button>
              <button type="button" @click=${this.close}>${text("ask.back")}</button>
            </div>
          </form>`
        : nothing}
    `;
  }

  private typed = (event: SubmitEvent): void => {
    event.preventDefault();
    this.put(this.renderRoot.querySelector("input")!.value.trim());
  };

  private put(emoji: string): void {
    void this.perform("bach/panel/react", { ...this.which, emoji });
  }
}

if (!customElements.get("bach-react")) customElements.define("bach-react", React);
