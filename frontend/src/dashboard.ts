/** The dashboard that makes itself: how things stand and what waits, and a view for each conversation. */

import type { CardConfig } from "./card.ts";
import { type Hass, atHome } from "./home-transport.ts";
import { sentence } from "./live.ts";
import type { PlaceView } from "./views.ts";

/** Views beside the first, those with the newest messages: more tabs nobody looks through. The panel has them all. */
export const MOST = 20;

export async function dashboard(hass: Hass): Promise<object> {
  const transport = await atHome(hass);
  const { places } = await transport
    .call<{ places: PlaceView[] }>("bach/panel/conversations")
    .catch((error) => Promise.reject(new Error(sentence(error)))); // Home Assistant shows it as it is
  const talks = places.filter((one) => one.entity !== null).slice(0, MOST);
  talks.sort((one, other) => one.title.localeCompare(other.title)); // each keeps its place, whoever wrote last
  return {
    views: [
      {
        title: transport.text("card.state"),
        path: "state",
        icon: "mdi:message-fast-outline",
        type: "sections",
        max_columns: 3,
        sections: [section(1, { kind: "state" }), section(2, { kind: "waiting" })],
      },
      ...talks.map(({ title, entity }) => ({
        title,
        path: entity?.replace("notify.", ""),
        type: "panel",
        cards: [card({ kind: "conversation", entity })],
      })),
    ],
  };
}

const card = (config: CardConfig): object => ({ type: "custom:bach-card", ...config });

const section = (column_span: number, config: CardConfig): object => ({
  type: "grid",
  column_span,
  cards: [{ ...card(config), grid_options: { columns: "full", rows: "auto" } }],
});
