/**
 * How a text is found and filled, the same in every home: `{name}`, and of a text about a `count` the form for that number.
 *
 * Each form is a text of its own, `key_one` beside `key` (`zero` is for 0 in every language), since Home Assistant takes
 * no ICU plurals in the texts of an integration.
 */

import type { Values } from "./transport.ts";

/** The text of a key: `find` gives the one in the person's language, or nothing. */
export function phrase(find: (key: string, values: Values) => string, key: string, values: Values, language: string): string {
  const { count } = values;
  if (typeof count !== "number") return find(key, values);
  const form = count === 0 ? "zero" : new Intl.PluralRules(language).select(count);
  const said = { ...values, count: new Intl.NumberFormat(language).format(count) };
  return find(`${key}_${form}`, said) || find(key, said);
}

/** With values in the places of their names, where there is no Home Assistant to do it. */
export const filled = (text: string, values: Values): string => text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
