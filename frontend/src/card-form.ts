/** The form by which a card is set up without YAML. Home Assistant draws it. */

import { type CardKind, home } from "./card.ts";
import type { TextKey } from "./transport.ts";
import type { OverviewRow } from "./views.ts";

interface Field {
  name: string;
  required?: boolean;
  selector: object;
  visible?: object;
}

const KINDS: Record<CardKind, TextKey> = {
  conversation: "card.conversation",
  state: "card.state",
  waiting: "card.waiting",
};
const LABELS: Record<string, TextKey> = { kind: "card.kind", entity: "card.entity", connections: "card.connections" };
/** Shown unless another kind is chosen: of a card whose kind is not written down, both are. */
const unless = (...kinds: CardKind[]): object => ({ field: "kind", operator: "not_in", value: kinds });

export async function configForm() {
  const { call, text } = await home.then((one) => ({ call: one.call.bind(one), text: one.text }));
  const asked = call<{ rows: OverviewRow[] }>("bach/panel/overview");
  const { rows } = await asked.catch(() => ({ rows: [] })); // the card itself says why it cannot be asked
  const kinds = Object.entries(KINDS).map(([value, key]) => ({ value, label: text(key) }));
  const connections = rows.map(({ id, title }) => ({ value: id, label: title }));
  const schema: Field[] = [
    { name: "kind", required: true, selector: { select: { mode: "dropdown", options: kinds } } },
    {
      name: "entity",
      required: true,
      visible: unless("state", "waiting"),
      selector: { entity: { filter: { integration: "bach", domain: "notify" } } },
    },
    {
      name: "connections",
      visible: unless("conversation", "waiting"),
      selector: { select: { multiple: true, options: connections } },
    },
  ];
  return {
    schema,
    computeLabel: ({ name }: Field) => (LABELS[name] ? text(LABELS[name]) : undefined), // those of Home Assistant it names itself
    computeHelper: ({ name }: Field) => (name === "connections" ? text("card.choose_none") : undefined),
  };
}
