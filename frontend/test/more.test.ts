import assert from "node:assert/strict";
import { test } from "node:test";
import type { LitElement } from "lit";
import type { Conversation } from "../src/conversation.ts";
import "../src/conversation.ts";
import type { MessageActions } from "../src/message-actions.ts";
import type { Message } from "../src/message.ts";
import "../src/message.ts";
import { meant, often, typed } from "../src/moments.ts";
import type { More } from "../src/more.ts";
import "../src/more.ts";
import type { Able, MessageView } from "../src/views.ts";
import { FakeHome, NOTHING_MORE, row, seen, settled, show } from "./fake.ts";
import { came, page, place, went } from "./talk.ts";

const ALL: Able[] = ["react", "pin", "unpin", "forward", "put_off"];
const PLACES = () => ({ places: [{ id: "signal", title: "Signal", recipients: [{ id: "ben", title: "Ben" }, { id: "eve", title: "Eve" }] }] });

async function open(answers: ConstructorParameters<typeof FakeHome>[0], more: Partial<More> = {}) {
  const home = new FakeHome({ places: PLACES, ...answers });
  const told: string[] = [];
  const element = await show<More>("bach-more", { transport: home, number: 7, can: ALL, isPinned: false, whole: true, ...more });
  element.addEventListener("bach-done", (event) => told.push((event as CustomEvent).detail.said));
  return { home, element, told };
}

const button = (element: Element, words: string): HTMLButtonElement | undefined =>
  [...element.shadowRoot!.querySelectorAll<HTMLButtonElement>("button")].find((one) => one.textContent!.trim() === words);

async function press(element: LitElement, words: string, inside = element): Promise<void> {
  button(element, words)!.click();
  await settled(inside);
}

const submit = async (element: LitElement, host: LitElement): Promise<void> => {
  element.shadowRoot!.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));
  await settled(host);
};

test("only what can be done has a button, and of a pin what it is not yet", async () => {
  const names = (element: Element) => [...element.shadowRoot!.querySelectorAll("button")].map((one) => one.textContent!.trim());
  const { element } = await open({});
  assert.deepEqual(names(element), ["chat.pin", "chat.forward", "chat.later"]);
  assert.deepEqual(names((await open({}, { isPinned: true, can: ["pin", "unpin"] })).element), ["chat.unpin"]);
  assert.deepEqual(names((await open({}, { isPinned: null, can: ["pin", "unpin"] })).element), ["chat.pin", "chat.unpin"]);
  assert.deepEqual(names((await open({}, { can: ["edit", "delete"] })).element), []);
  const { element: closed } = await open({}, { whole: false });
  assert.deepEqual(names(closed), ["chat.more"]);
  await press(closed, "chat.more");
  assert.ok(names(closed).includes("chat.forward"));
});

test("a pin that fails says why, and is asked for again under the same key", async () => {
  let fails = true;
  const pin = () => {
    if (fails) throw { message: "Only in groups" };
    return { id: 8 };
  };
  const { home, element } = await open({ pin });
  await press(element, "chat.pin");
  assert.ok(seen(element).includes("Only in groups"));
  fails = false;
  await press(element, "chat.pin");
  assert.ok(!seen(element).includes("Only in groups"));
  const [first, second] = home.questions("pin");
  assert.deepEqual(first, second);
  assert.deepEqual([first!.message_id, first!.is_pinned], [7, true]);
});

test("what came in is passed on to whom somebody chooses, and it is said what it goes without", async () => {
  const { home, element, told } = await open({ forward: () => ({ id: 9, lost: ["Only its words go."] }) }, { came: true });
  await press(element, "chat.forward");
  const dialog = element.shadowRoot!.querySelector<LitElement>("bach-forward")!;
  dialog.shadowRoot!.querySelector<HTMLSelectElement>("[name=recipient]")!.value = "eve";
  dialog.shadowRoot!.querySelector<HTMLInputElement>("[name=copy]")!.checked = true;
  await submit(dialog, element);
  const { key, ...asked } = home.questions("forward")[0]!;
  assert.deepEqual(asked, { incoming_id: 7, connection: "signal", recipient: "eve", copy: true });
  assert.ok(key);
  assert.deepEqual(told, ["chat.passed_on Eve chat.went_without Only its words go."]);
  assert.equal(element.shadowRoot!.querySelector("bach-forward"), null);
});

test("why it is not passed on stands in the dialog, which stays", async () => {
  const forward = () => {
    throw { message: "A poll cannot be forwarded" };
  };
  const { element } = await open({ forward });
  await press(element, "chat.forward");
  const dialog = element.shadowRoot!.querySelector<LitElement>("bach-forward")!;
  await submit(dialog, element);
  assert.ok(seen(dialog).includes("A poll cannot be forwarded"));
});

