import assert from "node:assert/strict";
import { test } from "node:test";
import type { Navigation } from "../src/navigation.ts";
import "../src/navigation.ts";
import { FakeHome, seen, settled, show } from "./fake.ts";

async function open(counts: unknown) {
  const told: number[] = [];
  document.addEventListener("bach-counted", (event) => told.push((event as CustomEvent<number>).detail));
  const home = new FakeHome({ counts: () => ({ counts }) });
  const element = await show<Navigation>("bach-navigation", { transport: home, path: "/chat/telegram_1/42" });
  await settled(element);
  return { element, told };
}

test("what needs a person is counted beside the page where it can be dealt with, and told to the tab", async () => {
  const { element, told } = await open({ waiting: 5, needs_person: 2, alarms: 1 });
  assert.ok(seen(element).includes("(3)"));
  assert.equal(told.at(-1), 3);
});

test("where nothing needs a person, or it is not for this one to know, there is no number", async () => {
  for (const counts of [{ waiting: 5, needs_person: 0, alarms: 0 }, null]) {
    const { element, told } = await open(counts);
    assert.ok(!seen(element).includes("("));
    assert.equal(told.at(-1), 0);
  }
});

test("the page that is open is marked, also below it: else a screen reader cannot tell where one is", async () => {
  const { element } = await open(null);
  const here = [...element.renderRoot.querySelectorAll("a")].map((one) => one.getAttribute("aria-current"));
  assert.deepEqual(here, [null, "page", null, null, null]);
});
