/** The page "Bridges": what comes in at one place goes out at others; how that goes, and what can be done about it. */

import { LitElement, css, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import "./bridge-form.ts";
import { link } from "./events.ts";
import { Live, sentence } from "./live.ts";
import { styles } from "./styles.ts";
import type { TextKey, Transport } from "./transport.ts";
import { ALONG, type BridgesView, type BridgeView } from "./views.ts";
import { amount, time } from "./words.ts";

const GOES: Record<(typeof ALONG)[number], TextKey> = {
  with_name: "bridges.along_with_name",
  files: "bridges.along_files",
  edits: "bridges.along_edits",
  deletions: "bridges.along_deletions",
};
const REASONS: Record<NonNullable<BridgeView["sides"][number]["reason"]>, TextKey> = {
  too_old: "bridges.reason_too_old",
  too_many: "bridges.reason_too_many",
  echo: "bridges.reason_echo",
  empty: "bridges.reason_empty",
  refused: "bridges.reason_refused",
};

export class Bridges extends LitElement {
  static override styles = [
    styles,
    css`
      article {
        display: grid;
        gap: 8px;
        max-width: 800px;
        margin: 16px 0;
        overflow-wrap: anywhere;
      }
      p,
      h3 {
        margin: 0;
      }
      h3 {
        font-size: 16px;
        font-weight: 500;
      }
    `,
  ];
  static override properties = {
    transport: { attribute: false },
    open: { state: true },
    asked: { state: true },
    busy: { state: true },
    failed: { state: true },
  };

  declare transport: Transport;
  /** What stands in the form that is open: a bridge, or a new one. */
  declare open: BridgeView | "new" | undefined;
  /** The one that somebody wants to remove. */
  declare asked: string | undefined;
  declare busy: boolean;
  declare failed: string | undefined;

  private live = new Live<BridgesView>(this, () => this.transport.call("bach/panel/bridges"));

  override render() {
    const { text } = this.transport;
    const { view, error } = this.live;
    return html`
      <div class="bar">
        <h2>${text("bridges.title")}</h2>
        ${view ? html`<button data-add @click=${() => (this.open = "new")}>${text("bridges.add")}</button>` : nothing}
      </div>
      <p role="alert">${this.failed ?? error ?? ""}</p>
      ${view
        ? view.bridges.length
          ? repeat(view.bridges, (one) => one.name, (one) => this.bridge(one))
          : html`<p class="card">${text("bridges.empty")}</p>`
        : error === undefined
          ? html`<p class="quiet">${text("app.loading")}</p>`
          : nothing}
      ${this.open
        ? html`<bach-bridge-form
            .transport=${this.transport}
            .bridge=${this.open === "new" ? undefined : this.open}
            .named=${view?.named ?? false}
            @bach-saved=${this.saved}
            @close=${() => (this.open = undefined)}
          ></bach-bridge-form>`
        : nothing}
    `;
  }

  private bridge(one: BridgeView) {
    const { text } = this.transport;
    const id = `bridge-${one.name}`;
    const button = (title: string, press: () => void) =>
      html`<button aria-describedby=${id} ?disabled=${this.busy} @click=${press}>${title}</button>`;
    return html`<article class="card" data-bridge=${one.name} aria-labelledby=${id}>
      <h3 id=${id}>${one.title}</h3>
      <p>${this.leads(one)}</p>
      <span class="state">${text(one.is_active ? "bridges.works" : "bridges.rests")}</span>
      <p class="quiet">${this.along(one)}</p>
      ${one.is_active ? this.carried(one) : nothing} ${[one.source, ...one.targets].map((place) => this.waits(place))}
      ${this.asked === one.name
        ? html`<div class="bar" role="group" aria-label=${text("bridges.sure")}>
            <span>${text("bridges.sure")}</span>
            ${button(text("bridges.remove"), () => this.act("remove_bridge", { name: one.name }))}
            ${button(text("ask.back"), () => (this.asked = undefined))}
          </div>`
        : html`<div class="bar">
            ${button(text(one.is_active ? "bridges.pause" : "bridges.resume"), () => this.act("switch_bridge", { name: one.name, is_on: !one.is_active }))}
            ${button(text("bridges.change"), () => (this.open = one))}
            ${button(text("bridges.remove"), () => (this.asked = one.name))}
          </div>`}
    </article>`;
  }

  private leads(one: BridgeView): string {
    const { text } = this.transport;
    const [source, ...targets] = [one.source, ...one.targets].map((place) => `${place.recipient_title} (${place.connection_title})`);
    return one.both_ways
      ? text("bridges.both_ways", { names: [source, ...targets].join(", ") })
      : text("bridges.one_way", { source: source!, targets: targets.join(", ") });
  }

  private along(one: BridgeView): string {
    const { text } = this.transport;
    const what = ALONG.filter((name) => one[name]).map((name) => text(GOES[name]));
    return what.length ? text("bridges.along", { what: what.join(", ") }) : text("bridges.only_words");
  }

  /** How much went over, and what did not, of all its directions; it is counted anew when it begins again. */
  private carried({ sides }: BridgeView) {
    const { text, locale } = this.transport;
    const sum = (name: "carried" | "left_out"): number => sides.reduce((all, side) => all + side[name], 0);
    const last = Math.max(0, ...sides.map((side) => side.carried_at ?? 0));
    const [why] = sides.filter((side) => side.reason).sort((a, b) => (b.left_out_at ?? 0) - (a.left_out_at ?? 0));
    return html`
      <p>${text("bridges.carried", { count: amount(locale, sum("carried")) })} ${last ? text("bridges.last", { time: time(locale, last) }) : nothing}</p>
      ${why?.reason
        ? html`<p>
            ${text("bridges.left_out", { count: amount(locale, sum("left_out")), reason: text(REASONS[why.reason]) })}
            ${why.left_out_at === null ? nothing : html`<span class="quiet">${text("bridges.last", { time: time(locale, why.left_out_at) })}</span>`}
          </p>`
        : nothing}
    `;
  }

  private waits(place: BridgeView["source"]) {
    const { text } = this.transport;
    if (!place.waiting && place.trouble === null) return nothing;
    const path = `/?connection=${encodeURIComponent(place.connection)}`;
    return html`<p>
      <span class="state needs-person">${place.recipient_title} (${place.connection_title})</span>
      ${place.waiting ? link(path, text("bridges.waits", { count: place.waiting })) : nothing} ${place.trouble ?? nothing}
    </p>`;
  }

  private saved = (): void => {
    this.open = undefined;
    void this.live.refresh();
  };

  private async act(what: "remove_bridge" | "switch_bridge", data: object): Promise<void> {
    [this.busy, this.failed] = [true, undefined];
    try {
      await this.transport.call(`bach/panel/${what}`, data);
      this.asked = undefined;
    } catch (error) {
      this.failed = sentence(error);
    } finally {
      this.busy = false;
      await this.live.refresh();
    }
  }
}

if (!customElements.get("bach-bridges")) customElements.define("bach-bridges", Bridges);