test("it comes again at the time that somebody typed, by the clock of this person", async () => {
  const { home, element, told } = await open({ put_off: () => ({ id: 9 }) });
  home.locale = { ...home.locale, timeZone: "America/New_York" };
  await press(element, "chat.later");
  const dialog = element.shadowRoot!.querySelector<LitElement>("bach-when")!;
  dialog.shadowRoot!.querySelector("input")!.value = "2030-07-01T08:00";
  await submit(dialog, element);
  assert.deepEqual(home.questions("put_off").map(({ message_id, until }) => [message_id, until]), [[7, "2030-07-01T12:00:00.000Z"]]);
  assert.ok(told[0]!.startsWith("chat.comes_again"));
});

test("typed times mean what they say, also on the days when the clocks are changed", () => {
  for (const zone of ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", undefined])
    for (const at of ["2027-03-28T12:00", "2027-10-31T05:00", "2027-03-14T01:30", "2027-06-01T00:00", "2027-12-31T23:59"])
      assert.equal(typed(meant(at, zone), zone), at, `${zone} ${at}`);
  assert.equal(meant("2027-03-28T12:00", "Europe/Berlin"), Date.UTC(2027, 2, 28, 10));
  const [, , tomorrow] = often(Date.UTC(2027, 0, 31, 23, 30), "Europe/Berlin");
  assert.equal(tomorrow!.at, "2027-02-02T08:00"); // there it is the first already
});

test("what waits gets another time, beginning with the one that it has", async () => {
  const home = new FakeHome({ amend: () => ({ sent: 0, waiting: 1, failed: 0, ended: 0, refused: [] }) });
  const planned = Date.UTC(2040, 0, 1, 7) / 1000;
  const element = await show<MessageActions>("bach-message-actions", {
    transport: home,
    rows: [row({ status: "pending", scheduled_for: planned, can: ["send_now", "amend", "move", "cancel"] })],
  });
  await press(element, "action.move");
  const dialog = element.shadowRoot!.querySelector<LitElement>("bach-when")!;
  const field = dialog.shadowRoot!.querySelector("input")!;
  assert.equal(field.value, "2040-01-01T07:00");
  field.value = "2040-01-02T07:00";
  await submit(dialog, element);
  assert.deepEqual(home.questions("amend"), [{ message_id: 7, changes: { not_before: "2040-01-02T07:00:00.000Z" } }]);
  assert.equal(element.shadowRoot!.querySelector("bach-when"), null);
  const many = [7, 8].map((id) => row({ id, status: "pending", can: ["move"] }));
  assert.equal((await show<MessageActions>("bach-message-actions", { transport: home, rows: many })).shadowRoot!.querySelector("button"), null);
});

test("the page of a message offers what can be done with it, and lists what was", async () => {
  const changes = [row({ id: 9, operation: "pin", status: "pending", text: "" }), row({ id: 8, operation: "edit", status: "sent", text: "new words" })];
  const rest = { attempts: [], proofs: [], lost: [], priority: 0, tag: null, origin: null, aim: null };
  const view: MessageView = { ...row({ status: "sent", error: null, can: [] }), ...rest, ...NOTHING_MORE, able: ["edit", "pin", "forward"], changes };
  const element = await show<Message>("bach-message", { transport: new FakeHome({ message: () => view }), number: 7 });
  await settled(element);
  const own = element.renderRoot.querySelector<LitElement & { words: string; seen: number }>("bach-own-message")!;
  assert.deepEqual([own.words, own.seen], ["new words", 8]); // what stands there now is what is corrected
  assert.ok(button(own.renderRoot.querySelector("bach-more")!, "chat.forward"));
  const list = element.renderRoot.querySelector("ol")!.textContent!;
  assert.ok(list.indexOf("message.edit") < list.indexOf("message.pin"));
});

test("in a conversation both directions have it, and what nobody may read is not passed on", async () => {
  const can: Able[] = ["delete", "edit", "pin", "react", "unpin"];
  const items = [went(1), came(2), went(3, { deeds: [], own_words: false })];
  const element = await show<Conversation>("bach-conversation", {
    transport: new FakeHome({ conversation: () => page(items) }),
    place: { ...place, can: can as typeof place.can },
  });
  await settled(element);
  const rows = [...element.renderRoot.querySelectorAll("li")];
  const all = rows.map((one) => (one.querySelector("bach-own-message")?.shadowRoot ?? one).querySelector<More>("bach-more")!);
  assert.deepEqual(all.map((one) => [one.number, !!one.came, one.can.includes("forward")]), [[1, false, true], [2, true, true], [3, false, false]]);
});
