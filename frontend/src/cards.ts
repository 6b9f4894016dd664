/** What the loader brings when a card or the dashboard is wanted. */

export { type CardConfig, draw } from "./card.ts";
export { configForm } from "./card-form.ts";
export { dashboard } from "./dashboard.ts";
export type { Hass } from "./home-transport.ts";
