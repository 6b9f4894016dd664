import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../src/message.ts";
import "../src/message.ts";
import type { MessageView } from "../src/views.ts";
import { FakeHome, NOTHING_MORE, row, seen, settled, show } from "./fake.ts";

async function open(origin: MessageView["origin"]) {
  const view: MessageView = { ...row(), attempts: [], proofs: [], lost: [], priority: 0, tag: null, origin, aim: null, ...NOTHING_MORE };
  const element = await show<Message>("bach-message", { transport: new FakeHome({ message: () => view }), number: 7 });
  await settled(element);
  return element;
}

test("who had it sent is named, with a link to what they did", async () => {
  const element = await open({ kind: "automation", name: "Cellar", link: "/config/automation/trace/1?run_id=2" });
  const link = [...element.renderRoot.querySelectorAll("a")].find((one) => one.textContent === "message.by_automation Cellar");
  assert.equal(link?.getAttribute("href"), "/config/automation/trace/1?run_id=2");
});

test("where nobody is known, or there is no page, nothing is made up", async () => {
  assert.ok(seen(await open(null)).includes("message.queued"));
  assert.ok(seen(await open({ kind: "user", name: "Ada", link: null })).includes("message.by_user Ada"));
});
