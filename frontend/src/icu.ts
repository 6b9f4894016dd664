/** Fills texts where there is no Home Assistant to do it: `{name}`, and `{count, plural, =0 {…} one {…} other {… # …}}`, nested. */

import type { Values } from "./transport.ts";

export function filled(text: string, values: Values, language: string): string {
  let said = "";
  for (let at = 0; at < text.length; ) {
    if (text[at] !== "{") {
      said += text[at++];
      continue;
    }
    const end = closing(text, at);
    said += one(text.slice(at + 1, end), values, language);
    at = end + 1;
  }
  return said;
}

/** Where the brace closes that opens here. */
function closing(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at;
  }
  return text.length;
}

function one(inside: string, values: Values, language: string): string {
  const [, name, choices] = /^\s*(\w+)\s*(?:,\s*plural\s*,(.*))?$/s.exec(inside) ?? [];
  const value = values[name ?? ""];
  if (choices === undefined || value === undefined) return String(value ?? "");
  const count = Number(value);
  const options = new Map<string, string>();
  for (let at = 0; ; ) {
    const open = choices.indexOf("{", at);
    if (open < 0) break;
    const end = closing(choices, open);
    options.set(choices.slice(at, open).trim(), choices.slice(open + 1, end));
    at = end + 1;
  }
  const chosen = options.get(`=${count}`) ?? options.get(new Intl.PluralRules(language).select(count)) ?? options.get("other") ?? "";
  return filled(chosen.replaceAll("#", new Intl.NumberFormat(language).format(count)), values, language);
}
