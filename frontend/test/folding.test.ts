import assert from "node:assert/strict";
import { test } from "node:test";
import type { Conversation } from "../src/conversation.ts";
import "../src/conversation.ts";
import { folded, shapeOf } from "../src/folding.ts";
import { LoadedHistory, MOST, keyOf } from "../src/loaded-history.ts";
import type { SaidView } from "../src/views.ts";
import { FakeHome, seen, settled, show } from "./fake.ts";
import { came, page, place, went } from "./talk.ts";

const changes = (operation: "edit" | "delete" | "react" | "pin" | "unpin", id: number, concerns: string, more = {}) =>
  went(id, { operation, concerns, ref: null, text: "", ...more });
const theirs = (kind: "edited" | "deleted" | "reaction", id: number, concerns: string, more = {}) =>
  came(id, { kind, concerns, ref: null, text: "", ...more });
const order = (items: readonly SaidView[], later: readonly SaidView[] = []) => folded(items, later).map(({ one }) => keyOf(one));
const shape = (items: readonly SaidView[], adds = false) => shapeOf(folded(items)[0]!, { adds_reactions: adds });
const open = (items: SaidView[], answers = {}) => {
  const home = new FakeHome({ conversation: () => page(items), ...answers });
  return show<Conversation>("bach-conversation", { transport: home, place }).then((element) => ({ home, element }));
};

test("what changes a message stands in it, and nowhere else; of one that is not loaded it is a row of its own", () => {
  const items = [went(1), came(2), changes("edit", 3, "1"), theirs("edited", 4, "2"), changes("react", 5, "2"), changes("delete", 6, "99")];
  assert.deepEqual(order(items), ["out1", "in2", "out6"]);
});

test("a message of theirs is found by its number, whether its chat stands before that or not", () => {
  assert.deepEqual(order([came(1, { ref: "-100:7" }), theirs("edited", 2, "7")]), ["in1"]);
  assert.deepEqual(order([came(1, { ref: "ada:7" }), theirs("edited", 2, "ada:7")]), ["in1"]);
  assert.deepEqual(order([came(1, { ref: "ada:7" }), theirs("reaction", 2, "ben:7")]), ["in1", "in2"]);
  assert.deepEqual(order([went(1, { ref: null, status: "dead" }), theirs("reaction", 2, "7", { about: 1 })]), ["out1"]);
});

test("what somebody took back is struck out, and nobody takes back what another has written", () => {
  assert.equal(shape([came(1, { ref: "7" }), theirs("deleted", 2, "7")]).isDeleted, true);
  assert.deepEqual(order([came(1, { ref: "7" }), theirs("deleted", 2, "7", { sender_id: "66" })]), ["in1", "in2"]);
});

test("nobody gives somebody else's message other words", () => {
  const forged = theirs("edited", 3, "1", { text: "I owe you", sender_id: "66" });
  assert.deepEqual(order([went(1), came(2), forged]), ["out1", "in2", "in3"]);
  assert.deepEqual(order([came(2, { ref: "1" }), forged]), ["in2", "in3"]);
});

test("the newest words that arrived count; what waits or failed is open, what was cancelled is nothing", () => {
  const found = shape([
    went(1),
    changes("edit", 2, "1", { text: "second" }),
    changes("edit", 3, "1", { text: "third", status: "dead" }),
    changes("edit", 4, "1", { text: "fourth", status: "cancelled" }),
  ]);
  assert.equal(found.words?.text, "second");
  assert.deepEqual(found.open.map((one) => one.id), [3]);
  const again = shape([went(1), changes("delete", 2, "1", { status: "dead" }), changes("delete", 3, "1")]);
  assert.deepEqual([again.isDeleted, again.open], [true, []]);
});

test("what this home has pinned stays pinned until it lets go, whoever wrote it", () => {
  assert.deepEqual([shape([came(1), changes("pin", 2, "1")]).isPinned, shape([went(1), changes("pin", 2, "1"), changes("unpin", 3, "1")]).isPinned], [true, false]);
  assert.equal(shape([went(1), changes("pin", 2, "1")]).words, undefined);
});

test("a reaction takes the place of the one before, or joins it, as the platform has it", () => {
  const reacts = (id: number, emoji: string, more = {}) => theirs("reaction", id, "1", { reactions: [emoji], ...more });
  const items = [went(1), reacts(2, "👍"), reacts(3, "🎉"), reacts(4, "🎉", { sender: "Ben", sender_id: "43" }), changes("react", 5, "1", { text: "👀" })];
  assert.deepEqual(shape(items).reactions, [{ emoji: "🎉", names: ["Ada L.", "Ben"] }, { emoji: "👀", names: [""] }]);
  assert.deepEqual(shape(items, true).reactions.map(({ emoji }) => emoji), ["👍", "🎉", "👀"]);
  const gone = theirs("reaction", 6, "1", { removed: "👍" });
  assert.deepEqual(shape([...items, gone], true).reactions.map(({ emoji }) => emoji), ["🎉", "👀"]);
  const none = theirs("reaction", 6, "1");
  assert.deepEqual(shape([...items.slice(0, 3), none]).reactions, []);
});

