import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReactiveController } from "lit";
import { Live } from "../src/live.ts";
import { FakeHome } from "./fake.ts";

const turn = async () => {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
};

function host(transport: FakeHome) {
  const controllers: ReactiveController[] = [];
  return {
    transport,
    addController: (one: ReactiveController) => void controllers.push(one),
    removeController: () => undefined,
    requestUpdate: () => undefined,
    updateComplete: Promise.resolve(true),
    enter: () => controllers.forEach((one) => one.hostConnected?.()),
    leave: () => controllers.forEach((one) => one.hostDisconnected?.()),
  };
}

test("a burst of changes is one question a second: else 20 open panels would keep the home busy", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const home = new FakeHome({ view: () => 1 });
  const page = host(home);
  new Live(page, () => home.call("view"));
  page.enter();
  await turn();
  for (let i = 0; i < 50; i++) home.change();
  context.mock.timers.tick(1000);
  await turn();
  assert.equal(home.asked.length, 2);
  page.leave();
});

test("what changes while an answer is on its way is asked for afterwards: else the page would show the past", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let answer: (view: number) => void = () => undefined;
  const home = new FakeHome({ view: () => new Promise((resolve) => (answer = resolve)) });
  const page = host(home);
  const live = new Live<number>(page, () => home.call("view"));
  page.enter();
  await turn();
  home.change();
  assert.equal(home.asked.length, 1);
  answer(1);
  await turn();
  context.mock.timers.tick(1000);
  await turn();
  assert.equal(home.asked.length, 2);
  answer(2);
  await turn();
  assert.equal(live.view, 2);
  page.leave();
});

test("an older answer does not replace a newer one: else a filter would show what it filters out", async () => {
  const answers: ((view: string) => void)[] = [];
  const home = new FakeHome({ view: () => new Promise((resolve) => answers.push(resolve)) });
  const page = host(home);
  const live = new Live<string>(page, () => home.call("view"));
  page.enter();
  void live.refresh();
  answers[1]!("newer");
  answers[0]!("older");
  await turn();
  assert.equal(live.view, "newer");
  page.leave();
});

test("who leaves the page hears nothing more, and asks for nothing: else the home would work for nobody", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const home = new FakeHome({ view: () => 1 });
  const page = host(home);
  new Live(page, () => home.call("view"));
  page.enter();
  await turn();
  home.change();
  page.leave();
  await turn();
  context.mock.timers.tick(10_000);
  await turn();
  assert.equal(home.hearers.size + home.followers.size, 0);
  assert.equal(home.asked.length, 1);
});

test("after a failure it says why and tries again: else a page opened too early would stay empty", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let fails = true;
  const home = new FakeHome({
    view: () => {
      if (fails) throw { message: "Not loaded" };
      return "there";
    },
  });
  const page = host(home);
  const live = new Live<string>(page, () => home.call("view"));
  page.enter();
  await turn();
  assert.equal(live.error, "Not loaded");
  fails = false;
  context.mock.timers.tick(5000);
  await turn();
  assert.deepEqual([live.view, live.error], ["there", undefined]);
  page.leave();
});
