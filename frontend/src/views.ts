/** What `bach_lib/web` answers: the shapes of its views, and their commands. */

export type Status = "pending" | "sending" | "failed" | "sent" | "dead" | "expired" | "cancelled" | "uncertain";
export type Deed = "retry" | "send_now" | "amend" | "discard" | "cancel";

/** One message going out. Times are seconds since 1970. */
export interface Row {
  id: number;
  connection: string;
  recipient: string;
  connection_title: string;
  recipient_title: string;
  operation: "send" | "edit" | "delete" | "react";
  title: string | null;
  text: string;
  files: number;
  status: Status;
  held: boolean;
  created_at: number;
  next_retry_at: number | null;
  expires_at: number | null;
  finished_at: number | null;
  retry_count: number;
  max_retries: number;
  error: string | null;
  /** Why the whole connection sends nothing now; null: it does. */
  trouble: string | null;
  can: Deed[];
}

export interface WaitingView {
  rows: Row[];
  /** Where the next page begins; null: there is none. */
  older: number | null;
  /** How many wait, and how many need a person; null: not for this user to know. */
  counts: { waiting: number; needs_person: number } | null;
}

/** What became of messages that something was done to. */
export interface Done {
  sent: number;
  waiting: number;
  failed: number;
  ended: number;
  refused: { id: number; reason: string }[];
}

export interface Place {
  id: string;
  title: string;
  recipients: { id: string; title: string }[];
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

export interface Checked {
  is_good: boolean;
  said: string | null;
  account?: string;
}

export type Role = "notify_only" | "user" | "admin" | "let_in";

export interface HouseholdView {
  questions: { text: string; asked: string[]; answers: string[]; takes_text: boolean; ends_at: number; unreached: string[] }[];
  rules: { name: string; looks_for: string[]; more: number; connection: string | null; is_active: boolean; hint: string | null }[];
  rights: { connection: string; place: string; person: string | null; role: Role; user: string | null }[];
}

export interface MessageView extends Row {
  attempts: Attempt[];
  lost: string[];
  priority: number;
  tag: string | null;
}
