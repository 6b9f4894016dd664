/** The page "Conversations": left the people and places, right what was said with the one that is chosen. */

import { LitElement, css, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import "./conversation.ts";
import { chat, link } from "./events.ts";
import { Live } from "./live.ts";
import { styles } from "./styles.ts";
import type { Transport } from "./transport.ts";
import type { PlaceView } from "./views.ts";
import { time } from "./words.ts";

export class Conversations extends LitElement {
  static override styles = [
    styles,
    css`
      :host {
        container-type: inline-size;
      }
      .both {
        display: grid;
        grid-template-columns: minmax(220px, 320px) minmax(0, 1fr);
        gap: 16px;
      }
      ul {
        margin: 8px 0 0;
        padding: 0;
        list-style: none;
      }
      input {
        width: 100%;
      }
      li a {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0 8px;
        padding: 8px 12px;
        border-inline-start: 3px solid transparent;
        border-radius: 8px;
        text-decoration: none;
      }
      li a[aria-current] {
        background: var(--card-background-color, Canvas);
        border-color: var(--primary-color, CanvasText);
      }
      li span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .unread {
        justify-self: end;
        padding: 0 8px;
        border-radius: 10px;
        background: var(--primary-text-color, CanvasText);
        color: var(--card-background-color, Canvas);
        font-weight: 500;
      }
      .alone > bach-conversation::part(back) {
        display: none;
      }
      @container (max-width: 700px) {
        .both {
          grid-template-columns: minmax(0, 1fr);
        }
        .both.chosen > nav,
        .both:not(.chosen) > .card,
        h2.chosen {
          display: none;
        }
      }
    `,
  ];
  static override properties = {
    transport: { attribute: false },
    path: { attribute: false },
    wanted: { state: true },
  };

  declare transport: Transport;
  /** Ours, which names the place that is chosen, if one is. */
  declare path: string;
  declare wanted: string;

  private live = new Live<{ places: PlaceView[] }>(this, () => this.transport.call("bach/panel/conversations"));

  constructor() {
    super();
    this.wanted = "";
  }

  override render() {
    const { text } = this.transport;
    const { view, error } = this.live;
    const only = this.path === "/chat" && view?.places.length === 1 ? view.places[0] : undefined; // nothing to choose among
    const here = only ?? view?.places.find((one) => chat(one) === this.path);
    return html`
      <h2 class=${here ? "chosen" : ""}>${text("chat.title")}</h2>
      <p role="alert">${error ?? ""}</p>
      ${view
        ? html`<div class="both ${here ? "chosen" : ""} ${view.places.length === 1 ? "alone" : ""}">
            <nav aria-label=${text("chat.places")}>${this.places(view.places, here)}</nav>
            ${here
              ? html`<bach-conversation .transport=${this.transport} .place=${here}></bach-conversation>`
              : html`<p class="card">${text(view.places.length ? "chat.choose" : "chat.nobody")}</p>`}
          </div>`
        : error === undefined
          ? html`<p class="quiet">${text("app.loading")}</p>`
          : nothing}
    `;
  }

  private places(places: readonly PlaceView[], here: PlaceView | undefined) {
    const { text } = this.transport;
    const wanted = this.wanted.toLocaleLowerCase();
    const found = places.filter((one) => `${one.title} ${one.connection_title}`.toLocaleLowerCase().includes(wanted));
    return html`
      <label>${text("chat.search")}
        <input type="search" @input=${(event: Event) => (this.wanted = (event.target as HTMLInputElement).value)} />
      </label>
      <ul>
        ${repeat(found, chat, (one) => html`<li>${link(chat(one), this.place(one), one === here)}</li>`)}
      </ul>
    `;
  }

  private place(one: PlaceView) {
    const { text, locale } = this.transport;
    return html`
      <span>${one.title}</span>
      ${one.unread ? html`<span class="unread" aria-label=${text("chat.unread", { count: one.unread })}>${one.unread}</span>` : html`<span></span>`}
      <span class="quiet">${one.last_text ?? one.connection_title}</span>
      <span class="quiet">${one.last_at === null ? "" : time(locale, one.last_at)}</span>
      ${one.works ? nothing : html`<span class="state needs-person">${text("standing.disconnected")}</span>`}
    `;
  }
}

if (!customElements.get("bach-conversations")) customElements.define("bach-conversations", Conversations);
