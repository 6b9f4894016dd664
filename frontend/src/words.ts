/** Words for what the views hold: states, times, amounts. */

import type { Locale, TextKey, Transport } from "./transport.ts";
import type { Attempt, CameView, Card, Hop, HopName, MessageAction, MessageView, Done, ProofKind, Role, Row, Standing, Status } from "./views.ts";

export const STATES: Record<Status, TextKey> = {
  pending: "state.pending",
  sending: "state.sending",
  failed: "state.failed",
  sent: "state.sent",
  dead: "state.dead",
  expired: "state.expired",
  cancelled: "state.cancelled",
  uncertain: "state.uncertain",
};
const PROOFS: Record<ProofKind, TextKey> = { delivered: "proof.delivered", seen: "proof.seen", answered: "proof.answered" };
export const PROOFS_OF: Record<ProofKind, TextKey> = {
  delivered: "message.delivered",
  seen: "message.seen",
  answered: "message.answered",
};
const HOPS: Record<HopName, { name: TextKey; advice: TextKey }> = {
  dns: { name: "hop.dns", advice: "hop.dns_advice" },
  tcp: { name: "hop.tcp", advice: "hop.tcp_advice" },
  proxy: { name: "hop.proxy", advice: "hop.proxy_advice" },
  tls: { name: "hop.tls", advice: "hop.tls_advice" },
  http: { name: "hop.http", advice: "hop.http_advice" },
  credentials: { name: "hop.credentials", advice: "hop.credentials_advice" },
  permission: { name: "hop.permission", advice: "hop.permission_advice" },
};
export const OUTCOMES: Record<Attempt["outcome"], TextKey> = {
  sent: "outcome.sent",
  retry: "outcome.retry",
  wait: "outcome.wait",
  dead: "outcome.dead",
  uncertain: "outcome.uncertain",
};
export const ORIGINS: Record<NonNullable<MessageView["origin"]>["kind"], TextKey> = {
  automation: "message.by_automation",
  script: "message.by_script",
  user: "message.by_user",
};
export const ACTIONS: Record<MessageAction, TextKey> = {
  retry: "action.retry",
  send_now: "action.send_now",
  amend: "action.amend",
  move: "action.move",
  discard: "action.discard",
  cancel: "action.cancel",
};
export const STANDINGS: Record<Standing["state"], TextKey> = {
  starting: "standing.starting",
  connected: "standing.connected",
  disconnected: "standing.disconnected",
  auth_failed: "standing.auth_failed",
  disabled: "standing.disabled",
};
export const BREAKERS: Record<NonNullable<NonNullable<Card["breaker"]>["state"]>, TextKey> = {
  closed: "breaker.closed",
  open: "breaker.open",
  half_open: "breaker.half_open",
};
export const ROLES: Record<Role, TextKey> = {
  notify_only: "role.notify_only",
  event: "role.event",
  user: "role.user",
  admin: "role.admin",
  let_in: "role.let_in",
};
/** The platforms by their names, which are the same in every language; those of others are called as they call themselves. */
export const TYPES: Readonly<Record<string, string>> = {
  claude: "Claude",
  discord: "Discord",
  discord_webhook: "Discord (Webhook)",
  gemini: "Gemini",
  homeassistant: "Home Assistant",
  http: "HTTP",
  mcp: "MCP",
  ollama: "Ollama",
  "openai-compatible": "OpenAI",
  signal: "Signal",
  telegram: "Telegram",
  webhook: "Webhook",
};
/** What somebody did who did not only write. */
export const KINDS: Record<CameView["kind"], TextKey> = {
  text: "came.text",
  command: "came.command",
  button: "came.button",
  media: "came.media",
  location: "came.location",
  edited: "came.edited",
  deleted: "came.deleted",
  reaction: "came.reaction",
  vote: "came.vote",
  membership: "came.membership",
  expired: "came.expired",
  other: "came.other",
};
const CHANGES: Record<Exclude<Row["operation"], "send">, TextKey> = {
  edit: "message.edit",
  delete: "message.delete",
  react: "message.react",
  pin: "message.pin",
  unpin: "message.unpin",
};

const NEEDS_A_PERSON: readonly Status[] = ["dead", "uncertain"];

/** Whether nothing more happens to it until somebody decides. */
export const needsPerson = (row: Row): boolean => row.held || NEEDS_A_PERSON.includes(row.status);

export const state = ({ text }: Transport, row: Row): string =>
  text(row.held ? "state.held" : row.scheduled_for === null ? STATES[row.status] : "state.scheduled");

/** The same, and of what was sent what is known since: of each kind that more people have come to than to the next. */
export function known(transport: Transport, row: Row): string {
  const told = row.proven.filter(({ people }, at) => people > (row.proven[at + 1]?.people ?? 0));
  if (row.status !== "sent" || !told.length) return state(transport, row);
  return told.map(({ kind, people }) => transport.text(PROOFS[kind], { count: people })).join(", ");
}

