import assert from "node:assert/strict";
import { test } from "node:test";
import type { Conversation } from "../src/conversation.ts";
import type { Conversations } from "../src/conversations.ts";
import "../src/conversations.ts";
import { MOST, LoadedHistory, keyOf } from "../src/loaded-history.ts";
import { FakeHome, seen, settled, show } from "./fake.ts";
import { came, page, place, went } from "./talk.ts";

const numbers = (said: LoadedHistory) => said.items.map(keyOf);

async function open(answers: ConstructorParameters<typeof FakeHome>[0]) {
  const home = new FakeHome({ conversation: () => page([]), ...answers });
  return { home, element: await show<Conversation>("bach-conversation", { transport: home, place }) };
}

const press = async (element: Conversation, words: string) => {
  const found = [...element.renderRoot.querySelectorAll<HTMLButtonElement>("button")].find((one) => one.textContent!.includes(words));
  found!.click();
  await settled(element);
};

test("both directions stand in one order, with what became of each and who pressed", async () => {
  const items = [
    went(1, { text: "Shut it?", buttons: ["Yes", "No"] }),
    came(2, { kind: "button", text: "Yes", about: 1 }),
    went(3, { status: "dead", error: "Chat not found" }),
    came(4, { text: "<img src=x>" }),
    came(5, { kind: "button", text: "Yes", about: 99 }),
  ];
  const { element } = await open({ conversation: () => page(items) });
  const order = [...element.renderRoot.querySelectorAll("[data-key]")].map((one) => one.getAttribute("data-key"));
  assert.deepEqual(order, ["out1", "out3", "in4", "in5"]); // what the last press belongs to is not loaded
  assert.equal(element.renderRoot.querySelector(".pressed")!.textContent, "Yes ✓ Ada L.");
  for (const words of ["came.button Ada L.", "state.dead", "Chat not found", "<img src=x>"]) assert.ok(seen(element).includes(words), words);
  assert.equal(element.renderRoot.querySelector("img"), null);
});

test("where there is one place, it is open: there is nothing to choose among", async () => {
  const other = { ...place, recipient: "43", title: "Ben" };
  for (const [places, shown] of [[[place], 1], [[place, other], 0]] as const) {
    const home = new FakeHome({ conversations: () => ({ places }), conversation: () => page([]) });
    const element = await show<Conversations>("bach-conversations", { transport: home, path: "/chat" });
    await settled(element);
    assert.equal(element.renderRoot.querySelectorAll("bach-conversation").length, shown);
  }
});

test("words are sent to the place that is open, as an answer to what was chosen, and once", async () => {
  let fails = true;
  const write = () => {
    if (fails) throw { message: "Lost" };
    return { id: 9, lost: [] };
  };
  const { home, element } = await open({ conversation: () => page([came(4)]), write });
  await press(element, "chat.answer");
  const box = element.renderRoot.querySelector("textarea")!;
  box.value = "Yes";
  await press(element, "chat.send");
  assert.ok(seen(element).includes("Lost"));
  assert.equal(box.value, "Yes"); // nobody has to write it again
  fails = false;
  await press(element, "chat.send");
  const [first, second] = home.questions("write");
  assert.deepEqual(first, second); // under the same key, so it cannot arrive twice
  const { key, ...rest } = second!;
  assert.ok(key);
  assert.deepEqual(rest, { connection: "telegram_1", recipient: "42/7", answer_to: 4, text: "Yes" });
  assert.equal(box.value, "");
});

test("other words than those that may have arrived are sent under another key: else they would be refused for ever", async () => {
  const { home, element } = await open({ write: () => { throw { message: "Lost" }; } });
  const box = element.renderRoot.querySelector("textarea")!;
  for (const words of ["Yes", "Yes", "No"]) {
    box.value = words;
    await press(element, "chat.send");
  }
  const [first, second, third] = home.questions("write").map(({ key }) => key);
  assert.equal(first, second);
  assert.notEqual(second, third);
});

