import assert from "node:assert/strict";
import { test } from "node:test";
import { filled } from "../src/icu.ts";

test("texts are filled as Home Assistant fills them: else the daemon's page would show braces", () => {
  const text = "{count, plural, =0 {none of {who}} one {# is {who}'s} other {# are {who}'s}}.";
  assert.equal(filled("Hello {who}{nobody}", { who: "Ada" }, "en"), "Hello Ada");
  assert.equal(filled(text, { count: 0, who: "Ada" }, "en"), "none of Ada.");
  assert.equal(filled(text, { count: 1, who: "Ada" }, "en"), "1 is Ada's.");
  assert.equal(filled(text, { count: 1200, who: "Ada" }, "en"), "1,200 are Ada's.");
});

test("what is filled in is not read as a pattern: else a name in braces would change a sentence", () => {
  assert.equal(filled("Hello {who}", { who: "{count, plural, other {x}}" }, "en"), "Hello {count, plural, other {x}}");
});

test("a text that is broken is shown as far as it goes, and the page stays", () => {
  assert.equal(filled("Hello {who", { who: "Ada" }, "en"), "Hello Ada");
});