/** The mark that messengers have for it, beside the words. */
export const mark = (row: Row): string => (row.status !== "sent" ? "" : row.proven.length ? "✓✓ " : "✓ ");

/** A date and time as this person writes them. */
export function time(locale: Locale, seconds: number, style: "medium" | "short" = "short"): string {
  const written = { dateStyle: "medium", timeStyle: style, hour12: locale.hour12, timeZone: locale.timeZone } as const;
  return new Intl.DateTimeFormat(locale.language, written as Intl.DateTimeFormatOptions).format(seconds * 1000);
}

/** A number as this person writes it, with two digits of a fraction at most. */
export const amount = (locale: Locale, number: number): string =>
  new Intl.NumberFormat(locale.language, { maximumFractionDigits: 2 }).format(number);

/** The way to a platform in a sentence: what each hop took, and, where it ends, what to do. */
export function way({ text, locale }: Transport, hops: readonly Hop[]): string {
  const steps = hops.map(({ hop, is_good, seconds }) => {
    const name = text(HOPS[hop].name);
    const took = seconds === null ? name : text("hop.took", { hop: name, milliseconds: amount(locale, Math.round(seconds * 10_000) / 10) });
    return is_good ? took : text("hop.ends", { hop: took });
  });
  if (hops.length === 0) return ""; // it is switched off, or cannot work here
  const end = hops.find((hop) => !hop.is_good);
  return `${text("hop.way", { steps: steps.join(", ") })}${end ? ` ${text(HOPS[end.hop].advice)}` : ""}`;
}

/** How large a file is. */
export function size({ text, locale }: Transport, bytes: number | null): string {
  if (bytes === null) return text("chat.no_size");
  const [amountOf, unit] = bytes < 1_000_000 ? [Math.max(bytes, 100) / 1000, "kilobyte"] : [bytes / 1_000_000, "megabyte"];
  return new Intl.NumberFormat(locale.language, { style: "unit", unit, maximumFractionDigits: 1 }).format(amountOf);
}

/** What the message says, in a line; one without words has files, or changes another one. */
export function words(transport: Transport, row: Row): string {
  const said = [row.title, row.text].filter(Boolean).join(" – ");
  if (row.operation !== "send") return `${transport.text(CHANGES[row.operation])} ${said}`.trim();
  return said || transport.text("message.files", { count: row.files });
}

/** How many need a person and how many wait, in a sentence. */
export function counts({ text }: Transport, found: { needs_person: number; waiting: number; scheduled?: number }): string {
  const said = [text("waiting.need", { count: found.needs_person }), text("waiting.wait", { count: found.waiting })];
  return `${[...said, ...(found.scheduled ? [text("waiting.later", { count: found.scheduled })] : [])].join(", ")}.`;
}

/** Why it is where it is, in a sentence. */
export function reason(transport: Transport, row: Row): string {
  if (row.held) return transport.text("reason.held");
  if (row.scheduled_for !== null) {
    const then = transport.text("reason.scheduled", { time: time(transport.locale, row.scheduled_for) });
    return [row.error, then].filter(Boolean).join(" "); // quiet hours are an error of nobody, and say so there
  }
  if (row.status === "sending" && row.upload) {
    return transport.text("reason.upload", { sent: size(transport, row.upload.sent), size: size(transport, row.upload.size) });
  }
  const why = row.error ?? row.trouble;
  if (row.status === "failed" && row.next_retry_at !== null) {
    const at = time(transport.locale, row.next_retry_at, "medium");
    return [why, transport.text("reason.again", { time: at, tries: row.retry_count, most: row.max_retries })].filter(Boolean).join(" ");
  }
  if (why !== null) return why;
  return row.status === "pending" ? transport.text("reason.turn") : "";
}

/** What a person can do about it, in a sentence; empty where nothing has to be done. */
export function advice({ text }: Transport, row: Row): string {
  if (row.held) return text("advice.held");
  if (row.status === "dead") return text("advice.dead");
  if (row.status === "uncertain") return text("advice.uncertain");
  return row.trouble !== null && row.status !== "sending" ? text("advice.trouble") : "";
}

/** What became of it, in sentences. */
export function outcome({ text }: Transport, done: Done): string {
  const said: string[] = [];
  if (done.sent) said.push(text("done.sent", { count: done.sent }));
  if (done.waiting) said.push(text("done.waiting", { count: done.waiting }));
  if (done.failed) said.push(text("done.failed", { count: done.failed }));
  if (done.ended) said.push(text("done.ended", { count: done.ended }));
  const reasons = new Set(done.refused.map((one) => one.reason));
  if (done.refused.length) said.push(text("done.refused", { count: done.refused.length, reasons: [...reasons].slice(0, 3).join(" ") }));
  return said.join(" ");
}
