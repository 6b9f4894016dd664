/**
 * What every page of Home Assistant loads for everybody: it names the card and the dashboard of BACH, and brings the rest
 * when one of them is wanted. So it is a kilobyte at most, and has no texts that could be translated.
 *
 * While it starts, Home Assistant may replace the registry of elements: one that was defined before is found by nobody.
 */

import type { CardConfig, Hass } from "./cards.ts";

interface Home extends Hass {
  entities: Record<string, { platform?: string }>;
}

const bring = () => import("./cards.ts");

class Card extends HTMLElement {
  declare config: CardConfig;

  static getStubConfig() {
    return { kind: "state" };
  }
  static getConfigForm() {
    return bring().then(({ configForm }) => configForm());
  }

  setConfig(config: CardConfig): void {
    this.config = config;
    bring().then(
      ({ draw }) => draw(this),
      () => (this.textContent = "BACH was updated. Reload!"), // its files are others now
    );
  }
  getCardSize() {
    return this.config.entity ? 10 : 4;
  }
  getGridOptions() {
    return { min_columns: 6, ...(this.config.entity ? { rows: 8, min_rows: 5 } : {}) };
  }
}

class Dashboard extends HTMLElement {
  static generate(_: unknown, hass: Hass) {
    return bring().then(({ dashboard }) => dashboard(hass));
  }
}

const page = window as unknown as Record<string, object[] | undefined>;
const named = { name: "BACH", description: "Conversations, and how your connections stand" };
(page["customCards"] ??= []).push({
  ...named,
  type: "bach-card",
  preview: true,
  getEntitySuggestion: ({ entities }: Home, entity: string) =>
    /^notify/.test(entity) && entities[entity]?.platform === "bach" ? { config: { type: "custom:bach-card", entity } } : null,
});
(page["customStrategies"] ??= []).push({ ...named, type: "bach", strategyType: "dashboard" });

void customElements.whenDefined("home-assistant").then(() => {
  const registry = customElements;
  if (registry.get("bach-card")) return;
  registry.define("bach-card", Card);
  registry.define("ll-strategy-dashboard-bach", Dashboard);
});
