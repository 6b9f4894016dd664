/** How the connections stand, on a dashboard: what is wrong in a sentence, and what waits. */

import { LitElement, css, html, nothing } from "lit";
import { link } from "./events.ts";
import { Live } from "./live.ts";
import { styles } from "./styles.ts";
import type { Transport } from "./transport.ts";
import type { OverviewRow, Standing } from "./views.ts";
import { STANDINGS, amount } from "./words.ts";

type Count = "waiting" | "needs_person";

export class CardState extends LitElement {
  static override styles = [
    styles,
    css`
      p,
      ul {
        margin: 8px 0 0;
      }
      ul {
        padding: 0;
        list-style: none;
      }
      li {
        padding: 8px 0;
        border-top: 1px solid var(--divider-color, GrayText);
        overflow-wrap: anywhere;
      }
      li p {
        margin: 0;
      }
      li .bar {
        justify-content: space-between;
      }
      .bar a,
      .bar > span {
        min-height: 24px;
      }
    `,
  ];
  static override properties = {
    transport: { attribute: false },
    connections: { attribute: false },
  };

  declare transport: Transport;
  /** Of which it tells; none: of all. */
  declare connections: readonly string[];

  private live = new Live<{ rows: OverviewRow[] }>(this, () => this.transport.call("bach/panel/overview"));

  override render() {
    const { text } = this.transport;
    const { view, error } = this.live;
    return html`
      <h2>BACH</h2>
      <p role="alert">${error ?? ""}</p>
      ${view ? this.overview(view.rows) : error === undefined ? html`<p class="quiet">${text("app.loading")}</p>` : nothing}
    `;
  }

  private overview(all: readonly OverviewRow[]) {
    const { text } = this.transport;
    const rows = this.connections.length ? all.filter((row) => this.connections.includes(row.id)) : all;
    const gone = this.connections.filter((name) => !all.some((row) => row.id === name));
    const bad = rows.filter((row) => isBad(row.sending) || isBad(row.receiving));
    return html`
      ${rows.length
        ? html`<p role="status">
              ${bad.length ? text("card.broken", { names: bad.map((row) => row.title).join(", ") }) : text("card.all_work")}
            </p>
            <p class="bar">${this.count(rows, "needs_person")} ${this.count(rows, "waiting")}</p>
            <ul>${rows.map((row) => this.row(row))}</ul>`
        : nothing}
      ${gone.length ? html`<p>${text("card.gone", { names: gone.join(", ") })}</p>` : nothing}
      ${all.length ? nothing : html`<p>${text("card.nothing")}</p>`}
    `;
  }

  private count(rows: readonly OverviewRow[], what: Count) {
    const { text, locale } = this.transport;
    const count = amount(locale, rows.reduce((sum, row) => sum + (row.queue?.[what] ?? 0), 0));
    const isMore = rows.some((row) => row.queue?.is_more);
    const said = text(what === "waiting" ? "card.waits" : "card.needs_person", { count: isMore ? text("card.at_least", { count }) : count });
    return link("/", said);
  }

  private row({ id, title, is_on, sending, receiving, queue }: OverviewRow) {
    const { text } = this.transport;
    const shown = isBad(sending) || !receiving || !isBad(receiving) ? sending : receiving;
    const said = is_on || shown.state !== "disabled" ? text(STANDINGS[shown.state]) : text("standing.paused");
    return html`<li data-connection=${id}>
      <div class="bar">
        <span>${queue && queue.waiting + queue.needs_person ? link(`/?connection=${encodeURIComponent(id)}`, title) : title}</span>
        <span class="state ${isBad(shown) ? "needs-person" : ""}">${shown === receiving ? `${text("connections.receiving")}: ${said}` : said}</span>
      </div>
      ${shown.fault === null ? nothing : html`<p>${shown.fault}</p>`}
    </li>`;
  }
}

const isBad = (one: Standing | null): boolean => one?.state === "disconnected" || one?.state === "auth_failed";

if (!customElements.get("bach-card-state")) customElements.define("bach-card-state", CardState);
