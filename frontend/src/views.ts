/** What `bach_lib/web` answers: the shapes of its views, and their commands. */

export type Status = "pending" | "sending" | "failed" | "sent" | "dead" | "expired" | "cancelled" | "uncertain";
export type ProofKind = "delivered" | "seen" | "answered";
export type MessageAction = "retry" | "send_now" | "amend" | "move" | "discard" | "cancel";
/** What can be done with what was said. */
export type Able = Exclude<Row["operation"], "send"> | "forward" | "put_off";

/** One message going out. Times are seconds since 1970. */
export interface Row {
  id: number;
  connection: string;
  recipient: string;
  connection_title: string;
  recipient_title: string;
  operation: "send" | "edit" | "delete" | "react" | "pin" | "unpin";
  title: string | null;
  text: string;
  files: number;
  status: Status;
  held: boolean;
  created_at: number;
  next_retry_at: number | null;
  /** It waits for this time, and for nothing else. */
  scheduled_for: number | null;
  expires_at: number | null;
  finished_at: number | null;
  retry_count: number;
  max_retries: number;
  error: string | null;
  /** Why the whole connection sends nothing now; null: it does. */
  trouble: string | null;
  /** How many bytes of its large files have gone, while they go. */
  upload: { sent: number; size: number } | null;
  can: MessageAction[];
  /** What is known since it was sent, and of how many people; from delivered to answered. */
  proven: { kind: ProofKind; people: number }[];
}

export interface CountsView {
  /** How many wait, need a person, and how many alarms nobody has acknowledged; null: not for this user to know. */
  counts: { waiting: number; scheduled?: number; needs_person: number; alarms: number } | null;
}

/** A route that was started: an alarm. */
export interface Alarm {
  id: number;
  /** The name of the route, or of the alert. */
  route: string;
  title: string | null;
  text: string;
  /** How many go with each of its messages, and why others do not. */
  files: number;
  lost: string[];
  status: "under_way" | "acknowledged" | "exhausted" | "cancelled";
  started_at: number;
  /** When it goes on, if nobody is heard of. */
  due_at: number | null;
  /** What comes then: the same people are told again, or others; null: nobody is. */
  next: "reminder" | "step" | null;
  ended_at: number | null;
  /** Who has it. */
  by: string | null;
  /** Who wants quiet until `due_at`, while it is quiet. */
  snoozed_by: string | null;
  /** The newest who were told; there may have been more. */
  told: { name: string; at: number; message: number }[];
  told_in_all: number;
}

export interface AlarmsView {
  rows: Alarm[];
  /** Where the next page begins; null: there is none. */
  older: number | null;
  /** Whether there are some at all, though perhaps none of these. */
  any: boolean;
}

export interface WaitingView extends CountsView {
  rows: Row[];
  /** Where the next page begins; null: there is none. */
  older: number | null;
}

/** What became of messages that something was done to. */
export interface Done {
  sent: number;
  waiting: number;
  failed: number;
  ended: number;
  refused: readonly Refused[];
}

export interface Refused {
  id: number;
  reason: string;
}

export interface Place {
  id: string;
  title: string;
  recipients: { id: string; title: string }[];
}

/** What is known of one person. */
export interface Proof {
  kind: ProofKind;
  name: string;
  at: number;
}

export interface Attempt {
  number: number;
  recipient_title: string;
  outcome: "sent" | "retry" | "wait" | "dead" | "uncertain";
  started_at: number | null;
  seconds: number | null;
  error: string | null;
}

/** How one direction of a connection stands. */
export interface Standing {
  state: "starting" | "connected" | "disconnected" | "auth_failed" | "disabled";
  fault: string | null;
  last_success: number | null;
}

export interface Card {
  id: string;
  title: string;
  /** The page with its settings. */
  link: string | null;
  type: string;
  is_on: boolean;
  account: string | null;
  sending: Standing;
  receiving: Standing;
  /** What follows is of connections through which messages go. */
  queue: { waiting: number; needs_person: number } | null;
  breaker?: { state: "closed" | "open" | "half_open"; failures: number; until: number | null } | null;
  counted_since?: number;
  hours?: { sent: number; failed: number; seconds: number | null }[];
  sent_in_last_minute?: number;
  limit?: { count: number; seconds: number } | null;
}

/** How a connection stands, for everybody to whom somebody there belongs. */
export interface OverviewRow {
  id: string;
  title: string;
  is_on: boolean;
  sending: Standing;
  /** null: nothing comes in there. */
  receiving: Standing | null;
  /** What waits of what they may see; `is_more`: not all was looked through. null: messages do not go through it. */
  queue: { waiting: number; needs_person: number; is_more: boolean } | null;
}