test("a press stands at its button with who pressed, also when the question has been answered and has none any more", () => {
  const presses = (id: number, sender: string, more = {}) => came(id, { kind: "button", text: "Yes", ref: null, sender, about: 1, ...more });
  const items = [went(1, { buttons: ["Yes"] }), presses(2, "Ada"), presses(3, "Ben", { concerns: "1", about: null }), presses(4, "Ada"), presses(5, "Eve", { about: 2 })];
  assert.deepEqual(order(items), ["out1", "in5"]);
  assert.deepEqual([...shape(items).pressed], [["Yes", ["Ben", "Ada"]]]);
  assert.deepEqual(order([came(1), presses(2, "Ada", { concerns: "42:1", about: null })]), ["in1", "in2"]); // they press ours only
});

test("whoever reads far back sees messages as they stand, though their changes are not kept", () => {
  const said = new LoadedHistory();
  said.takeNewest(page([theirs("edited", MOST + 5, "1", { text: "new" })], { out: null, in: 1 }));
  for (let id = MOST + 4; id > 0; id--) said.takeOlder(page([came(id)], { out: null, in: id }));
  assert.equal(said.items[0]!.id, 1);
  const [oldest] = folded(said.items, said.later);
  assert.equal(shapeOf(oldest!, place).words?.text, "new");
});

test("a message shows its newest words, that it was taken back, who reacted, and a change that failed with the reason", async () => {
  const { element } = await open([
    went(1, { text: "Dinner at six" }),
    changes("edit", 2, "1", { text: "Dinner at seven" }),
    theirs("reaction", 3, "1", { reactions: ["👍"], about: 1 }),
    changes("delete", 4, "1", { status: "dead", error: "Too old" }),
    went(5, { text: "Never mind" }),
    changes("delete", 6, "5"),
  ]);
  const [first, second] = element.renderRoot.querySelectorAll("li");
  for (const words of ["Dinner at seven", "chat.edited", "👍 Ada L.", "chat.will_go", "state.dead", "Too old"]) assert.ok(first!.textContent!.includes(words), words);
  assert.ok(!seen(element).includes("six"));
  assert.equal(second!.querySelector("del")!.textContent, "Never mind");
  assert.equal(second!.querySelector("bach-own-message"), null);
});

test("other words are sent for what stands there now, under one key, and the form closes", async () => {
  let fails = true;
  const edit = () => {
    if (fails) throw { message: "Lost" };
    return { id: 9 };
  };
  const { home, element } = await open([went(1), changes("edit", 2, "1", { text: "now" })], { edit });
  const own = element.renderRoot.querySelector("bach-own-message") as Conversation;
  const press = (words: string) => {
    [...own.renderRoot.querySelectorAll<HTMLButtonElement>("form button, button")].filter((one) => one.textContent!.includes(words)).at(-1)!.click();
    return settled(own);
  };
  await press("chat.change");
  const box = own.renderRoot.querySelector("textarea")!;
  assert.equal(box.value, "now");
  box.value = "then";
  await press("chat.change");
  assert.ok(seen(own).includes("Lost"));
  assert.equal(box.value, "then");
  fails = false;
  await press("chat.change");
  const [first, second] = home.questions("edit");
  assert.deepEqual(first, second);
  const { key, ...rest } = second!;
  assert.ok(key);
  assert.deepEqual(rest, { message_id: 1, seen: 2, text: "then" });
  assert.equal(own.renderRoot.querySelector("form"), null);
});

test("what only stands for its words is not offered as words to change", async () => {
  const { element } = await open([went(1, { text: "Confidential", own_words: false })]);
  const own = element.renderRoot.querySelector("bach-own-message")!;
  assert.ok(!seen(own).includes("chat.change"));
  assert.ok(seen(own).includes("chat.delete"));
});

test("what the platform cannot do has no button", async () => {
  const home = new FakeHome({ conversation: () => page([went(1), came(2), came(3, { kind: "membership" })]) });
  const element = await show<Conversation>("bach-conversation", { transport: home, place: { ...place, can: ["edit"] } });
  const own = element.renderRoot.querySelector("bach-own-message")!;
  assert.ok(seen(own).includes("chat.change"));
  assert.ok(!seen(own).includes("chat.delete"));
  assert.equal(element.renderRoot.querySelector("bach-react"), null);
});

test("an emoji is put on what came in, from the row or typed", async () => {
  const { home, element } = await open([came(4)], { react: () => ({ id: 9 }) });
  const react = element.renderRoot.querySelector("bach-react") as Conversation;
  for (const way of ["row", "typed"]) {
    react.renderRoot.querySelector("button")!.click();
    await settled(react);
    if (way === "row") react.renderRoot.querySelector<HTMLButtonElement>(".emoji")!.click();
    else {
      react.renderRoot.querySelector("input")!.value = " 🦄 ";
      react.renderRoot.querySelector("form")!.dispatchEvent(new Event("submit"));
    }
    await settled(react);
  }
  assert.deepEqual(home.questions("react").map(({ incoming_id, emoji }) => [incoming_id, emoji]), [[4, "👍"], [4, "🦄"]]);
});
