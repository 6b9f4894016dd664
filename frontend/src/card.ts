/** The card on a dashboard, around what it shows: a conversation, how the connections stand, or what waits. */

import { LitElement, css, html, nothing } from "lit";
import { keyed } from "lit/directives/keyed.js";
import "./card-conversation.ts";
import "./card-state.ts";
import { type Hass, atHome, goTo, know } from "./home-transport.ts";
import { styles } from "./styles.ts";
import type { TextKey, Transport } from "./transport.ts";

export type CardKind = "conversation" | "state" | "waiting";

/** As somebody has written it, so it may be anything. */
export interface CardConfig {
  kind?: unknown;
  /** The notify entity of whom the conversation is with. */
  entity?: unknown;
  /** Names of connections; none: all. */
  connections?: unknown;
}

/** What the card shows; without a word about it, what goes with the rest. */
export const kindOf = ({ kind, entity }: CardConfig): unknown => kind ?? (entity ? "conversation" : "state");

/** What Home Assistant makes: it is handed all that concerns the card. */
interface Outer extends HTMLElement {
  config: CardConfig;
  hass?: Hass;
  layout?: string;
}

/** Show in the outer element what was asked for, and what it is handed from now on. */
export function draw(outer: Outer): void {
  const inner = outer.querySelector("bach-home-card") ?? begin(outer);
  inner.config = outer.config;
}

function begin(outer: Outer): HomeCard {
  const inner = document.createElement("bach-home-card");
  outer.style.cssText = "display: block; height: 100%";
  for (const name of ["hass", "layout"] as const) {
    const given = outer[name];
    const hand = { set: (value: never) => (inner[name] = value), configurable: true };
    Object.defineProperty(outer, name, hand);
    if (given) outer[name] = given as never;
  }
  inner.config = outer.config;
  outer.replaceChildren(inner);
  return inner;
}

let first: (transport: Transport) => void;
/** How the home is asked, as the newest card was told: a form is not. */
export let home = new Promise<Transport>((resolve) => (first = resolve));

export class HomeCard extends LitElement {
  static override styles = [
    styles,
    css`
      :host {
        height: 100%;
      }
      .card {
        height: 100%;
        overflow: auto;
        border: var(--ha-card-border-width, 1px) solid var(--ha-card-border-color, var(--divider-color, GrayText));
        background: var(--ha-card-background, var(--card-background-color, Canvas));
      }
      p {
        margin: 0;
      }
      bach-card-conversation {
        height: 100%;
      }
      .free {
        --bach-conversation-height: 480px;
      }
    `,
  ];
  static override properties = {
    config: { attribute: false },
    layout: { attribute: false },
    transport: { state: true },
    page: { state: true },
  };

  declare config: CardConfig;
  /** How the view around it lays out its cards. */
  declare layout: string | undefined;
  declare transport: Transport | undefined;
  /** What is as large as all the rest, and loaded where it is wanted. */
  declare page: object | undefined;

  private language: string | undefined;

  /** A new one comes with each change of any state in the home. */
  set hass(hass: Hass) {
    know(hass);
    if (this.language === hass.language) return;
    this.language = hass.language;
    void atHome(hass, { on_card: true }).then((transport) => {
      first(transport);
      home = Promise.resolve(transport);
      this.transport = transport;
    });
  }

  override render() {
    const isFree = this.layout !== "grid" && this.layout !== "panel";
    return html`<div class="card ${isFree ? "free" : ""}" @bach-go=${(event: CustomEvent<string>) => goTo(event.detail)}>
      ${this.transport ? this.shown(this.transport) : nothing}
    </div>`;
  }

  private shown(transport: Transport) {
    const { entity, connections = [] } = this.config;
    const kind = kindOf(this.config);
    const wrong = (key: TextKey) => html`<p role="alert">${transport.text(key, { kind: String(kind) })}</p>`;
    if (!Array.isArray(connections) || connections.some((one) => typeof one !== "string")) return wrong("card.bad_connections");
    switch (kind) {
      case "conversation":
        if (typeof entity !== "string" || !entity) return wrong("card.no_entity");
        return keyed(entity, html`<bach-card-conversation .transport=${transport} .entity=${entity}></bach-card-conversation>`);
      case "state":
        return html`<bach-card-state .transport=${transport} .connections=${connections as string[]}></bach-card-state>`;
      case "waiting":
        return this.page ? html`<bach-waiting .transport=${transport}></bach-waiting>` : this.load();
      default:
        return wrong("card.bad_kind");
    }
  }

  private load() {
    void import("./waiting.ts").then((page) => (this.page = page));
    return nothing;
  }
}

if (!customElements.get("bach-home-card")) customElements.define("bach-home-card", HomeCard);

declare global {
  interface HTMLElementTagNameMap {
    "bach-home-card": HomeCard;
  }
}
