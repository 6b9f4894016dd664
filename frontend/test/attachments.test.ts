import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attachments } from "../src/attachments.ts";
import type { Conversation } from "../src/conversation.ts";
import "../src/conversation.ts";
import { FakeHome, seen, settled, show } from "./fake.ts";
import { page, place } from "./talk.ts";

const limits = { count: 3, each: 1000, all: 1500 };
const file = (name: string, bytes = 10, type = "image/png") => new File(["x".repeat(bytes)], name, { type });
const given = (type: string, files: File[]) =>
  Object.assign(new Event(type, { cancelable: true }), { dataTransfer: { files, types: ["Files"] }, clipboardData: { files } });

async function open(answers: ConstructorParameters<typeof FakeHome>[0] = {}, more = {}) {
  const home = Object.assign(new FakeHome({ conversation: () => page([]), ...answers }), more);
  const element = await show<Conversation>("bach-conversation", { transport: home, place: { ...place, files: limits } });
  const attachments = element.renderRoot.querySelector("bach-attachments") as Attachments;
  const form = element.renderRoot.querySelector("form")!;
  const drop = async (...files: File[]) => {
    element.dispatchEvent(given("drop", files));
    await settled(element);
  };
  const send = async () => {
    form.dispatchEvent(new Event("submit"));
    await settled(element);
  };
  return { home, element, attachments, drop, send };
}

test("what is dropped, pasted or chosen goes with the words, once, and is gone when it was taken", async () => {
  let fails = true;
  const upload = () => {
    if (fails) throw { message: "Lost" };
    return { id: 9, lost: [] };
  };
  const { home, element, attachments, drop, send } = await open({ upload });
  await drop(file("a.png"));
  element.dispatchEvent(given("paste", [file("b.pdf", 10, "application/pdf")]));
  await settled(element);
  assert.deepEqual(attachments.files.map(({ name }) => name), ["a.png", "b.pdf"]);
  assert.equal(attachments.renderRoot.querySelectorAll("img").length, 1);
  element.renderRoot.querySelector("textarea")!.value = "Look";
  await send();
  assert.ok(seen(element).includes("Lost"));
  assert.equal(attachments.files.length, 2); // nobody has to look for them again
  fails = false;
  await send();
  const [first, second] = home.questions("upload");
  assert.deepEqual(first, second);
  assert.deepEqual(second!["files"], ["a.png", "b.pdf"]);
  assert.equal(attachments.files.length, 0);
});

test("a file alone can be sent, and words alone go the way they always went", async () => {
  const { home, element, drop, send } = await open({ upload: () => ({ id: 9, lost: [] }), write: () => ({ id: 10, lost: ["b"] }) });
  await drop(file("a.png"));
  assert.equal(element.renderRoot.querySelector("textarea")!.required, false);
  await send();
  assert.equal(home.questions("upload").length, 1);
  element.renderRoot.querySelector("textarea")!.value = "Look";
  await send();
  assert.equal(home.questions("write").length, 1);
  assert.ok(seen(element).includes("chat.went_without b"));
});

test("what would not arrive is refused before it is sent, with the reason; what may go is attached", async () => {
  const { element, attachments, drop } = await open();
  for (const [name, bytes, words] of [["big.bin", 1001, "chat.too_large big.bin"], ["none.txt", 0, "chat.empty_file none.txt"]] as const) {
    await drop(file(name, bytes), file(`with ${name}`, 1));
    assert.ok(seen(element).includes(words), words);
  }
  assert.deepEqual(attachments.files.map(({ name }) => name), ["with big.bin", "with none.txt"]);
  await drop(file("c", 800), file("d"));
  assert.ok(seen(element).includes("chat.too_many d 3"));
  [...attachments.renderRoot.querySelectorAll<HTMLElement>(".remove")].at(0)!.click();
  await settled(element);
  await drop(file("e", 900));
  assert.ok(seen(element).includes("chat.too_large_all e"));
});

test("a platform without files has no button, and says so of what is dropped", async () => {
  const home = new FakeHome({ conversation: () => page([]) });
  const element = await show<Conversation>("bach-conversation", { transport: home, place });
  assert.equal(element.renderRoot.querySelector("bach-attachments"), null);
  const drop = given("drop", [file("a.png")]);
  element.dispatchEvent(drop);
  await settled(element);
  assert.ok(drop.defaultPrevented); // else the browser would leave the page for the file
  assert.ok(seen(element).includes("chat.words_only"));
});

test("a file for one is not sent to another", async () => {
  const { element, attachments, drop } = await open();
  await drop(file("for Ada.png"));
  element.place = { ...place, files: limits, recipient: "43", title: "Ben" };
  await settled(element);
  assert.equal(attachments.files.length, 0);
  element.place = { ...place, files: limits };
  await settled(element);
  assert.deepEqual(attachments.files.map(({ name }) => name), ["for Ada.png"]);
});

test("the picture of a camera is attached, and one that gives none says so", async () => {
  let fails = true;
  const snapshot = async () => {
    if (fails) throw new Error("No picture");
    return new Blob(["pixels"], { type: "image/jpeg" });
  };
  const { element, attachments } = await open({}, { cameras: () => [{ id: "camera.door", title: "Door" }], snapshot });
  const press = async (words: string) => {
    [...attachments.renderRoot.querySelectorAll("button")].find((one) => one.textContent!.trim() === words)!.click();
    await settled(element);
  };
  await press("chat.camera");
  await press("Door");
  assert.ok(seen(element).includes("No picture"));
  fails = false;
  await press("Door");
  assert.deepEqual(attachments.files.map(({ name }) => name), ["Door.jpg"]);
});
