/** The page "Waiting and dead letters": all that waits or was not delivered, and what can be done about it. */

import { LitElement, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import "./alarms.ts";
import "./message-actions.ts";
import { link } from "./events.ts";
import { Live } from "./live.ts";
import { Notice } from "./notice.ts";
import { styles } from "./styles.ts";
import type { Transport } from "./transport.ts";
import type { Place, Row, WaitingView } from "./views.ts";
import { layout } from "./waiting-layout.ts";
import { advice, counts, needsPerson, reason, state, time, words } from "./words.ts";

const HOUR = 3600;
/** Milliseconds without a key until what was typed is looked for. */
const TYPED = 300;

export class Waiting extends LitElement {
  static override styles = [styles, layout];
  static override properties = {
    transport: { attribute: false },
    places: { state: true },
    chosen: { state: true },
    wanted: { state: true },
    finding: { state: true },
    pages: { state: true },
  };

  declare transport: Transport;
  declare places: Place[];
  /** Ids of the messages that are ticked. */
  declare chosen: ReadonlySet<number>;
  /** What is looked for. */
  declare wanted: { connection?: string; recipient?: string; state?: string; text?: string; hours?: number };
  /** Whether somebody on a phone looks for something: else what there is to find it with would stand before what waits. */
  declare finding: boolean;
  /** Where each page up to this one began; empty: this is the newest. */
  declare pages: readonly number[];

  private notice = new Notice(this, async () => {
    this.chosen = new Set();
    await this.live.refresh();
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("[role=status]")?.focus(); // the button may be gone with its row
  });
  private live = new Live<WaitingView>(this, () => {
    const { hours, ...wanted } = this.wanted;
    const asked = { ...wanted, since: hours && Date.now() / 1000 - hours * HOUR, before: this.pages.at(-1) };
    const given = Object.entries(asked).filter(([, value]) => value);
    return this.transport.call<WaitingView>("bach/panel/waiting", Object.fromEntries(given));
  });
  private typing: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    [this.places, this.chosen] = [[], new Set()];
    const connection = new URLSearchParams(location.search).get("connection"); // a link to what waits for one
    this.wanted = connection ? { connection } : {};
    [this.pages, this.finding] = [[], connection !== null];
  }

  override firstUpdated(): void {
    this.transport.call<{ places: Place[] }>("bach/panel/places").then(
      ({ places }) => (this.places = places),
      () => undefined, // the table says what is wrong
    );
  }

  override render() {
    const { view, error } = this.live;
    const { text } = this.transport;
    return html`
      <bach-alarms .transport=${this.transport}></bach-alarms>
      <h2>${text("waiting.title")}</h2>
      <p class="quiet" data-counts>${view?.counts ? counts(this.transport, view.counts) : nothing}</p>
      <button class="find" aria-expanded=${this.finding} @click=${() => (this.finding = !this.finding)}>${text("waiting.find")}</button>
      ${this.filters()}
      ${this.notice.render(error)}
      ${view ? this.list(view) : error === undefined ? html`<p class="quiet">${text("app.loading")}</p>` : nothing}
    `;
  }

  private filters() {
    const { text } = this.transport;
    const { connection, recipient } = this.wanted;
    const place = this.places.find((one) => one.id === connection);
    const option = (value: string, label: string, chosen = "") => html`<option value=${value} ?selected=${value === chosen}>${label}</option>`;
    const pick = (name: string) => (event: Event) => this.look({ [name]: (event.target as HTMLSelectElement).value || undefined });
    const pickTime = (event: Event) => this.look({ hours: Number((event.target as HTMLSelectElement).value) || undefined });
    return html`<div class="bar filters ${this.finding ? "open" : ""}" role="search" @bach-done=${this.notice.show}>
      <label>${text("waiting.connection")}
        <select @change=${(event: Event) => this.look({ connection: (event.target as HTMLSelectElement).value || undefined, recipient: undefined })}>
          ${option("", text("waiting.all"))} ${this.places.map(({ id, title }) => option(id, title, connection))}
        </select>
      </label>
      <label>${text("waiting.recipient")}
        <select ?disabled=${!place} @change=${pick("recipient")}>
          ${option("", text("waiting.all"))} ${place?.recipients.map(({ id, title }) => option(id, title, recipient))}
        </select>
      </label>
      <label>${text("waiting.state")}
        <select @change=${pick("state")}>
          ${option("", text("waiting.all"))} ${option("person", text("waiting.person"))} ${option("waiting", text("waiting.waiting"))}
        </select>
      </label>
      <label>${text("waiting.time")}
        <select @change=${pickTime}>
          ${option("", text("waiting.any_time"))} ${option("1", text("waiting.hour"))}
          ${option("24", text("waiting.day"))} ${option("168", text("waiting.week"))}
        </select>
      </label>
      <label>${text("waiting.text")} <input type="search" @input=${this.typed} /></label>
    </div>`;
  }

  private list(view: WaitingView) {
    const { text } = this.transport;
    const number = /^#?([1-9]\d{0,17})$/.exec(this.wanted.text?.trim() ?? "")?.[1];
    const chosen = view.rows.filter((row) => this.chosen.has(row.id));
    return html`
      ${chosen.length > 1
        ? html`<div class="bar" @bach-done=${this.notice.show}>
            ${text("waiting.chosen", { count: chosen.length })}
            <bach-message-actions .transport=${this.transport} .rows=${chosen}></bach-message-actions>
          </div>`
        : nothing}
      ${number ? html`<p>${link(`/message/${number}`, text("message.title", { id: number }))}</p>` : nothing}
      ${view.rows.length ? this.table(view.rows, chosen.length) : this.empty(view)}
      <div class="bar">
        ${this.pages.length ? html`<button @click=${() => this.turn(this.pages.slice(0, -1))}>${text("waiting.newer")}</button>` : nothing}
        ${view.older === null
          ? nothing
          : html`<button @click=${() => this.turn([...this.pages, view.older!])}>${text("waiting.older")}</button>`}
      </div>
    `;
  }

  private table(rows: readonly Row[], chosen: number) {
    const { text } = this.transport;
    const all = (event: Event) => (this.chosen = new Set((event.target as HTMLInputElement).checked ? rows.map((row) => row.id) : []));
    return html`<table role="table" class=${rows.length === 1 ? "one" : ""} @bach-done=${this.notice.show}>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            <label>
              <input type="checkbox" aria-label=${text("waiting.choose_all")} .checked=${chosen === rows.length} @change=${all} />
              <span>${text("waiting.choose_all")}</span>
            </label>
          </th>
          <th role="columnheader" scope="col">${text("waiting.message")}</th>
          <th role="columnheader" scope="col">${text("waiting.to")}</th>
          <th role="columnheader" scope="col">${text("waiting.why")}</th>
          <th role="columnheader" scope="col">${text("waiting.since")}</th>
          <th role="columnheader" scope="col">${text("waiting.actions")}</th>
        </tr>
      </thead>
      <tbody role="rowgroup">${repeat(rows, (row) => row.id, (row) => this.row(row))}</tbody>
    </table>`;
  }

  private row(row: Row) {
    const { transport } = this;
    const said = words(transport, row);
    const choose = (event: Event) => {
      const chosen = new Set(this.chosen);
      if ((event.target as HTMLInputElement).checked) chosen.add(row.id);
      else chosen.delete(row.id);
      this.chosen = chosen;
    };
    return html`<tr role="row" data-id=${row.id}>
      <td role="cell">
        <input
          type="checkbox"
          aria-label=${transport.text("waiting.choose", { words: said })}
          .checked=${this.chosen.has(row.id)}
          @change=${choose}
        />
      </td>
      <td role="cell" class="message">${link(`/message/${row.id}`, said)}</td>
      <td role="cell">${row.recipient_title}<br /><span class="quiet">${row.connection_title}</span></td>
      <td role="cell" class="why">
        <span class="state ${needsPerson(row) ? "needs-person" : ""}">${state(transport, row)}</span>
        <p>${reason(transport, row)}</p>
        <p class="quiet">${advice(transport, row)}</p>
      </td>
      <td role="cell">${time(transport.locale, row.created_at)}</td>
      <td role="cell"><bach-message-actions .transport=${transport} .rows=${[row]}></bach-message-actions></td>
    </tr>`;
  }

  private empty(view: WaitingView) {
    const { text } = this.transport;
    const isFiltered = Object.values(this.wanted).some((one) => one !== undefined);
    return html`<p class="card">${text(view.older !== null ? "waiting.not_yet" : isFiltered ? "waiting.not_found" : "waiting.empty")}</p>`;
  }

  private look(wanted: { [Name in keyof Waiting["wanted"]]: Waiting["wanted"][Name] | undefined }): void {
    this.wanted = { ...this.wanted, ...wanted } as Waiting["wanted"];
    this.turn([]);
  }

  private turn(pages: readonly number[]): void {
    this.pages = pages;
    this.chosen = new Set();
    void this.live.refresh();
  }

  private typed = (event: Event): void => {
    const text = (event.target as HTMLInputElement).value || undefined;
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.look({ text }), TYPED);
  };
}

if (!customElements.get("bach-waiting")) customElements.define("bach-waiting", Waiting);
