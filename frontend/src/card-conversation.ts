/** A conversation on a dashboard: finds out whose it is, by the entity that stands for them in Home Assistant. */

import { LitElement, css, html } from "lit";
import "./conversation.ts";
import { Live } from "./live.ts";
import { styles } from "./styles.ts";
import type { Transport } from "./transport.ts";
import type { PlaceView } from "./views.ts";

export class CardConversation extends LitElement {
  static override styles = [
    styles,
    css`
      p {
        margin: 0;
      }
      bach-conversation {
        height: var(--bach-conversation-height, 100%);
        min-height: 0;
      }
      bach-conversation::part(back) {
        display: none;
      }
    `,
  ];
  static override properties = {
    transport: { attribute: false },
    entity: { attribute: false },
  };

  declare transport: Transport;
  declare entity: string;

  private place: PlaceView | undefined;
  private isAsked = false;
  private live = new Live<void>(this, () => this.find());

  override render() {
    const { text } = this.transport;
    if (this.place) return html`<bach-conversation .transport=${this.transport} .place=${this.place}></bach-conversation>`;
    if (this.live.error !== undefined) return html`<p role="alert">${this.live.error}</p>`;
    return html`<p class="quiet">${text(this.isAsked ? "card.not_there" : "app.loading")}</p>`;
  }

  /** Asks until it is known; what is said there, the conversation itself follows. */
  private async find(): Promise<void> {
    if (this.place) return;
    const { places } = await this.transport.call<{ places: PlaceView[] }>("bach/panel/conversations");
    this.place = places.find((one) => one.entity === this.entity);
    this.isAsked = true;
  }
}

if (!customElements.get("bach-card-conversation")) customElements.define("bach-card-conversation", CardConversation);
