import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../src/message.ts";
import "../src/message.ts";
import type { MessageView, Row } from "../src/views.ts";
import { known, mark } from "../src/words.ts";
import { FakeHome, NOTHING_MORE, row, seen, settled, show } from "./fake.ts";

const sent = (proven: Row["proven"]): Row => row({ status: "sent", error: null, proven });
const said = (proven: Row["proven"]): string => known(new FakeHome({}), sent(proven));

test("of one person the last that is known is said, of a group how many are how far", () => {
  assert.equal(said([]), "state.sent");
  assert.equal(said([{ kind: "delivered", people: 1 }]), "proof.delivered 1");
  assert.equal(said([{ kind: "delivered", people: 1 }, { kind: "seen", people: 1 }]), "proof.seen 1");
  assert.equal(said([{ kind: "delivered", people: 3 }, { kind: "seen", people: 1 }]), "proof.delivered 3, proof.seen 1");
  assert.equal(said([{ kind: "delivered", people: 2 }, { kind: "seen", people: 2 }, { kind: "answered", people: 1 }]), "proof.seen 2, proof.answered 1");
});

test("what was not sent has no mark, whatever is known of an older copy", () => {
  const dead = row({ status: "dead", proven: [{ kind: "seen", people: 1 }] });
  assert.deepEqual([mark(dead), known(new FakeHome({}), dead)], ["", "state.dead"]);
  assert.deepEqual([mark(sent([])), mark(sent([{ kind: "seen", people: 1 }]))], ["✓ ", "✓✓ "]);
});

test("the history of a message says who has seen it, and when", async () => {
  const view: MessageView = {
    ...sent([{ kind: "seen", people: 1 }]),
    ...{ attempts: [], lost: [], priority: 0, tag: null, origin: null, aim: null, ...NOTHING_MORE },
    proofs: [{ kind: "seen", name: "Ada", at: 60 }],
  };
  const element = await show<Message>("bach-message", { transport: new FakeHome({ message: () => view }), number: 7 });
  await settled(element);
  assert.ok(seen(element).includes("message.seen Ada"));
  assert.ok(element.renderRoot.querySelector('time[datetime="1970-01-01T00:01:00.000Z"]'));
});
