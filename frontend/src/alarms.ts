/** Alarms: what routes tell people, who was told when, and the button for whoever has it. Above what waits, and as a page. */

import { LitElement, css, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { link } from "./events.ts";
import { Live, sentence } from "./live.ts";
import { styles } from "./styles.ts";
import type { TextKey, Transport } from "./transport.ts";
import type { Alarm, AlarmsView } from "./views.ts";
import { time } from "./words.ts";

const STATES: Record<Alarm["status"], TextKey> = {
  under_way: "alarm.under_way",
  acknowledged: "alarm.acknowledged",
  exhausted: "alarm.exhausted",
  cancelled: "alarm.cancelled",
};

/** What comes when it goes on. */
const NEXT: Record<NonNullable<Alarm["next"]> | "none", TextKey> = {
  reminder: "alarm.next_reminder",
  step: "alarm.next",
  none: "alarm.waited_for",
};

export class Alarms extends LitElement {
  static override styles = [
    styles,
    css`
      h2 {
        margin: 0 0 12px;
      }
      article {
        margin: 0 0 16px;
      }
      article p {
        margin: 4px 0 8px;
      }
      article.open {
        border-color: var(--error-color, CanvasText);
        border-inline-start-width: 6px;
      }
      h3 {
        margin: 0 0 4px;
        font-size: 16px;
        font-weight: 500;
      }
      ol {
        margin: 8px 0;
        padding: 0;
        list-style: none;
      }
      .bar {
        margin: 12px 0 0;
      }
      .mine {
        border-color: var(--primary-color, AccentColor);
        background: var(--primary-color, AccentColor);
        color: var(--text-primary-color, AccentColorText);
      }
      .mine:hover:not([disabled]) {
        background: var(--dark-primary-color, AccentColor);
      }
    `,
  ];
  static override properties = {
    transport: { attribute: false },
    whole: { attribute: false },
    pages: { state: true },
    busy: { state: true },
    failed: { state: true },
  };

  declare transport: Transport;
  /** Whether it is the page of all alarms; else those that nobody has acknowledged stand above something else. */
  declare whole: boolean;
  /** Where each page up to this one began; empty: this is the newest. */
  declare pages: readonly number[];
  declare busy: boolean;
  declare failed: string | undefined;

  private live = new Live<AlarmsView>(this, () => {
    const before = this.pages.at(-1);
    return this.transport.call<AlarmsView>("bach/panel/alarms", { ...(this.whole && { whole: true }), ...(before && { before }) });
  });

  constructor() {
    super();
    [this.whole, this.pages, this.busy] = [false, [], false];
  }

  override render() {
    const { text } = this.transport;
    const { view, error } = this.live;
    const rows = view?.rows ?? [];
    const alert = this.failed ?? (this.whole ? error : undefined); // above what waits, that says what is wrong
    const all = view?.any ? html`<p>${link("/alarms", text("alarm.all"))}</p>` : nothing;
    if (!this.whole && !rows.length) return html`<p role="alert">${alert ?? ""}</p>${all}`;
    return html`
      <h2>${text("alarm.title")}</h2>
      <p role="alert">${alert ?? ""}</p>
      ${view && !rows.length ? html`<p class="card">${text("alarm.none")}</p>` : nothing}
      ${repeat(rows, (one) => one.id, (one) => this.alarm(one))}
      ${this.whole ? this.turning(view) : all}
    `;
  }

  private alarm(one: Alarm) {
    const { text, locale } = this.transport;
    const isOpen = one.status === "under_way" || one.status === "exhausted";
    const left = one.told_in_all - one.told.length;
    return html`<article class="card ${isOpen ? "open" : ""}" data-id=${one.id} aria-labelledby="alarm-${one.id}">
      <h3 id="alarm-${one.id}">${one.route}</h3>
      <p class="said">${one.title ? html`<b>${one.title}</b><br />` : nothing}${one.text}</p>
      ${one.files ? html`<p class="quiet">${text("message.files", { count: one.files })}</p>` : nothing}
      ${one.lost.map((reason) => html`<p class="quiet">${reason}</p>`)}
      <span class="state ${isOpen ? "needs-person" : ""}">${this.stands(one)}</span>
      <p class="quiet">
        ${text("alarm.since", { time: time(locale, one.started_at) })}
        ${one.status === "under_way" && one.due_at && one.snoozed_by === null ? text(NEXT[one.next ?? "none"], { time: time(locale, one.due_at) }) : nothing}
        ${isOpen || !one.ended_at ? nothing : text("alarm.ended", { time: time(locale, one.ended_at) })}
      </p>
      <ol aria-label=${text("alarm.told")}>
        ${left ? html`<li class="quiet">${text("alarm.earlier", { count: left })}</li>` : nothing}
        ${one.told.map(({ name, at, message }) => html`<li>${time(locale, at)} ${link(`/message/${message}`, name)}</li>`)}
      </ol>
      ${isOpen
        ? html`<div class="bar">
            <button class="mine" data-action="acknowledge" ?disabled=${this.busy} @click=${() => this.act("acknowledge", one)}>${text("alarm.mine")}</button>
            <button data-action="snooze" ?disabled=${this.busy} @click=${() => this.act("snooze", one)}>${text("alarm.snooze")}</button>
            <button data-action="call_off" ?disabled=${this.busy} @click=${() => this.act("call_off", one)}>${text("alarm.call_off")}</button>
          </div>`
        : nothing}
    </article>`;
  }

  private stands(one: Alarm): string {
    const { text, locale } = this.transport;
    if (one.by !== null) return text("alarm.has_it", { name: one.by });
    if (one.snoozed_by !== null && one.due_at) return text("alarm.snoozed", { name: one.snoozed_by, time: time(locale, one.due_at) });
    return text(STATES[one.status]);
  }

  private turning(view: AlarmsView | undefined) {
    const { text } = this.transport;
    return html`<div class="bar">
      ${this.pages.length ? html`<button @click=${() => this.turn(this.pages.slice(0, -1))}>${text("waiting.newer")}</button>` : nothing}
      ${view?.older ? html`<button @click=${() => this.turn([...this.pages, view.older!])}>${text("waiting.older")}</button>` : nothing}
    </div>`;
  }

  private turn(pages: readonly number[]): void {
    this.pages = pages;
    void this.live.refresh();
  }

  private async act(what: "acknowledge" | "call_off" | "snooze", { id }: Alarm): Promise<void> {
    [this.busy, this.failed] = [true, undefined];
    try {
      await this.transport.call(`bach/panel/${what}`, { run_id: id });
    } catch (error) {
      this.failed = sentence(error);
    } finally {
      this.busy = false;
      await this.live.refresh();
    }
  }
}

if (!customElements.get("bach-alarms")) customElements.define("bach-alarms", Alarms);
