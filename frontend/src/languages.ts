/** The languages of the daemon's page: which of them the browser wants. In Home Assistant they are Home Assistant's matter. */

import { config_panel } from "../../custom_components/bach/translations/en.json";

export type Texts = Record<string, Record<string, string>>;
/** Of what the library says, by key. In English its own words are there already. */
export type Sentences = Record<string, { message: string }>;

/** Each loaded only where it is wanted. */
const OTHERS: Record<string, () => Promise<{ config_panel: Texts; exceptions: Sentences }>> = {
  de: () => import("./german.ts"),
  es: () => import("./spanish.ts"),
  fr: () => import("./french.ts"),
  it: () => import("./italian.ts"),
  nl: () => import("./dutch.ts"),
};
const ENGLISH = "en";

/** The texts in the first language of those that somebody reads (the browser's list, best first); else in English. */
export async function textsFor(read: readonly string[]): Promise<{ language: string; texts: Texts; sentences: Sentences }> {
  const language = read.map((one) => one.split("-")[0]!.toLowerCase()).find((one) => one === ENGLISH || Object.hasOwn(OTHERS, one)) ?? ENGLISH;
  const other = await OTHERS[language]?.();
  return { language, texts: other?.config_panel ?? config_panel, sentences: other?.exceptions ?? {} };
}
