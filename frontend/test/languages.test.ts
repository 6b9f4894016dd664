import assert from "node:assert/strict";
import { test } from "node:test";
import { textsFor } from "../src/languages.ts";

test("a person reads the first of their languages that is there: else somebody would get one that they read badly", async () => {
  const choices: [string[], string, string][] = [
    [["de-AT", "en"], "de", "Anmelden"],
    [["pt", "DE"], "de", "Anmelden"],
    [["en-US", "de"], "en", "Log in"],
    [["pt", "constructor"], "en", "Log in"],
    [[], "en", "Log in"],
  ];
  for (const [read, language, said] of choices) {
    const chosen = await textsFor(read);
    assert.equal(chosen.language, language, read.join());
    assert.equal(chosen.texts["page"]?.["log_in"], said);
  }
});
