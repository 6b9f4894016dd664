/**
 * Sentences of the library, in the language of whoever looks. The server sends each as its English text with a key and what
 * fills its places; words of others are texts. What comes in is gone through once, so that no page has to know of it.
 */

import type { Values } from "./transport.ts";

/** As the server sends it: `text` is English, and a place may hold a sentence, too. */
interface Boxed {
  text: string;
  key: string;
  placeholders: Record<string, Boxed | string>;
}

/** The text of a key with values in its places; nothing where there is none. */
export type Say = (key: string, values: Values) => string;

/** The same answer with texts in this language instead of its sentences. */
export function told<R>(answer: R, say: Say): R {
  return walked(answer, say) as R;
}

function walked(found: unknown, say: Say): unknown {
  if (typeof found !== "object" || found === null) return found;
  if (isBoxed(found)) return sentence(found, say);
  const before: unknown[] = Array.isArray(found) ? found : Object.values(found);
  const after = before.map((one) => walked(one, say));
  if (after.every((one, index) => one === before[index])) return found; // most answers have none, and are not copied
  return Array.isArray(found) ? after : Object.fromEntries(Object.keys(found).map((name, index) => [name, after[index]]));
}

const isBoxed = (found: object): found is Boxed =>
  "text" in found && "key" in found && "placeholders" in found && Object.keys(found).length === 3;

function sentence({ text, key, placeholders }: Boxed, say: Say): string {
  const parts = Object.entries(placeholders).map(([name, one]) => [name, typeof one === "string" ? one : sentence(one, say)] as const);
  if (key === "") return parts.map(([, said]) => said).join(" ");
  return say(key, Object.fromEntries(parts)) || text;
}
