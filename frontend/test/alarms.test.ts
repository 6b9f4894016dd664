import assert from "node:assert/strict";
import { test } from "node:test";
import type { Alarms } from "../src/alarms.ts";
import "../src/alarms.ts";
import type { Alarm } from "../src/views.ts";
import { FakeHome, seen, settled, show } from "./fake.ts";

const alarm = (more: Partial<Alarm> = {}): Alarm => ({
  id: 7,
  route: "Water",
  title: null,
  text: "Water in the cellar",
  files: 0,
  lost: [],
  status: "under_way",
  started_at: 0,
  due_at: 300,
  next: "step",
  ended_at: null,
  by: null,
  snoozed_by: null,
  told: [{ name: "Ada", at: 0, message: 42 }],
  told_in_all: 1,
  ...more,
});

async function open(rows: Alarm[], more: ConstructorParameters<typeof FakeHome>[0] = {}, whole = false) {
  const home = new FakeHome({ alarms: () => ({ rows, older: null, any: rows.length > 0 }), ...more });
  return { home, element: await show<Alarms>("bach-alarms", { transport: home, whole }) };
}

const press = async (element: Alarms, action: string) => {
  element.renderRoot.querySelector<HTMLButtonElement>(`[data-action=${action}]`)!.click();
  await settled(element);
};

test("an alarm that nobody has acknowledged says what it is, who was told and what follows", async () => {
  const { element } = await open([alarm()]);
  for (const words of ["Water", "Water in the cellar", "Ada", "alarm.under_way", "alarm.next", "alarm.since"]) assert.ok(seen(element).includes(words), words);
});

test("what follows is named: whoever reads of a next step would count on somebody else being told", async () => {
  const said = async (next: Alarm["next"]) => seen((await open([alarm({ next })])).element);
  assert.ok((await said("reminder")).includes("alarm.next_reminder"));
  assert.ok((await said(null)).includes("alarm.waited_for"));
});

test("what it carries is said, and what it goes without: nobody would know that there is a picture to look at", async () => {
  const { element } = await open([alarm({ files: 1, lost: ["The camera of the hall did not answer."] })]);
  for (const words of ["message.files 1", "The camera of the hall did not answer."]) assert.ok(seen(element).includes(words), words);
  assert.ok(!seen((await open([alarm()])).element).includes("message.files"));
});

test("whoever has it presses one button, and the list is asked for anew: the house would go on waking", async () => {
  let rows = [alarm()];
  const { home, element } = await open([], {
    alarms: () => ({ rows, older: null, any: true }),
    acknowledge: () => ((rows = []), alarm({ status: "acknowledged" })),
  });
  await press(element, "acknowledge");
  assert.deepEqual(home.questions("acknowledge"), [{ run_id: 7 }]);
  assert.ok(!seen(element).includes("Water"));
  assert.ok(seen(element).includes("alarm.all"), "nobody could look up who was told");
});

test("that it could not be acknowledged is said: somebody would go back to bed while the others are told", async () => {
  const { element } = await open([alarm()], {
    acknowledge: () => {
      throw new Error("The disk is full.");
    },
  });
  await press(element, "acknowledge");
  assert.ok(seen(element).includes("The disk is full."));
});

test("above what waits there is nothing without an alarm, and on its page it is said", async () => {
  const { element } = await open([]);
  assert.equal(element.renderRoot.querySelector("article, h2, a"), null);
  assert.ok(seen((await open([], {}, true)).element).includes("alarm.none"));
});

test("what is over can no longer be acknowledged, and says who has it", async () => {
  const { home, element } = await open([alarm({ status: "acknowledged", by: "Bob", ended_at: 60, due_at: null, told_in_all: 3 })], {}, true);
  assert.deepEqual(home.questions("alarms"), [{ whole: true }]);
  for (const words of ["alarm.has_it Bob", "alarm.ended", "alarm.earlier 2"]) assert.ok(seen(element).includes(words), words);
  assert.equal(element.renderRoot.querySelector("button[data-action]"), null);
});

test("a text is shown as it is: whoever writes to a route would run markup as an administrator", async () => {
  const { element } = await open([alarm({ text: "<img src=x onerror=alert(1)>" })]);
  assert.ok(seen(element).includes("<img src=x"));
  assert.equal(element.renderRoot.querySelector("img"), null);
});

test("whoever wants quiet is named, with until when: the others would wonder why nothing rings", async () => {
  let rows = [alarm()];
  const { home, element } = await open([], { alarms: () => ({ rows, older: null, any: true }), snooze: () => (rows = [alarm({ snoozed_by: "Bob" })])[0] });
  await press(element, "snooze");
  assert.deepEqual(home.questions("snooze"), [{ run_id: 7 }]);
  assert.ok(seen(element).includes("alarm.snoozed Bob"));
  assert.ok(!seen(element).includes("alarm.next"));
});
