/** What the app knows of the home it runs in. Two shells implement it (panel.ts in Home Assistant); the app never sees either. */

import type en from "../../custom_components/bach/translations/en.json";

type Texts = (typeof en)["config_panel"];
/** A text of translations/en.json, as "group.key": one that is not there does not compile. */
export type TextKey = { [Group in keyof Texts & string]: `${Group}.${keyof Texts[Group] & string}` }[keyof Texts & string];
export type Values = Record<string, string | number>;

/** How this person writes numbers and times. */
export interface Locale {
  language: string;
  hour12: boolean | undefined;
  timeZone: string | undefined;
}

export interface Transport {
  readonly locale: Locale;
  /** Hear `on` at each event until the returned function is called. Rejects if nobody takes the subscription. */
  subscribe(type: string, on: () => void): Promise<() => void>;
  /** Ask for something. Rejects with an `Error` whose message is a sentence for people. */
  call<R>(type: string, data?: object): Promise<R>;
  /** Send a message with files. Rejects as `call` does. */
  upload<R>(data: object, files: readonly File[]): Promise<R>;
  /** Cameras whose picture can be taken now, where the home has such. */
  cameras?(): { id: string; title: string }[];
  /** The picture of one. Rejects as `call` does. */
  snapshot?(camera: string): Promise<Blob>;
  /** What stands for a key in this person's language; needs no `this`. */
  readonly text: (key: TextKey, values?: Values) => string;
  /** Hear when the connection was lost (false) and is there again (true), until the returned function is called. */
  follow(on: (connected: boolean) => void): () => void;
}

/** A message with files, as both homes take it: the fields first, so that they can be refused before the files are read. */
export async function post<R>(send: (init: RequestInit) => Promise<Response>, data: object, files: readonly File[]): Promise<R> {
  const body = new FormData();
  body.append("message", JSON.stringify(data));
  for (const file of files) body.append("file", file, file.name);
  const answer = await send({ method: "POST", body });
  const said = (await answer.json().catch(() => ({}))) as { detail?: string };
  if (!answer.ok) throw new Error(said.detail ?? `${answer.status} ${answer.statusText}`);
  return said as R;
}
