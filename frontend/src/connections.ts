/** The page "Connections": how each stands, what went through it in the last day, and what can be done about it. */

import { LitElement, css, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { chart, circuit } from "./chart.ts";
import { link } from "./events.ts";
import { Live, sentence } from "./live.ts";
import { styles } from "./styles.ts";
import type { Transport } from "./transport.ts";
import type { Card, Checked, Standing } from "./views.ts";
import { amount, BREAKERS, counts, STANDINGS, time, TYPES, way } from "./words.ts";

export class Connections extends LitElement {
  static override styles = [
    styles,
    css`
      .cards {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr));
        gap: 16px;
        margin: 16px 0;
      }
      .card {
        display: grid;
        gap: 12px;
        align-content: start;
        overflow-wrap: anywhere;
      }
      .card p,
      .card dl,
      .card dd {
        margin: 0;
      }
      h3 {
        margin: 0;
        font-size: 16px;
        font-weight: 500;
      }
      dl {
        display: grid;
        grid-template-columns: max-content 1fr;
        gap: 4px 12px;
      }
      .charts svg {
        display: block;
        width: 100%;
        height: 40px;
      }
      .charts {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 16px;
      }
      rect.sent,
      rect.seconds {
        fill: var(--primary-color, CanvasText);
      }
      rect.failed {
        fill: var(--error-color, CanvasText);
      }
      path,
      circle {
        fill: none;
        stroke: currentcolor;
        stroke-width: 2;
      }
      .floor {
        stroke: var(--divider-color, GrayText);
        stroke-width: 1;
      }
      .circuit {
        width: 60px;
        height: 30px;
      }
      .open .lever {
        stroke: var(--error-color, CanvasText);
      }
    `,
  ];
  static override properties = {
    transport: { attribute: false },
    said: { state: true },
    busy: { state: true },
  };

  declare transport: Transport;
  /** What became of what was pressed last, by connection. */
  declare said: Readonly<Record<string, string>>;
  declare busy: string | undefined;

  private live = new Live<{ cards: Card[] }>(this, () => this.transport.call("bach/panel/connections"));

  constructor() {
    super();
    this.said = {};
  }

  override render() {
    const { text } = this.transport;
    const { view, error } = this.live;
    return html`
      <h2>${text("connections.title")}</h2>
      <p role="alert">${error ?? ""}</p>
      ${view
        ? view.cards.length
          ? html`<div class="cards">${repeat(view.cards, (card) => card.id, (card) => this.card(card))}</div>`
          : html`<p class="card">${text("connections.empty")}</p>`
        : error === undefined
          ? html`<p class="quiet">${text("app.loading")}</p>`
          : nothing}
    `;
  }

  private card(card: Card) {
    const { text } = this.transport;
    const name = `name-${card.id}`;
    const isBad = (one: Standing): boolean => one.state === "disconnected" || one.state === "auth_failed";
    return html`<article class="card" aria-labelledby=${name} data-connection=${card.id}>
      <div>
        <h3 id=${name}>${card.title}</h3>
        <p class="quiet">${[TYPES[card.type] ?? card.type, card.account].filter(Boolean).join(" · ")}</p>
      </div>
      <dl>
        <dt>${text(card.queue === null ? "connections.reachable" : "connections.sending")}</dt>
        <dd>${this.standing(card, card.sending, isBad(card.sending))}</dd>
        ${card.queue === null
          ? nothing
          : html`<dt>${text("connections.receiving")}</dt>
              <dd>${this.standing(card, card.receiving, isBad(card.receiving))}</dd>`}
      </dl>
      ${card.queue === null ? nothing : this.queue(card, card.queue)} ${card.hours ? this.lastDay(card, card.hours) : nothing}
      <div class="bar">
        <button ?disabled=${this.busy === card.id || !card.is_on} aria-describedby=${name} @click=${() => this.check(card)}>
          ${text("connections.check")}
        </button>
        <button ?disabled=${this.busy === card.id} aria-describedby=${name} @click=${() => this.switch(card)}>
          ${text(card.is_on ? "connections.pause" : "connections.resume")}
        </button>
        ${card.link === null ? nothing : html`<a href=${card.link} aria-describedby=${name}>${text("connections.settings")}</a>`}
      </div>
      <p role="status">${this.said[card.id] ?? ""}</p>
    </article>`;
  }

  private standing(card: Card, one: Standing, isBad: boolean) {
    const { text, locale } = this.transport;
    const said = card.is_on || one.state !== "disabled" ? text(STANDINGS[one.state]) : text("standing.paused");
    return html`<span class="state ${isBad ? "needs-person" : ""}">${said}</span>
      ${one.fault === null ? nothing : html`<p>${one.fault}</p>`}
      ${isBad && one.last_success !== null
        ? html`<p class="quiet">${text("connections.worked", { time: time(locale, one.last_success) })}</p>`
        : nothing}`;
  }

  private queue(card: Card, queue: { waiting: number; needs_person: number }) {
    const { text, locale } = this.transport;
    const { breaker, limit } = card;
    return html`
      <p>${link(`/?connection=${encodeURIComponent(card.id)}`, counts(this.transport, queue))}</p>
      ${breaker
        ? html`<div class="bar">
            ${circuit(breaker.state)}
            <span>
              ${text(BREAKERS[breaker.state], { count: breaker.failures })}
              ${breaker.state === "open" && breaker.until !== null
                ? text("breaker.again", { time: time(locale, breaker.until, "medium") })
                : nothing}
            </span>
          </div>`
        : nothing}
      <p>
        ${text("connections.rate", { count: card.sent_in_last_minute ?? 0 })}
        <span class="quiet">
          ${limit ? text("connections.limit", { count: limit.count, seconds: amount(locale, limit.seconds) }) : text("connections.no_limit")}
        </span>
      </p>
    `;
  }

  private lastDay(card: Card, hours: NonNullable<Card["hours"]>) {
    const { text, locale } = this.transport;
    const sum = (name: "sent" | "failed"): number => hours.reduce((all, hour) => all + hour[name], 0);
    const tried = hours.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]));
    const isYoung = (card.counted_since ?? 0) > Date.now() / 1000 - hours.length * 3600;
    return html`<div class="charts">
        <div>
          ${chart(hours.map(({ sent, failed }) => ({ sent, failed })))}
          <p class="quiet">${text("connections.day", { sent: sum("sent"), failed: sum("failed") })}</p>
        </div>
        ${tried.length
          ? html`<div>
              ${chart(hours.map(({ seconds }) => ({ seconds: seconds ?? 0 })))}
              <p class="quiet">${text("connections.took", { seconds: amount(locale, Math.max(...tried, 0.01)) })}</p>
            </div>`
          : nothing}
      </div>
      ${isYoung ? html`<p class="quiet">${text("connections.since", { time: time(locale, card.counted_since ?? 0) })}</p>` : nothing}`;
  }

  private check(card: Card): Promise<void> {
    return this.act(card, async (home) => {
      const { is_good, said, account, hops } = await home.call<Checked>("bach/panel/check", { connection: card.id });
      const found = is_good
        ? [home.text("connections.good", { account: account ?? "" }), said]
        : [home.text("connections.bad", { reason: said ?? "" })];
      return [...found, way(home, hops)].filter(Boolean).join(" ");
    });
  }

  private switch(card: Card): Promise<void> {
    return this.act(card, async (home) => {
      await home.call("bach/panel/switch", { connection: card.id, is_on: !card.is_on });
      return home.text(card.is_on ? "connections.paused" : "connections.resumed");
    });
  }

  private async act({ id }: Card, action: (home: Transport) => Promise<string>): Promise<void> {
    this.busy = id;
    let said: string;
    try {
      said = await action(this.transport);
    } catch (error) {
      said = sentence(error);
    } finally {
      this.busy = undefined;
    }
    this.said = { ...this.said, [id]: said };
    await this.live.refresh();
  }
}

if (!customElements.get("bach-connections")) customElements.define("bach-connections", Connections);
