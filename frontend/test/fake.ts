/** A home that answers what a test tells it to, and remembers what it was asked. */

import type { LitElement } from "lit";
import type { Locale, TextKey, Transport, Values } from "../src/transport.ts";
import type { Row } from "../src/views.ts";

type Answer = (data: Record<string, unknown>) => unknown;

export class FakeHome implements Transport {
  locale: Locale = { language: "en", hour12: false, timeZone: "UTC" };
  asked: { type: string; data: Record<string, unknown> }[] = [];
  hearers = new Set<() => void>();
  followers = new Set<(connected: boolean) => void>();

  constructor(readonly answers: Record<string, Answer>) {}

  async subscribe(_type: string, on: () => void): Promise<() => void> {
    this.hearers.add(on);
    return () => this.hearers.delete(on);
  }

  async call<R>(type: string, data: object = {}): Promise<R> {
    const name = type.replace("bach/panel/", "");
    this.asked.push({ type: name, data: { ...data } });
    const answer = this.answers[name];
    if (!answer) throw new Error(`nobody answers ${name}`);
    return (await answer({ ...data })) as R;
  }

  async upload<R>(data: object, files: readonly File[]): Promise<R> {
    return this.call("upload", { ...data, files: files.map((file) => file.name) });
  }

  text = (key: TextKey, values: Values = {}): string => [key, ...Object.values(values)].join(" ");

  follow(on: (connected: boolean) => void): () => void {
    this.followers.add(on);
    return () => this.followers.delete(on);
  }

  change(): void {
    for (const hear of this.hearers) hear();
  }

  questions(type: string): Record<string, unknown>[] {
    return this.asked.filter((one) => one.type === type).map((one) => one.data);
  }
}

export const row = (more: Partial<Row> = {}): Row => ({
  id: 7,
  connection: "telegram_1",
  recipient: "42",
  connection_title: "@home_bot",
  recipient_title: "Ada",
  operation: "send",
  title: null,
  text: "hello",
  files: 0,
  status: "dead",
  held: false,
  created_at: 0,
  next_retry_at: null,
  scheduled_for: null,
  expires_at: null,
  finished_at: 0,
  retry_count: 1,
  max_retries: 5,
  error: "Chat not found",
  trouble: null,
  upload: null,
  can: ["retry", "amend", "discard"],
  proven: [],
  ...more,
});

/** Of a message with which nothing can be done. */
export const NOTHING_MORE = { able: [], is_pinned: false, changes: [] };

/** Put an element on the page, and let it draw what it was told at once. */
export async function show<E extends LitElement>(name: string, properties: Partial<E>): Promise<E> {
  const element = document.createElement(name) as E;
  Object.assign(element, properties);
  document.body.replaceChildren(element);
  await settled(element);
  return element;
}

/** Until the answers that are there already are drawn. */
export async function settled(element: LitElement): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise(setImmediate);
    await element.updateComplete;
  }
}

export const seen = (element: Element): string =>
  [...element.shadowRoot!.childNodes].map((one) => (one.nodeName === "STYLE" ? "" : (one.textContent ?? ""))).join(" ").replace(/\s+/g, " ");