test("what is written to one is not sent to another, and what is typed meanwhile stays", async () => {
  let arrive = (): void => undefined;
  const write = () => new Promise((done) => (arrive = () => done({ id: 9, lost: [] })));
  const { home, element } = await open({ write });
  const box = element.renderRoot.querySelector("textarea")!;
  box.value = "To Ada";
  element.place = { ...place, recipient: "43", title: "Ben" };
  await settled(element);
  assert.equal(box.value, "");
  element.place = place;
  await settled(element);
  assert.equal(box.value, "To Ada");
  await press(element, "chat.send");
  box.value = "And one more";
  element.renderRoot.querySelector("form")!.dispatchEvent(new Event("submit")); // by the enter key
  arrive();
  await settled(element);
  assert.equal(box.value, "And one more");
  assert.equal(home.questions("write").length, 1);
});

test("older ones are asked for by where the page ends, in each direction", async () => {
  const older = ({ before_out }: Record<string, unknown>) =>
    before_out ? page([came(1)]) : page([went(5)], { out: 5, in: null });
  const { home, element } = await open({ conversation: older });
  await press(element, "waiting.older");
  assert.deepEqual(home.questions("conversation").at(-1), { connection: "telegram_1", recipient: "42/7", before_out: 5 });
  const order = [...element.renderRoot.querySelectorAll("[data-key]")].map((one) => one.getAttribute("data-key"));
  assert.deepEqual(order, ["in1", "out5"]);
});

test("a newer page goes on with what is there, and a gap begins anew: else messages would be missing in between", () => {
  const said = new LoadedHistory();
  said.takeNewest(page([came(1), came(2)], { out: null, in: 1 }));
  said.takeNewest(page([came(2, { unread: true }), came(3)], { out: null, in: 2 }));
  assert.deepEqual(numbers(said), ["in1", "in2", "in3"]);
  assert.deepEqual(said.before, { out: null, in: 1 });
  said.takeNewest(page([came(8), came(9)], { out: null, in: 8 }));
  assert.deepEqual(numbers(said), ["in8", "in9"]);
  assert.deepEqual(said.before, { out: null, in: 8 });
});

test("however far somebody reads back, no more is kept than fits", () => {
  const said = new LoadedHistory();
  said.takeNewest(page([came(MOST * 3)], { out: null, in: 1 }));
  for (let id = MOST * 3 - 1; id > 0; id--) said.takeOlder(page([came(id)], { out: null, in: id }));
  assert.equal(said.items.length, MOST);
  assert.equal(said.items[0]!.id, 1);
  said.takeNewest(page([came(MOST * 4)])); // not beside them: what is in between is not there
  assert.equal(said.items.at(-1)!.id, MOST);
});

test("places are found by name, and one that is chosen is named by the path", async () => {
  const other = { ...place, recipient: "43", title: "Ben", works: false };
  const home = new FakeHome({ conversations: () => ({ places: [place, other] }), conversation: () => page([]) });
  const element = await show<Conversations>("bach-conversations", { transport: home, path: "/chat/telegram_1/42%2F7" });
  assert.ok(element.renderRoot.querySelector("bach-conversation"));
  assert.ok(seen(element).includes("standing.disconnected"));
  const search = element.renderRoot.querySelector("input")!;
  search.value = "BEN";
  search.dispatchEvent(new Event("input"));
  await settled(element);
  assert.deepEqual([...element.renderRoot.querySelectorAll("li a")].map((one) => one.textContent!.includes("Ben")), [true]);
});

test("what was marked as read by mistake is unread again: else nobody would look at it", async () => {
  const { home, element } = await open({ conversation: () => page([came(4, { unread: true })]), mark_read: () => ({ count: 1 }) });
  await press(element, "chat.mark_read");
  await press(element, "done.undo");
  assert.deepEqual(home.questions("mark_read"), [
    { ids: [4], is_read: true },
    { ids: [4], is_read: false },
  ]);
  assert.ok(seen(element).includes("done.undone"));
});
