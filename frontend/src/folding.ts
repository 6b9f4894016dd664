/**
 * Lays edits, deletions, reactions and presses of both sides into the message that they concern, if it is among what is loaded;
 * else they stay rows of their own. And says how a message stands after them.
 */

import { keyOf } from "./loaded-history.ts";
import type { CameView, PlaceView, SaidView, WentView } from "./views.ts";

/** A message with what was changed of it, oldest first. */
export interface Told<S extends SaidView = SaidView> {
  one: S;
  changes: SaidView[];
}

/** How it stands now. */
export interface Shape {
  /** The newest change of its words that has arrived. */
  words: SaidView | undefined;
  isDeleted: boolean;
  /** Whether this home keeps it in sight. */
  isPinned: boolean;
  /** Who reacted with what; an empty name is this home's. */
  reactions: { emoji: string; names: string[] }[];
  /** Who pressed which of its buttons. */
  pressed: Map<string, string[]>;
  /** Changes of ours that have not arrived: they wait, or failed. */
  open: WentView[];
}

/** `later`: changes that are newer than all items, and shown only in what they concern. */
export function folded(items: readonly SaidView[], later: readonly SaidView[] = []): Told[] {
  const told = items.map((one): Told => ({ one, changes: [] }));
  const finder = new Finder(told);
  const isFolded = new Set<Told>();
  for (const own of told) {
    const about = finder.find(own.one);
    if (!about) continue;
    about.changes.push(own.one);
    isFolded.add(own);
  }
  for (const one of later) finder.find(one)?.changes.push(one);
  return told.filter((one) => !isFolded.has(one));
}

export function shapeOf({ changes }: Told, { adds_reactions }: Pick<PlaceView, "adds_reactions">): Shape {
  const shape: Shape = { words: undefined, isDeleted: false, isPinned: false, reactions: [], pressed: new Map(), open: [] };
  const hands = new Map<string, { name: string; emojis: Set<string> }>();
  for (const change of changes) {
    if (isPress(change)) {
      const names = shape.pressed.get(change.text) ?? [];
      shape.pressed.set(change.text, [...names.filter((name) => name !== change.sender), change.sender]);
      continue;
    }
    const isOut = change.direction === "out";
    if (isOut && change.status !== "sent") {
      if (change.status !== "cancelled") shape.open.push(change);
      continue;
    }
    if (isOut) shape.open = shape.open.filter((one) => one.operation !== change.operation); // it was done after all
    if (isOut ? change.operation === "react" : change.kind === "reaction") {
      const [who, name] = isOut ? ["out", ""] : [`in${change.sender_id}`, change.sender];
      const before = adds_reactions ? (hands.get(who)?.emojis ?? []) : [];
      const emojis = new Set([...before, ...(isOut ? [change.text] : change.reactions)]);
      if (!isOut && change.removed !== null) emojis.delete(change.removed);
      hands.set(who, { name, emojis });
    } else if (isOut ? change.operation === "delete" : change.kind === "deleted") shape.isDeleted = true;
    else if (isOut && isPin(change)) shape.isPinned = change.operation === "pin";
    else shape.words = change;
  }
  const names = new Map<string, string[]>();
  for (const { name, emojis } of hands.values()) for (const emoji of emojis) names.set(emoji, [...(names.get(emoji) ?? []), name]);
  shape.reactions = [...names].map(([emoji, those]) => ({ emoji, names: those }));
  return shape;
}

/** Finds a message by our own id of it, or by the platform's, which may be written with its chat or without. */
class Finder {
  private readonly ours = new Map<number, Told>();
  private readonly exact = new Map<string, Told>();
  private readonly ends = new Map<string, Told>();

  constructor(all: readonly Told[]) {
    for (const told of all) {
      const { ref, direction, id } = told.one;
      if (direction === "out") this.ours.set(id, told);
      if (ref === null || this.exact.has(ref)) continue; // of one with several files the first has the words
      this.exact.set(ref, told);
      this.ends.set(end(ref), told);
    }
  }

  find(change: SaidView): Told | undefined {
    const { concerns } = change;
    if (concerns === null && !isPress(change)) return undefined;
    const known = about(change);
    const found = (known === null ? undefined : this.ours.get(known)) ?? this.byRef(concerns);
    return found && keyOf(found.one) !== keyOf(change) && isOf(change, found.one) ? found : undefined;
  }

  private byRef(concerns: string | null): Told | undefined {
    return concerns === null ? undefined : (this.exact.get(concerns) ?? this.short(concerns));
  }

  private short(concerns: string): Told | undefined {
    const found = this.ends.get(end(concerns));
    return found && (end(concerns) === concerns || end(found.one.ref!) === found.one.ref) ? found : undefined;
  }
}

const end = (ref: string): string => ref.slice(ref.lastIndexOf(":") + 1);

const isPress = (one: SaidView): one is CameView & { kind: "button" } => one.direction === "in" && one.kind === "button";

const isPin = ({ operation }: WentView): boolean => operation === "pin" || operation === "unpin";

const about = (one: SaidView): number | null => (one.direction === "in" ? one.about : null);

/** Only who wrote a message gives it other words. */
const isOf = (change: SaidView, one: SaidView): boolean =>
  change.direction === "out"
    ? change.operation === "react" || isPin(change) || one.direction === "out"
    : isPress(change)
      ? one.direction === "out"
      : change.kind === "reaction" || (one.direction === "in" && one.sender_id === change.sender_id);
