/** What was said with somebody, for tests. */

import type { CameView, PageView, PlaceView, WentView } from "../src/views.ts";
import { row } from "./fake.ts";

export const place: PlaceView = {
  entity: "notify.ada",
  connection: "telegram_1",
  recipient: "42/7",
  title: "Ada",
  connection_title: "@home_bot",
  works: true,
  unread: 2,
  last_at: 0,
  last_text: "hello",
  can: ["delete", "edit", "react"],
  adds_reactions: false,
  files: null,
};
export const went = (id: number, more: Partial<WentView> = {}): WentView => ({
  ...row({ id, status: "sent", error: null }),
  direction: "out",
  ref: `${id}`,
  concerns: null,
  at: id,
  buttons: [],
  attached: [],
  own_words: true,
  deeds: ["forward"],
  ...more,
});
export const came = (id: number, more: Partial<CameView> = {}): CameView => ({
  direction: "in",
  id,
  ref: `42:${id}`,
  concerns: null,
  at: id,
  sender: "Ada L.",
  sender_id: "42",
  kind: "text",
  text: `word ${id}`,
  reactions: [],
  removed: null,
  file: null,
  about: null,
  unread: false,
  ...more,
});
export const page = (items: PageView["items"], before: PageView["before"] = null): PageView => ({ items, before });
