import assert from "node:assert/strict";
import { test } from "node:test";
import { type CardConfig, type HomeCard, draw } from "../src/card.ts";
import { configForm } from "../src/card-form.ts";
import { MOST, dashboard } from "../src/dashboard.ts";
import type { Conversation } from "../src/conversation.ts";
import { liesAt } from "../src/events.ts";
import type { Hass } from "../src/home-transport.ts";
import type { OverviewRow } from "../src/views.ts";
import { FakeHome, seen, settled } from "./fake.ts";
import { place } from "./talk.ts";

const works = { state: "connected", fault: null, last_success: 0 } as const;
const gone = { state: "disconnected", fault: "Nobody answers", last_success: 0 } as const;
const stands = (more: Partial<OverviewRow> = {}): OverviewRow => ({
  id: "telegram_1",
  title: "@home_bot",
  is_on: true,
  sending: works,
  receiving: works,
  queue: { waiting: 0, needs_person: 0, is_more: false },
  ...more,
});

/** Home Assistant, as far as a card knows it. */
function hass(home: FakeHome, more: Partial<Hass> = {}): Hass {
  const localize: Hass["localize"] = (key, values) => home.text(key.replace("component.bach.config_panel.", "") as never, values);
  return {
    connection: {
      connected: true,
      subscribeMessage: (on) => home.subscribe("", () => on(null)),
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
    },
    language: "en",
    locale: { language: "en", time_format: "24", time_zone: "local" },
    config: { time_zone: "UTC" },
    states: {},
  fetchWithAuth: () => Promise.reject(new Error("nothing is fetched")),
  panels: { bach: {} },
    callWS: (message) => home.call((message as { type: string }).type),
    localize,
    loadBackendTranslation: async () => localize,
    ...more,
  };
}

async function show(config: CardConfig, home: FakeHome, more: Partial<Hass> = {}) {
  const outer = Object.assign(document.createElement("div"), { config, hass: hass(home, more) });
  document.body.replaceChildren(outer);
  draw(outer);
  const card = outer.firstElementChild as HomeCard;
  await settled(card);
  const inside = card.shadowRoot!.querySelector(".card")!.firstElementChild!;
  return { outer, card, inside, said: () => (inside.shadowRoot ? seen(inside) : inside.textContent!) };
}

const overview = (...rows: OverviewRow[]) => new FakeHome({ overview: () => ({ rows }) });

test("what is wrong is said first, with the platform's words, and what waits is counted", async () => {
  const home = overview(stands({ sending: gone, queue: { waiting: 3, needs_person: 1, is_more: false } }), stands({ id: "ntfy_1", title: "ntfy" }));
  const { said, inside } = await show({}, home);
  for (const words of ["card.broken @home_bot", "Nobody answers", "card.waits 3", "card.needs_person 1", "standing.connected"]) assert.ok(said().includes(words), words);
  assert.ok(!said().includes("card.all_work"));
  const links = [...inside.shadowRoot!.querySelectorAll("a")].map((one) => one.getAttribute("href"));
  assert.deepEqual(links, ["/bach/", "/bach/", "/bach/?connection=telegram_1"]);
});

test("what cannot be received is wrong as well", async () => {
  const { said } = await show({}, overview(stands({ receiving: gone })));
  assert.ok(said().includes("card.broken @home_bot"));
  assert.ok(said().includes("connections.receiving: standing.disconnected"));
});

test("who may not see the panel gets no links into it, and is told where not all was counted", async () => {
  const { said, inside } = await show({}, overview(stands({ queue: { waiting: 200, needs_person: 0, is_more: true } })), { panels: {} });
  assert.ok(said().includes("card.waits card.at_least 200"));
  assert.equal(inside.shadowRoot!.querySelector("a"), null);
  liesAt("");
});

