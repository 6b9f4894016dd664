import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageActions } from "../src/message-actions.ts";
import type { Waiting } from "../src/waiting.ts";
import "../src/waiting.ts";
import { FakeHome, row, seen, settled, show } from "./fake.ts";

const PLACES = { places: [{ id: "telegram_1", title: "@home_bot", recipients: [{ id: "42", title: "Ada" }] }] };
const page = (rows = [row()], older: number | null = null) => ({ rows, older, counts: { waiting: 0, needs_person: rows.length, alarms: 0 } });

async function open(answers: ConstructorParameters<typeof FakeHome>[0]) {
  const home = new FakeHome({ alarms: () => ({ rows: [], older: null, any: false }), places: () => PLACES, waiting: () => page(), ...answers });
  return { home, element: await show<Waiting>("bach-waiting", { transport: home }) };
}

const actions = (element: Waiting): MessageActions[] => [...element.renderRoot.querySelectorAll<MessageActions>("bach-message-actions")];
const press = async (element: MessageActions, action: string) => {
  element.renderRoot.querySelector<HTMLButtonElement>(`[data-action=${action}]`)!.click();
  await settled(element);
};

test("what is for later is counted, and does not wait for anybody", async () => {
  const counts = { waiting: 0, scheduled: 3, needs_person: 0, alarms: 0 };
  const { element } = await open({ waiting: () => ({ rows: [], older: null, counts }) });
  assert.equal(element.renderRoot.querySelector("[data-counts]")!.textContent, "waiting.need 0, waiting.wait 0, waiting.later 3.");
});
const choose = async (element: Waiting, index: number, value: string) => {
  const select = element.renderRoot.querySelectorAll("select")[index]!;
  select.value = value;
  select.dispatchEvent(new Event("change"));
  await settled(element);
};

test("a dead letter is listed with its words, its reason and what to do", async () => {
  const { element } = await open({});
  for (const words of ["hello", "Ada", "@home_bot", "state.dead", "Chat not found", "advice.dead"]) assert.ok(seen(element).includes(words), words);
});

test("what is scheduled says until when it waits, and can be sent now: it would look stuck", async () => {
  const { home, element } = await open({
    waiting: () => page([row({ status: "pending", error: null, scheduled_for: 1_800_000_000, can: ["send_now", "amend", "cancel"] })]),
    act: () => ({ sent: 1, waiting: 0, failed: 0, ended: 0, refused: [] }),
  });
  for (const words of ["state.scheduled", "reason.scheduled"]) assert.ok(seen(element).includes(words), words);
  await press(actions(element)[0]!, "send_now");
  assert.deepEqual(home.asked.filter((one) => one.type === "act").map((one) => one.data.what), ["send_now"]);
});

test("what quiet hours hold says so, and until when: it would look like somebody's wish", async () => {
  const { element } = await open({
    waiting: () => page([row({ status: "pending", error: "Quiet until 07:00.", scheduled_for: 1_800_000_000, can: ["send_now"] })]),
  });
  for (const words of ["Quiet until 07:00.", "reason.scheduled"]) assert.ok(seen(element).includes(words), words);
});

test("a text is shown as it is: a stranger's markup would run as an administrator", async () => {
  const { element } = await open({ waiting: () => page([row({ text: "<img src=x onerror=alert(1)>" })]) });
  assert.ok(seen(element).includes("<img src=x"));
  assert.equal(element.renderRoot.querySelector("img"), null);
});

test("filters are asked for, and only those that are set", async () => {
  const { home, element } = await open({});
  await choose(element, 0, "telegram_1");
  await choose(element, 1, "42");
  await choose(element, 2, "person");
  assert.deepEqual(home.questions("waiting").at(-1), { connection: "telegram_1", recipient: "42", state: "person" });
  await choose(element, 0, "");
  assert.deepEqual(home.questions("waiting").at(-1), { state: "person" });
});

test("older pages are asked for by where they begin, and one gets back", async () => {
  const { home, element } = await open({ waiting: ({ before }) => page([row({ id: before ? 3 : 9 })], before ? null : 9) });
  const buttons = () => [...element.renderRoot.querySelectorAll<HTMLButtonElement>("button")];
  buttons().find((one) => one.textContent!.includes("older"))!.click();
  await settled(element);
  assert.deepEqual(home.questions("waiting").at(-1), { before: 9 });
  buttons().find((one) => one.textContent!.includes("newer"))!.click();
  await settled(element);
  assert.deepEqual(home.questions("waiting").at(-1), {});
});

test("what became of a retry is said, and the table is asked for anew", async () => {
  const { home, element } = await open({ act: () => ({ sent: 1, waiting: 0, failed: 0, ended: 0, refused: [] }) });
  await press(actions(element)[0]!, "retry");
  await settled(element);
  assert.deepEqual(home.questions("act"), [{ what: "retry", ids: [7] }]);
  assert.ok(element.renderRoot.querySelector("[role=status]")!.textContent!.includes("done.sent 1"));
  assert.equal(home.questions("waiting").length, 2);
});

