/** What is done more rarely with what was said: keeping it in sight, passing it on, letting it come again later. */

import { css, html, nothing } from "lit";
import { small } from "./conversation-layout.ts";
import { Deed } from "./deed.ts";
import { tell } from "./events.ts";
import "./forward.ts";
import type { ChosenPlace } from "./forward.ts";
import "./react.ts";
import { styles } from "./styles.ts";
import type { Able } from "./views.ts";
import "./when.ts";
import type { ChosenTime } from "./when.ts";
import { time } from "./words.ts";

const HERE: readonly Able[] = ["react", "pin", "unpin", "forward", "put_off"];

export class More extends Deed {
  static override styles = [
    styles,
    small,
    css`
      :host {
        display: contents; /* its buttons stand beside those around it */
      }
      p {
        flex-basis: 100%;
        margin: 0;
      }
    `,
  ];
  static override properties = {
    ...Deed.properties,
    can: { attribute: false },
    isPinned: { attribute: false },
    whole: { attribute: false },
    isOpen: { state: true },
  };

  declare can: readonly Able[];
  /** null: nobody knows any more. */
  declare isPinned: boolean | null;
  /** Whether there is room for all of it; else somebody asks for it first. */
  declare whole: boolean;
  declare isOpen: boolean;

  override render() {
    const { text } = this.transport;
    if (!HERE.some((one) => this.does(one))) return nothing;
    const open = () => (this.isOpen = !this.isOpen);
    return html`
      ${this.whole ? nothing : html`<button class="plain" aria-expanded=${!!this.isOpen} @click=${open}>${text("chat.more")}</button>`}
      ${this.whole || this.isOpen ? this.deeds() : nothing}
      ${this.opened === undefined && this.error !== undefined ? html`<p role="alert">${this.error}</p>` : nothing}
      ${this.opened === "forward"
        ? html`<bach-forward .transport=${this.transport} .error=${this.error} .busy=${this.busy} @bach-chosen=${this.forward} @close=${this.close}></bach-forward>`
        : nothing}
      ${this.opened === "put_off"
        ? html`<bach-when
            .transport=${this.transport}
            .heading=${text("chat.when_again")}
            .error=${this.error}
            .busy=${this.busy}
            @bach-chosen=${this.putOff}
            @close=${this.close}
          ></bach-when>`
        : nothing}
    `;
  }

  private deeds() {
    const { text } = this.transport;
    const pin = (is_pinned: boolean) => () => void this.perform("bach/panel/pin", { ...this.which, is_pinned });
    const button = (name: Able, title: string, press: () => void) =>
      html`<button class="plain" data-opens=${name} ?disabled=${this.busy} @click=${press}>${title}</button>`;
    return html`
      ${this.does("react") ? html`<bach-react .transport=${this.transport} .number=${this.number} .came=${false}></bach-react>` : nothing}
      ${this.does("pin") && this.isPinned !== true ? button("pin", text("chat.pin"), pin(true)) : nothing}
      ${this.does("unpin") && this.isPinned !== false ? button("unpin", text("chat.unpin"), pin(false)) : nothing}
      ${this.does("forward") ? button("forward", text("chat.forward"), () => this.toggle("forward")) : nothing}
      ${this.does("put_off") ? button("put_off", text("chat.later"), () => this.toggle("put_off")) : nothing}
    `;
  }

  /** An emoji on what came in has a button of its own. */
  private does(deed: Able): boolean {
    return this.can.includes(deed) && !(deed === "react" && this.came);
  }

  private forward = async ({ detail: { name, ...place } }: ChosenPlace): Promise<void> => {
    const { text } = this.transport;
    const done = await this.perform<{ lost: string[] }>("bach/panel/forward", { ...this.which, ...place });
    if (!done) return;
    const lost = done.lost.length ? text("chat.went_without", { reasons: done.lost.join(" ") }) : "";
    tell(this, { said: [text("chat.passed_on", { name }), lost].filter(Boolean).join(" "), isError: false });
  };

  private putOff = async ({ detail: { at, seconds } }: ChosenTime): Promise<void> => {
    const { text, locale } = this.transport;
    const done = await this.perform("bach/panel/put_off", { message_id: this.number, until: at });
    if (done) tell(this, { said: text("chat.comes_again", { time: time(locale, seconds) }), isError: false });
  };
}

if (!customElements.get("bach-more")) customElements.define("bach-more", More);
