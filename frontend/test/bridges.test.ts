import assert from "node:assert/strict";
import { test } from "node:test";
import type { LitElement } from "lit";
import type { Bridges } from "../src/bridges.ts";
import "../src/bridges.ts";
import type { BridgeEnd, BridgeView } from "../src/views.ts";
import { FakeHome, seen, settled, show } from "./fake.ts";

const end = (recipient: string, more: Partial<BridgeEnd> = {}): BridgeEnd => ({
  connection: "home",
  recipient,
  connection_title: "@home_bot",
  recipient_title: recipient.toUpperCase(),
  waiting: 0,
  trouble: null,
  ...more,
});
const side = { title: "@home_bot", carried: 3, carried_at: 60, left_out: 0, reason: null, left_out_at: null };
const bridge = (more: Partial<BridgeView> = {}): BridgeView => ({
  name: "club",
  title: "The club",
  source: end("ada"),
  targets: [end("ben")],
  both_ways: false,
  with_name: true,
  files: true,
  edits: true,
  deletions: false,
  is_active: true,
  sides: [side],
  ...more,
});
const PLACES = () => ({ places: [{ id: "home", title: "@home_bot", recipients: ["ada", "ben", "eve"].map((id) => ({ id, title: id.toUpperCase() })) }] });

async function open(bridges: BridgeView[], answers: ConstructorParameters<typeof FakeHome>[0] = {}, named = true) {
  const home = new FakeHome({ bridges: () => ({ bridges, named }), places: PLACES, ...answers });
  const element = await show<Bridges>("bach-bridges", { transport: home });
  await settled(element);
  return { home, element };
}

const press = async (element: LitElement, words: string): Promise<void> => {
  [...element.shadowRoot!.querySelectorAll("button")].find((one) => one.textContent!.trim() === words)!.click();
  await settled(element);
};

test("a bridge says where it leads, what went over, what did not and why, and what waits", async () => {
  const broken = end("ben", { waiting: 2, trouble: "The server is being repaired." });
  const older = { ...side, left_out: 1, reason: "too_old" as const, left_out_at: 10 };
  const newer = { ...side, left_out: 2, reason: "refused" as const, left_out_at: 20 };
  const { element } = await open([bridge({ targets: [broken], sides: [newer, older] })]);
  const said = seen(element);
  for (const words of [
    "bridges.one_way ADA (@home_bot) BEN (@home_bot)",
    "bridges.along bridges.along_with_name, bridges.along_files, bridges.along_edits",
    "bridges.carried 6",
    "bridges.left_out 3 bridges.reason_refused",
    "bridges.waits 2",
    "The server is being repaired.",
  ])
    assert.ok(said.includes(words), words);
  assert.ok(seen((await open([])).element).includes("bridges.empty"));
});

test("a bridge is paused and removed, which is asked once more, and why not is said", async () => {
  const { home, element } = await open([bridge()], {
    switch_bridge: () => ({}),
    remove_bridge: () => {
      throw { message: "The disk is full" };
    },
  });
  await press(element, "bridges.pause");
  assert.deepEqual(home.questions("switch_bridge"), [{ name: "club", is_on: false }]);
  await press(element, "bridges.remove");
  assert.deepEqual(home.questions("remove_bridge"), []);
  await press(element, "bridges.remove");
  assert.deepEqual(home.questions("remove_bridge"), [{ name: "club" }]);
  assert.ok(seen(element).includes("The disk is full"));
});

async function form(element: Bridges, words: string) {
  await press(element, words);
  const dialog = element.shadowRoot!.querySelector<LitElement>("bach-bridge-form")!;
  await settled(dialog);
  const boxes = [...dialog.shadowRoot!.querySelectorAll<HTMLInputElement>("[type=checkbox]")];
  const save = async () => {
    dialog.shadowRoot!.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));
    await settled(element);
  };
  return { dialog, boxes, save };
}

test("a new bridge is made from what is chosen, and not from its own source to itself", async () => {
  const { home, element } = await open([], { set_bridge: () => ({}) });
  const { dialog, boxes, save } = await form(element, "bridges.add");
  dialog.shadowRoot!.querySelector<HTMLInputElement>("[name=name]")!.value = " club ";
  const targets = boxes.filter((one) => one.name === "target");
  assert.deepEqual(targets.map((one) => JSON.parse(one.value)[1]), ["ben", "eve"]);
  targets[1]!.checked = true;
  boxes.find((one) => one.name === "edits")!.checked = false;
  await save();
  assert.deepEqual(home.questions("set_bridge"), [
    {
      name: "club",
      source: { connection: "home", recipient: "ada" },
      targets: [{ connection: "home", recipient: "eve" }],
      both_ways: false,
      with_name: true,
      files: true,
      edits: false,
      deletions: true,
    },
  ]);
  assert.equal(element.shadowRoot!.querySelector("bach-bridge-form"), null);
});

test("who changes a bridge begins with what it is, also with places that are no recipients", async () => {
  const set_bridge = () => {
    throw { message: "There is no such place" };
  };
  const { home, element } = await open([bridge({ targets: [end("-100", { recipient_title: "-100" })] })], { set_bridge }, false);
  const { dialog, boxes, save } = await form(element, "bridges.change");
  assert.equal(dialog.shadowRoot!.querySelector("[name=name]"), null);
  assert.deepEqual(boxes.filter((one) => one.checked).map((one) => (one.name === "target" ? JSON.parse(one.value)[1] : one.name)), ["-100", "with_name", "files", "edits"]);
  await save();
  const [{ before, targets }] = home.questions("set_bridge") as [Record<string, unknown>];
  assert.deepEqual([before, targets], ["club", [{ connection: "home", recipient: "-100" }]]);
  assert.ok(seen(dialog).includes("There is no such place"));
});