const ENDED = { sent: 0, waiting: 0, failed: 0, ended: 1, refused: [] };
const undo = (element: Waiting) => element.renderRoot.querySelector<HTMLButtonElement>("[data-undo]");

test("one is discarded at once, and what was done can be undone: a slip at night costs nothing", async () => {
  const { home, element } = await open({ act: () => ENDED });
  await press(actions(element)[0]!, "discard");
  await settled(element);
  assert.deepEqual(home.questions("act"), [{ what: "discard", ids: [7] }]);
  undo(element)!.click();
  await settled(element);
  assert.deepEqual(home.questions("act").at(-1), { what: "undo", ids: [7] });
  assert.ok(element.renderRoot.querySelector("[role=status]")!.textContent!.includes("done.undone"));
  assert.equal(undo(element), null);
});

test("what cannot be undone any more is told so: else somebody would believe that the alarm is there again", async () => {
  const late = { ...ENDED, ended: 0, refused: [{ id: 7, reason: "It is too late." }] };
  const { element } = await open({ act: ({ what }) => (what === "undo" ? late : ENDED) });
  await press(actions(element)[0]!, "discard");
  await settled(element);
  undo(element)!.click();
  await settled(element);
  assert.ok(element.renderRoot.querySelector("[role=alert]")!.textContent!.includes("It is too late."));
});

test("undo is offered for ten seconds, and not for what was sent: it would go twice", async (context) => {
  const { element } = await open({ act: () => ENDED });
  context.mock.timers.enable({ apis: ["setTimeout"] });
  await press(actions(element)[0]!, "retry");
  await settled(element);
  assert.equal(undo(element), null);
  await press(actions(element)[0]!, "discard");
  await settled(element);
  context.mock.timers.tick(9_000);
  await settled(element);
  assert.ok(undo(element));
  context.mock.timers.tick(2_000);
  await settled(element);
  assert.equal(undo(element), null);
});

test("many are not discarded before somebody has said so once more", async () => {
  const { home, element } = await open({ waiting: () => page([row(), row({ id: 8 })]), act: () => ({ ...ENDED, ended: 2 }) });
  const all = element.renderRoot.querySelector<HTMLInputElement>("thead input")!;
  all.checked = true;
  all.dispatchEvent(new Event("change"));
  await settled(element);
  const [both] = actions(element);
  await press(both!, "discard");
  assert.equal(home.questions("act").length, 0);
  both!.renderRoot.querySelector<HTMLButtonElement>("dialog button[type=button]")!.click();
  await settled(both!);
  assert.deepEqual(home.questions("act"), [{ what: "discard", ids: [7, 8] }]);
});

test("of several that are chosen, each action takes those that can take it, and no other", async () => {
  const rows = [row(), row({ id: 8, status: "pending", can: ["amend", "cancel"] }), row({ id: 9 })];
  const { home, element } = await open({
    waiting: () => page(rows),
    act: () => ({ sent: 1, waiting: 0, failed: 0, ended: 0, refused: [] }),
  });
  for (const id of [7, 8]) {
    const tick = element.renderRoot.querySelector<HTMLInputElement>(`tr[data-id="${id}"] input`)!;
    tick.checked = true;
    tick.dispatchEvent(new Event("change"));
    await settled(element);
  }
  await press(actions(element)[0]!, "retry");
  assert.deepEqual(home.questions("act"), [{ what: "retry", ids: [7] }]);
});

test("a large file says how far it is: it would look as if it hung", async () => {
  const upload = { sent: 12_000_000, size: 48_000_000 };
  const { element } = await open({ waiting: () => page([row({ status: "sending", error: null, finished_at: null, can: [], upload })]) });
  assert.ok(seen(element).includes("reason.upload 12 MB 48 MB"), seen(element));
});

test("a refusal is told as one, with its reason", async () => {
  const refused = { sent: 0, waiting: 0, failed: 0, ended: 0, refused: [{ id: 7, reason: "It was sent meanwhile." }] };
  const { element } = await open({ act: () => refused });
  await press(actions(element)[0]!, "retry");
  await settled(element);
  assert.ok(element.renderRoot.querySelector("[role=alert]")!.textContent!.includes("It was sent meanwhile."));
});

test("whoever types a number gets to that message: the Activity names it by nothing else", async () => {
  const { element } = await open({ waiting: () => page([]) });
  const box = element.renderRoot.querySelector<HTMLInputElement>("input[type=search]")!;
  for (const [typed, wanted] of [["#42", "/message/42"], ["42 eggs", null]] as const) {
    box.value = typed;
    box.dispatchEvent(new Event("input"));
    await new Promise((resolve) => setTimeout(resolve, 350));
    await settled(element);
    const links = [...element.renderRoot.querySelectorAll("a")].map((one) => one.getAttribute("href"));
    assert.equal(links.find((one) => one?.endsWith("/message/42")) ?? null, wanted);
  }
});

test("an empty page says what will be here, and one that was filtered how to see more", async () => {
  const { element } = await open({ waiting: () => page([]) });
  assert.ok(seen(element).includes("waiting.empty"));
  await choose(element, 2, "person");
  assert.ok(seen(element).includes("waiting.not_found"));
});
