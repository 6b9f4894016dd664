/** A page for elements to live in: injected before everything else, as Lit looks at the page when it is loaded. */

import { Window } from "happy-dom";

const page = new Window({ url: "http://home.local/bach" });
for (const name of Object.getOwnPropertyNames(page))
  if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value: page[name as keyof Window], configurable: true, writable: true });
for (const name of ["Event", "CustomEvent", "EventTarget", "FormData"] as const) Object.assign(globalThis, { [name]: page[name] });
Object.assign(globalThis, { window: globalThis, document: page.document });
