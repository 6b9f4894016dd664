/** How the app asks where it runs in Home Assistant: by `hass`, which the panel and the cards are handed. */

import { liesAt } from "./events.ts";
import { told } from "./sentences.ts";
import { phrase } from "./texts.ts";
import { type Locale, type TextKey, type Transport, type Values, post } from "./transport.ts";

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
  /** Those that this user may read. */
  states: Record<string, { entity_id: string; attributes: { friendly_name?: string } }>;
  callWS<R>(message: object): Promise<R>;
  fetchWithAuth(path: string, init?: RequestInit): Promise<Response>;
  localize(key: string, values?: Values): string;
  loadBackendTranslation(category: string, integration: string): Promise<Hass["localize"]>;
}

/** How Home Assistant says no. */
interface Refusal {
  translation_domain?: string;
  translation_key?: string;
  translation_placeholders?: Values;
}

const HOURS: Record<string, boolean> = { "12": true, "24": false };

/** As of now: `hass` is a new object at every change of any state. */
let states: Hass["states"] = {};

/** Whoever is handed `hass` hands it on. */
export const know = (hass: Hass): void => void (states = hass.states);

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
    return this.hass.callWS<R>({ type, ...data }).then(
      (answer) => told(answer, this.say),
      (error: Refusal) => Promise.reject(this.refused(error)),
    );
  }

  /** What an error says that has a text of ours. */
  private refused(error: Refusal): unknown {
    const { translation_domain: domain, translation_key: key, translation_placeholders: values } = error;
    const said = domain === "bach" && key ? this.say(key, values ?? {}) : "";
    return said ? new Error(said) : error;
  }

  private readonly say = (key: string, values: Values): string => this.localize(`component.bach.exceptions.${key}.message`, values);

  upload<R>(data: object, files: readonly File[]): Promise<R> {
    return post((init) => this.hass.fetchWithAuth("/api/bach/panel/write", init), data, files);
  }

  cameras(): { id: string; title: string }[] {
    const found = Object.values(states).filter((one) => one.entity_id.startsWith("camera."));
    return found.map((one) => ({ id: one.entity_id, title: one.attributes.friendly_name ?? one.entity_id }));
  }

  async snapshot(camera: string): Promise<Blob> {
    const answer = await this.hass.fetchWithAuth(`/api/camera_proxy/${camera}`);
    if (!answer.ok) throw new Error(this.text("chat.no_picture"));
    return answer.blob();
  }

  readonly text = (key: TextKey, values: Values = {}): string =>
    phrase((one, said) => this.localize(`component.bach.config_panel.${one}`, said), key, values, this.hass.locale.language);

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
  know(hass);
  const asked = texts.get(hass.language) ?? loaded(hass);
  texts.set(hass.language, asked);
  try {
    return new HomeTransport(hass, await asked, watching);
  } catch (error) {
    texts.delete(hass.language);
    throw error;
  }
}

/** The texts of the panel, and those of what the library says; each load gives all that are there. */
async function loaded(hass: Hass): Promise<Hass["localize"]> {
  await hass.loadBackendTranslation("exceptions", "bach");
  return hass.loadBackendTranslation("config_panel", "bach");
}

/** Go to a path of the app, in the panel. */
export function goTo(path: string): void {
  history.pushState(null, "", PANEL + path);
  window.dispatchEvent(new CustomEvent("location-changed"));
}
