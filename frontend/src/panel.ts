/**
 * The shell in Home Assistant: the element that its sidebar opens, around the app.
 *
 * It is built on `hass` and a few events only, none of Home Assistant's own elements: those change with every release.
 * `hass` is a new object at every change of any state, so the app is handed only what concerns it.
 */

import "./app.ts";
import type { App } from "./app.ts";
import type { Locale, TextKey, Transport, Values } from "./transport.ts";

interface Connection {
  readonly connected: boolean;
  subscribeMessage(on: (event: unknown) => void, message: object): Promise<() => void>;
  addEventListener(event: "ready" | "disconnected", on: () => void): void;
  removeEventListener(event: "ready" | "disconnected", on: () => void): void;
}
interface Hass {
  connection: Connection;
  language: string;
  locale: { language: string; time_format: string; time_zone: string };
  config: { time_zone: string };
  callWS<R>(message: object): Promise<R>;
  localize(key: string, values?: Values): string;
  loadBackendTranslation(category: string, integration: string): Promise<unknown>;
}

const HOURS: Record<string, boolean> = { "12": true, "24": false };

class HomeTransport implements Transport {
  constructor(
    readonly hass: Hass,
    private readonly localize: Hass["localize"],
  ) {}

  get locale(): Locale {
    const { locale, config } = this.hass;
    return {
      language: locale.language,
      hour12: HOURS[locale.time_format],
      timeZone: locale.time_zone === "server" ? config.time_zone : undefined,
    };
  }

  subscribe(type: string, on: () => void): Promise<() => void> {
    return this.hass.connection.subscribeMessage(on, { type });
  }

  call<R>(type: string, data?: object): Promise<R> {
    return this.hass.callWS<R>({ type, ...data });
  }

  readonly text = (key: TextKey, values?: Values): string =>
    this.localize(`component.bach.config_panel.${key}`, values);

  follow(on: (connected: boolean) => void): () => void {
    const { connection } = this.hass;
    const [ready, lost] = [() => on(true), () => on(false)];
    connection.addEventListener("ready", ready);
    connection.addEventListener("disconnected", lost);
    return () => {
      connection.removeEventListener("ready", ready);
      connection.removeEventListener("disconnected", lost);
    };
  }
}

class Panel extends HTMLElement {
  private readonly app: App = document.createElement("bach-app");
  private base = "/bach";
  private language: string | undefined;

  constructor() {
    super();
    this.app.addEventListener("bach-menu", () =>
      this.dispatchEvent(new CustomEvent("hass-toggle-menu", { bubbles: true, composed: true })),
    );
    this.app.addEventListener("bach-go", (event) => {
      history.pushState(null, "", this.base + (event as CustomEvent<string>).detail);
      window.dispatchEvent(new CustomEvent("location-changed"));
    });
  }

  connectedCallback(): void {
    this.replaceChildren(this.app);
  }

  set hass(hass: Hass) {
    if (this.language === hass.language) return;
    this.language = hass.language;
    void hass.loadBackendTranslation("config_panel", "bach").then((localize) => {
      this.app.transport = new HomeTransport(hass, typeof localize === "function" ? (localize as Hass["localize"]) : hass.localize);
    });
  }

  set narrow(narrow: boolean) {
    this.app.narrow = narrow;
  }

  set route(route: { prefix: string; path: string }) {
    this.base = route.prefix;
    this.app.path = route.path || "/";
  }

  set panel(panel: { config?: { version?: string } }) {
    this.app.served = panel.config?.version;
  }
}

if (!customElements.get("bach-panel")) customElements.define("bach-panel", Panel); // after an update the old one stays
