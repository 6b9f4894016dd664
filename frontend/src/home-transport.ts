/** How the app asks where it runs in Home Assistant: by `hass`, which the panel and the cards are handed. */

import { liesAt } from "./events.ts";
import type { Locale, TextKey, Transport, Values } from "./transport.ts";

/** Where the panel is. */
const PANEL = "/bach";

interface Connection {
  readonly connected: boolean;
  subscribeMessage(on: (event: unknown) => void, message: object): Promise<() => void>;
  addEventListener(event: "ready" | "disconnected", on: () => void): void;
  removeEventListener(event: "ready" | "disconnected", on: () => void): void;
}
export interface Hass {
  connection: Connection;
  language: string;
  locale: { language: string; time_format: string; time_zone: string };
  config: { time_zone: string };
  /** Those that this user may see. */
  panels: Record<string, unknown>;
  callWS<R>(message: object): Promise<R>;
  localize(key: string, values?: Values): string;
  loadBackendTranslation(category: string, integration: string): Promise<Hass["localize"]>;
}

const HOURS: Record<string, boolean> = { "12": true, "24": false };

class HomeTransport implements Transport {
  constructor(
    readonly hass: Hass,
    private readonly localize: Hass["localize"],
    private readonly watching: { on_card?: true },
  ) {
    liesAt("bach" in hass.panels ? PANEL : undefined);
  }

  get locale(): Locale {
    const { locale, config } = this.hass;
    return {
      language: locale.language,
      hour12: HOURS[locale.time_format],
      timeZone: locale.time_zone === "server" ? config.time_zone : undefined,
    };
  }

  subscribe(type: string, on: () => void): Promise<() => void> {
    return this.hass.connection.subscribeMessage(on, { type, ...this.watching });
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

/** What was asked for, by language: asked again meanwhile, Home Assistant gives what it has, which is nothing. */
const texts = new Map<string, Promise<Hass["localize"]>>();

/** The transport, once the texts in this person's language are there. The panel's title stands still where it is open. */
export async function atHome(hass: Hass, watching: { on_card?: true } = {}): Promise<Transport> {
  const asked = texts.get(hass.language) ?? hass.loadBackendTranslation("config_panel", "bach");
  texts.set(hass.language, asked);
  try {
    return new HomeTransport(hass, await asked, watching);
  } catch (error) {
    texts.delete(hass.language);
    throw error;
  }
}

/** Go to a path of the app, in the panel. */
export function goTo(path: string): void {
  history.pushState(null, "", PANEL + path);
  window.dispatchEvent(new CustomEvent("location-changed"));
}
