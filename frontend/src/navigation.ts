/** The pages of the app, with the number of messages that need a person; whoever stands around it is told of that as well. */

import { LitElement, css, html } from "lit";
import { link } from "./events.ts";
import { Live } from "./live.ts";
import { styles } from "./styles.ts";
import type { TextKey, Transport } from "./transport.ts";
import type { CountsView } from "./views.ts";

export class Navigation extends LitElement {
  static override styles = [
    styles,
    css`
      :host {
        min-width: 0;
        color: inherit;
      }
      nav {
        display: flex;
        overflow: auto hidden; /* on a phone they are wider than it */
        scrollbar-width: none;
      }
      a {
        display: inline-flex;
        align-items: center;
        min-height: 44px;
        padding: 0 12px;
        text-decoration: none;
        white-space: nowrap;
      }
      a:focus-visible {
        outline-offset: -2px;
      }
      a[aria-current] {
        box-shadow: inset 0 -3px var(--primary-color, CanvasText);
        font-weight: 500;
      }
      .unseen {
        position: absolute;
        overflow: hidden;
        width: 1px;
        height: 1px;
        clip-path: inset(50%);
        white-space: nowrap;
      }
    `,
  ];
  static override properties = {
    transport: { attribute: false },
    path: { attribute: false },
  };

  declare transport: Transport;
  declare path: string;

  /** What the row looked like when the page that is open was brought into sight. */
  private laidOut = "";
  private live = new Live<CountsView>(this, () => this.transport.call("bach/panel/counts"));

  override render() {
    const { text } = this.transport;
    return html`<nav aria-label=${text("app.pages")}>
      ${PAGES.map(([path, title]) => link(path, path === "/" ? this.waiting() : text(title), this.isAt(path)))}
    </nav>`;
  }

  override updated(): void {
    const laidOut = `${this.path} ${this.needed()}`;
    if (laidOut !== this.laidOut) this.renderRoot.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.laidOut = laidOut; // else nobody could move the row while things go on
    const { view } = this.live;
    if (view) this.dispatchEvent(new CustomEvent("bach-counted", { detail: this.needed() ?? 0, bubbles: true, composed: true }));
  }

  private waiting() {
    const { text } = this.transport;
    const count = this.needed();
    return count
      ? html`${text("app.waiting")}&nbsp;<span aria-hidden="true">(${count})</span><span class="unseen">(${text("app.need_you", { count })})</span>`
      : text("app.waiting");
  }

  /** Messages that need a person, and alarms that nobody has acknowledged. */
  private needed(): number | undefined {
    const counts = this.live.view?.counts;
    return counts ? counts.needs_person + counts.alarms : undefined;
  }

  private isAt(path: string): boolean {
    return path === this.path || (path !== "/" && this.path.startsWith(`${path}/`));
  }
}

const PAGES: readonly [string, TextKey][] = [
  ["/", "app.waiting"],
  ["/chat", "chat.title"],
  ["/connections", "connections.title"],
  ["/bridges", "bridges.title"],
  ["/household", "household.title"],
];

if (!customElements.get("bach-navigation")) customElements.define("bach-navigation", Navigation);
