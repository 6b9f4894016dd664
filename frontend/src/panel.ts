/**
 * The shell in Home Assistant: the element that its sidebar opens, around the app.
 *
 * It is built on `hass` and a few events only, none of Home Assistant's own elements: those change with every release.
 * `hass` is a new object at every change of any state, so the app is handed only what concerns it.
 */

import "./app.ts";
import type { App } from "./app.ts";
import { type Hass, atHome, goTo, know } from "./home-transport.ts";

/** It outlives its shell, which Home Assistant builds anew when the title changes: what somebody has typed stays. */
const app: App = document.createElement("bach-app");
let language: string | undefined;

class Panel extends HTMLElement {
  constructor() {
    super();
    this.addEventListener("bach-menu", () =>
      this.dispatchEvent(new CustomEvent("hass-toggle-menu", { bubbles: true, composed: true })),
    );
    this.addEventListener("bach-go", (event) => goTo((event as CustomEvent<string>).detail));
  }

  connectedCallback(): void {
    this.replaceChildren(app);
  }

  set hass(hass: Hass) {
    know(hass);
    if (language === hass.language) return;
    language = hass.language;
    void atHome(hass).then((transport) => (app.transport = transport));
  }

  set narrow(narrow: boolean) {
    app.narrow = narrow;
  }

  set route(route: { path: string }) {
    app.path = route.path || "/";
  }

  set panel(panel: { config?: { version?: string } }) {
    app.served = panel.config?.version;
  }
}

if (!customElements.get("bach-panel")) customElements.define("bach-panel", Panel); // after an update the old one stays
