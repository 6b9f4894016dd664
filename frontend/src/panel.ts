/**
 * The shell in Home Assistant: the element that its sidebar opens, around the app.
 *
 * It is built on `hass` and a few events only, none of Home Assistant's own elements: those change with every release.
 * `hass` is a new object at every change of any state, so the app is handed only what concerns it.
 */

import "./app.ts";
import type { App } from "./app.ts";
import { type Hass, atHome, goTo } from "./home-transport.ts";

class Panel extends HTMLElement {
  private readonly app: App = document.createElement("bach-app");
  private language: string | undefined;

  constructor() {
    super();
    this.app.addEventListener("bach-menu", () =>
      this.dispatchEvent(new CustomEvent("hass-toggle-menu", { bubbles: true, composed: true })),
    );
    this.app.addEventListener("bach-go", (event) => goTo((event as CustomEvent<string>).detail));
  }

  connectedCallback(): void {
    this.replaceChildren(this.app);
  }

  set hass(hass: Hass) {
    if (this.language === hass.language) return;
    this.language = hass.language;
    void atHome(hass).then((transport) => (this.app.transport = transport));
  }

  set narrow(narrow: boolean) {
    this.app.narrow = narrow;
  }

  set route(route: { path: string }) {
    this.app.path = route.path || "/";
  }

  set panel(panel: { config?: { version?: string } }) {
    this.app.served = panel.config?.version;
  }
}

if (!customElements.get("bach-panel")) customElements.define("bach-panel", Panel); // after an update the old one stays
