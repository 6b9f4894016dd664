import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connections } from "../src/connections.ts";
import "../src/connections.ts";
import type { Household } from "../src/household.ts";
import "../src/household.ts";
import type { Card } from "../src/views.ts";
import { FakeHome, seen, settled, show } from "./fake.ts";

const works = { state: "connected", fault: null, last_success: 0 } as const;
const card = (more: Partial<Card> = {}): Card => ({
  id: "telegram_1",
  title: "@home_bot",
  link: "/config/bach",
  type: "telegram",
  is_on: true,
  account: "Home",
  sending: works,
  receiving: works,
  queue: { waiting: 2, needs_person: 1 },
  breaker: { state: "closed", failures: 0, until: null },
  counted_since: 0,
  hours: [{ sent: 3, failed: 1, seconds: 0.5 }],
  sent_in_last_minute: 4,
  limit: { count: 30, seconds: 1 },
  ...more,
});

async function open(cards: Card[], answers: ConstructorParameters<typeof FakeHome>[0] = {}) {
  const home = new FakeHome({ connections: () => ({ cards }), ...answers });
  return { home, element: await show<Connections>("bach-connections", { transport: home }) };
}

const press = async (element: Connections, index: number) => {
  element.renderRoot.querySelectorAll<HTMLButtonElement>("article button")[index]!.click();
  await settled(element);
};

test("a card says how both directions stand, what waits, and how much was sent", async () => {
  const { element } = await open([card({ receiving: { state: "auth_failed", fault: "Not let in", last_success: 5 } })]);
  const said = ["@home_bot", "standing.connected", "standing.auth_failed", "Not let in", "waiting.need 1, waiting.wait 2.", "breaker.closed 0", "connections.rate 4"];
  for (const words of said) assert.ok(seen(element).includes(words), words);
  assert.equal(element.renderRoot.querySelectorAll("rect.failed").length, 1);
  assert.equal(element.renderRoot.querySelector<HTMLAnchorElement>(".bar a")!.getAttribute("href"), "/config/bach");
});

test("a connection is called as its platform is, and what carries no messages is reachable or not", async () => {
  const untried = { hours: [{ sent: 0, failed: 0, seconds: null }] };
  const { element } = await open([card({ type: "discord_webhook", ...untried }), card({ id: "2", type: "mcp", queue: null, ...untried }), card({ id: "3", type: "carrier_pigeon" })]);
  const [hook, server, pigeon] = [...element.renderRoot.querySelectorAll("article")].map((one) => one.textContent!);
  assert.ok(hook!.includes("Discord (Webhook) · Home"));
  assert.ok(!hook!.includes("connections.took"), "nothing was tried, so nothing took any time");
  assert.ok(server!.includes("MCP · Home") && server!.includes("connections.reachable") && !server!.includes("connections.sending"));
  assert.ok(pigeon!.includes("carrier_pigeon · Home") && pigeon!.includes("connections.took 0.5"));
});

test("an open breaker says until when, or a person would wait without knowing for what", async () => {
  const { element } = await open([card({ breaker: { state: "open", failures: 5, until: 60 } })]);
  assert.ok(seen(element).includes("breaker.open 5"));
  assert.ok(seen(element).includes("breaker.again Jan 1, 1970"));
  assert.ok(element.renderRoot.querySelector(".circuit.open"));
});

test("what a check found is said on its card, also that it could not be made", async () => {
  let fails = false;
  const check = () => {
    if (fails) throw { message: "Gone" };
    return {
      is_good: false,
      said: "Nobody answers",
      hops: [
        { hop: "dns", is_good: true, seconds: 0.0034 },
        { hop: "tcp", is_good: false, seconds: null },
      ],
    };
  };
  const { home, element } = await open([card()], { check });
  await press(element, 0);
  assert.deepEqual(home.questions("check"), [{ connection: "telegram_1" }]);
  assert.ok(seen(element).includes("connections.bad Nobody answers"));
  assert.ok(seen(element).includes("hop.took hop.dns 3.4"));
  assert.ok(seen(element).includes("hop.ends hop.tcp"));
  assert.ok(seen(element).includes("hop.tcp_advice"));
  fails = true;
  await press(element, 0);
  assert.ok(seen(element).includes("Gone"));
});

test("one that rests can be resumed, and is not asked meanwhile", async () => {
  const { home, element } = await open([card({ is_on: false, sending: { ...works, state: "disabled" } })], { switch: () => ({}) });
  assert.ok(seen(element).includes("standing.paused"));
  assert.ok(element.renderRoot.querySelector<HTMLButtonElement>("article button")!.disabled);
  await press(element, 1);
  assert.deepEqual(home.questions("switch"), [{ connection: "telegram_1", is_on: true }]);
});

test("an AI partner has a card without queue, breaker and charts: it has none of them", async () => {
  const { breaker, hours, limit, sent_in_last_minute, counted_since, ...partner } = card({ queue: null });
  const { element } = await open([partner]);
  assert.equal(element.renderRoot.querySelector("svg"), null);
  assert.ok(!seen(element).includes("connections.receiving"));
});

test("questions, rules and roles are tables, and each that is empty says what will be there", async () => {
  const view = {
    questions: [],
    rules: [{ name: "leak", looks_for: ["water"], more: 3, connection: null, is_active: true, hint: null }],
    rights: [{ connection: "@home_bot", place: "Family", person: "Ada", role: "admin", user: "Ada L." }],
  };
  const home = new FakeHome({ household: () => view });
  const element = await show<Household>("bach-household", { transport: home });
  const said = ["household.no_questions", "leak", "water, household.more 3", "household.everywhere", "Family", "role.admin", "household.as_user Ada L."];
  for (const words of said) assert.ok(seen(element).includes(words), words);
});