test("only those that were chosen count, and one that is gone is named", async () => {
  const home = overview(stands({ sending: gone }), stands({ id: "ntfy_1", title: "ntfy" }));
  const { said } = await show({ connections: ["ntfy_1", "signal_1"] }, home);
  assert.ok(said().includes("card.all_work"));
  assert.ok(said().includes("card.gone signal_1"));
  assert.ok(!said().includes("@home_bot"));
});

test("who may see nothing is told so in a sentence", async () => {
  const { said } = await show({}, overview());
  assert.ok(said().includes("card.nothing"));
});

test("a card that was written wrongly says what is wrong", async () => {
  const home = overview();
  const wrong: [CardConfig, string][] = [
    [{ kind: "pie" }, "card.bad_kind pie"],
    [{ kind: "conversation" }, "card.no_entity"],
    [{ kind: "conversation", entity: ["notify.ada"] }, "card.no_entity"],
    [{ connections: "telegram_1" }, "card.bad_connections"],
    [{ connections: [1] }, "card.bad_connections"],
  ];
  for (const [config, words] of wrong) assert.ok((await show(config, home)).said().includes(words), words);
  assert.equal(home.asked.length, 0);
});

test("a conversation is found by its entity, and asked for once", async () => {
  const home = new FakeHome({ conversations: () => ({ places: [place] }), conversation: () => ({ items: [], before: null }) });
  const { inside } = await show({ entity: "notify.ada" }, home);
  assert.equal(inside.shadowRoot!.querySelector<Conversation>("bach-conversation")!.place, place);
  home.change();
  await settled(inside as HomeCard);
  assert.equal(home.questions("conversations").length, 1);
});

test("a conversation that is somebody else's is not shown, and says so", async () => {
  const { said, inside } = await show({ entity: "notify.ben" }, new FakeHome({ conversations: () => ({ places: [place] }) }));
  assert.ok(said().includes("card.not_there"));
  assert.equal(inside.shadowRoot!.querySelector("bach-conversation"), null);
});

test("a card that is taken away hears nothing any more", async () => {
  const home = overview(stands());
  const { outer } = await show({}, home);
  assert.equal(home.hearers.size, 1);
  outer.remove();
  await new Promise(setImmediate);
  assert.equal(home.hearers.size, 0);
});

test("a state of the home that changes does not ask or draw anything", async () => {
  const home = overview(stands());
  const { outer, card } = await show({}, home);
  outer.hass = hass(home);
  await settled(card);
  assert.equal(home.questions("overview").length, 1);
});

test("the form offers what there is, and each kind its own fields", async () => {
  await show({}, overview(stands()));
  const { schema, computeLabel } = await configForm();
  assert.deepEqual(schema.map((one) => one.name), ["kind", "entity", "connections"]);
  assert.deepEqual(schema[2]!.selector, { select: { multiple: true, options: [{ value: "telegram_1", label: "@home_bot" }] } });
  assert.equal(computeLabel(schema[0]!), "card.kind");
});

test("the dashboard has a view for each conversation, in an order that stays", async () => {
  const people = Array.from({ length: MOST + 5 }, (_, number) => ({ ...place, title: `${99 - number}`, entity: `notify.p${number}` }));
  const home = new FakeHome({ conversations: () => ({ places: [...people, { ...place, entity: null }] }) });
  const { views } = (await dashboard(hass(home))) as { views: { title: string; cards?: object[] }[] };
  assert.equal(views.length, MOST + 1);
  assert.deepEqual(views.slice(1, 3).map((view) => view.title), ["80", "81"]);
  assert.deepEqual(views[1]!.cards, [{ type: "custom:bach-card", kind: "conversation", entity: "notify.p19" }]);
});

test("a dashboard that cannot be made says why", async () => {
  const home = new FakeHome({ conversations: () => Promise.reject({ code: "x", message: "Nothing is loaded" }) });
  await assert.rejects(dashboard(hass(home)), new Error("Nothing is loaded"));
});
