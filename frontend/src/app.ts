/** The app: the bar on top, what is to be said about the connection, and the page that the path names. */

import { LitElement, css, html, nothing } from "lit";
import "./alarms.ts";
import "./connections.ts";
import "./conversations.ts";
import "./household.ts";
import "./message.ts";
import "./navigation.ts";
import { styles } from "./styles.ts";
import type { Transport } from "./transport.ts";
import "./waiting.ts";

declare const BACH_VERSION: string; // of what was built, as the server names it

export class App extends LitElement {
  static override styles = [
    styles,
    css`
      :host {
        min-height: 100%;
        background: var(--primary-background-color, Canvas);
      }
      header {
        display: flex;
        align-items: center;
        flex-wrap: wrap;
        gap: 0 12px;
        min-height: var(--header-height, 56px);
        padding: 6px 16px;
        background: var(--app-header-background-color, Canvas);
        color: var(--app-header-text-color, CanvasText);
      }
      header .leave {
        margin-inline-start: auto;
        border: none;
        background: none;
      }
      header button:not(.leave) {
        width: 44px;
        padding: 10px;
        border: none;
        background: none;
      }
      @media (max-width: 700px) {
        bach-navigation {
          order: 1; /* below the rest, in a row of its own */
          flex-basis: 100%;
        }
      }
      main {
        display: block;
        max-width: 1400px;
        margin: 0 auto;
        padding: 16px;
      }
      .notice {
        margin: 16px 16px 0;
      }
    `,
  ];
  static override properties = {
    transport: { attribute: false },
    path: { attribute: false },
    narrow: { attribute: false },
    served: { attribute: false },
    leave: { attribute: false },
    connected: { state: true },
  };

  declare transport: Transport | undefined;
  /** Where we are: "/", "/message/42". */
  declare path: string;
  declare narrow: boolean;
  /** The version that the server has by now. */
  declare served: string | undefined;
  /** Ends the log-in, where the app has one of its own. */
  declare leave: (() => void) | undefined;
  declare connected: boolean;

  private stopFollowing: (() => void) | undefined;

  constructor() {
    super();
    this.path = "/";
    this.narrow = false;
    this.connected = true;
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("transport")) this.followConnection();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.followConnection();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stopFollowing?.();
  }

  override render() {
    const { transport } = this;
    if (!transport) return nothing; // its texts are on their way
    const message = /^\/message\/([1-9]\d{0,17})$/.exec(this.path);
    return html`
      <header>
        ${this.narrow ? html`<button aria-label=${transport.text("app.menu")} @click=${this.openMenu}>${MENU}</button>` : nothing}
        <h1>BACH</h1>
        <bach-navigation .transport=${transport} .path=${this.path}></bach-navigation>
        ${this.leave ? html`<button class="leave" @click=${this.leave}>${transport.text("page.log_out")}</button>` : nothing}
      </header>
      ${this.connected ? nothing : html`<p class="notice card" role="alert">${transport.text("app.lost")}</p>`}
      ${this.served === undefined || this.served === BACH_VERSION
        ? nothing
        : html`<p class="notice card bar" role="status">
            ${transport.text("app.updated")} <button @click=${() => location.reload()}>${transport.text("app.reload")}</button>
          </p>`}
      <main>
        ${message ? html`<bach-message .transport=${transport} .number=${Number(message[1])}></bach-message>` : this.page(transport)}
      </main>
    `;
  }

  private page(transport: Transport) {
    if (/^\/chat(\/|$)/.test(this.path)) return html`<bach-conversations .transport=${transport} .path=${this.path}></bach-conversations>`;
    if (this.path === "/connections") return html`<bach-connections .transport=${transport}></bach-connections>`;
    if (this.path === "/bridges") {
      void bringBridges();
      return html`<bach-bridges .transport=${transport}></bach-bridges>`;
    }
    if (this.path === "/household") return html`<bach-household .transport=${transport}></bach-household>`;
    if (this.path === "/alarms") return html`<bach-alarms .transport=${transport} .whole=${true}></bach-alarms>`;
    return html`<bach-waiting .transport=${transport}></bach-waiting>`;
  }

  private followConnection(): void {
    this.stopFollowing?.();
    if (this.isConnected) this.stopFollowing = this.transport?.follow((connected) => (this.connected = connected));
  }

  private openMenu(): void {
    this.dispatchEvent(new CustomEvent("bach-menu", { bubbles: true }));
  }
}

/** The page that few ever open loads with itself. Where the line is down that is said above, and tried again once it is back. */
const bringBridges = () => import("./bridges.ts").catch(() => undefined);

const MENU = html`<svg viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" d="M3 6h18v2H3zm0 5h18v2H3zm0 5h18v2H3z" /></svg>`;

declare global {
  interface HTMLElementTagNameMap {
    "bach-app": App;
  }
}
if (!customElements.get("bach-app")) customElements.define("bach-app", App);
