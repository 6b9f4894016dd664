import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, phrase } from "../src/texts.ts";

const TEXTS: Record<string, string> = { pears: "{count} pears for {who}", pears_one: "a pear for {who}", pears_zero: "none", plums: "{count} plums", hello: "Hello {who}" };
const find = (key: string, values: Record<string, string | number>): string => filled(TEXTS[key] ?? "", values);

test("a text about a number is the one for that number: else a page would say 1 messages", () => {
  assert.equal(phrase(find, "pears", { count: 0, who: "Ada" }, "en"), "none");
  assert.equal(phrase(find, "pears", { count: 1, who: "Ada" }, "en"), "a pear for Ada");
  assert.equal(phrase(find, "pears", { count: 1200, who: "Ada" }, "en"), "1,200 pears for Ada");
  assert.equal(phrase(find, "pears", { count: 1200, who: "Ada" }, "de"), "1.200 pears for Ada");
  assert.equal(phrase(find, "plums", { count: 0 }, "en"), "0 plums");
  assert.equal(phrase(find, "plums", { count: 1 }, "en"), "1 plums");
  assert.equal(phrase(find, "hello", { who: "Ada" }, "en"), "Hello Ada");
});

test("what is filled in is not read as a pattern: else a name in braces would change a sentence", () => {
  assert.equal(filled("Hello {who}{nobody}", { who: "{who}" }), "Hello {who}");
});