export type HopName = "dns" | "tcp" | "proxy" | "tls" | "http" | "credentials" | "permission";

/** A step of the way to a platform; the last one is not good if the way ends there. */
export interface Hop {
  hop: HopName;
  is_good: boolean;
  /** Null where nobody can tell. */
  seconds: number | null;
}

export interface Checked {
  is_good: boolean;
  said: string | null;
  account?: string;
  hops: Hop[];
}

export type Role = "notify_only" | "event" | "user" | "admin" | "let_in";

/** What goes along over a bridge, if somebody wants it. */
export const ALONG = ["with_name", "files", "edits", "deletions"] as const;

/** A place of a bridge, with what waits there, and why its connection does not work. */
export interface BridgeEnd {
  connection: string;
  recipient: string;
  connection_title: string;
  recipient_title: string;
  waiting: number;
  trouble: string | null;
}

export interface BridgeView extends Record<(typeof ALONG)[number], boolean> {
  name: string;
  title: string;
  source: BridgeEnd;
  targets: BridgeEnd[];
  both_ways: boolean;
  is_active: boolean;
  /** For each connection through which something comes in. */
  sides: {
    title: string;
    carried: number;
    carried_at: number | null;
    left_out: number;
    reason: "too_old" | "too_many" | "echo" | "empty" | "refused" | null;
    left_out_at: number | null;
  }[];
}

export interface BridgesView {
  bridges: BridgeView[];
  /** Whether whoever makes one gives it a name. */
  named: boolean;
}

export interface HouseholdView {
  questions: { text: string; asked: string[]; answers: string[]; takes_text: boolean; ends_at: number; unreached: string[] }[];
  rules: { name: string; looks_for: string[]; more: number; connection: string | null; is_active: boolean; hint: string | null }[];
  rights: { connection: string; place: string; person: string | null; role: Role; user: string | null }[];
}

export interface PlaceView {
  /** Its notify entity in Home Assistant. */
  entity: string | null;
  connection: string;
  recipient: string;
  title: string;
  connection_title: string;
  works: boolean;
  /** Among the newest. */
  unread: number;
  last_at: number | null;
  last_text: string | null;
  /** What its platform can do beside sending. */
  can: Exclude<Row["operation"], "send">[];
  /** Whether an emoji joins those of the same sender; else it takes their place. */
  adds_reactions: boolean;
  /** How many files a message may have, and the bytes of each and of all; null: it takes words only. */
  files: { count: number; each: number; all: number } | null;
}

/** A message that went out, in a conversation. */
export interface WentView extends Row {
  direction: "out";
  /** The platform's id of it, once it was sent, and of the message that it changes. */
  ref: string | null;
  concerns: string | null;
  at: number;
  buttons: string[];
  attached: { name: string; size: number }[];
  /** Whether what stands as its text is that: not of a place on the map, nor of what nobody reads here. */
  own_words: boolean;
  /** What can be done with it beside what its platform can. */
  deeds: Able[];
}

/** One that came in. */
export interface CameView {
  direction: "in";
  id: number;
  /** The platform's id of it, or of the message that it changes or reacts to. */
  ref: string | null;
  concerns: string | null;
  at: number;
  sender: string;
  sender_id: string;
  kind: "text" | "command" | "button" | "media" | "location" | "edited" | "deleted" | "reaction" | "vote" | "membership" | "expired" | "other";
  text: string;
  reactions: string[];
  /** An emoji that was taken away, where the platform tells each by itself. */
  removed: string | null;
  file: { type: string; name: string | null; size: number | null } | null;
  /** The message of ours that it is about. */
  about: number | null;
  unread: boolean;
}

export type SaidView = WentView | CameView;

export interface PageView {
  items: SaidView[];
  /** Where the page before it ends, in each direction; null: there is none. */
  before: { out: number | null; in: number | null } | null;
}

export interface MessageView extends Row {
  attempts: Attempt[];
  proofs: Proof[];
  lost: string[];
  priority: number;
  tag: string | null;
  /** Who had it sent, and the page that shows what they did; null: not known, or not for this user to know. */
  origin: { kind: "automation" | "script" | "user"; name: string; link: string | null } | null;
  /** For which person it was, and whether they were at home; null: for none, or not for this user to know. */
  aim: { name: string; is_home: boolean } | null;
  /** What can be done with it, as it was sent. */
  able: Able[];
  /** null: it is so long ago that nobody can tell. */
  is_pinned: boolean | null;
  /** What was done with it since, newest first. */
  changes: Row[];
}
