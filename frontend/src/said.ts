/** How one message stands in a conversation: its words as they are now, what became of it, and what can be done with it. */

import { html, nothing } from "lit";
import { link } from "./events.ts";
import { type Told, shapeOf } from "./folding.ts";
import { keyOf } from "./loaded-history.ts";
import "./more.ts";
import "./own-message.ts";
import "./react.ts";
import type { TextKey, Transport } from "./transport.ts";
import type { Able, CameView, PlaceView, SaidView, WentView } from "./views.ts";
import { KINDS, known, mark, needsPerson, reason, size, state, time, words } from "./words.ts";

/** The conversation around it. */
export interface Around {
  transport: Transport;
  place: PlaceView;
  /** Those that somebody wanted to see, by the message. */
  pictures: Readonly<Record<number, string>>;
  show(one: CameView): void;
  answer(one: CameView): void;
}

const OPEN: Record<Exclude<WentView["operation"], "send">, TextKey> = {
  edit: "chat.will_say",
  delete: "chat.will_go",
  react: "chat.will_react",
  pin: "chat.will_pin",
  unpin: "chat.will_unpin",
};
/** What somebody said, which can be answered and reacted to. */
const WORDS: readonly CameView["kind"][] = ["text", "media", "command", "location"];

export const item = (around: Around, told: Told) =>
  isOut(told) ? went(around, told) : came(around, told as Told<CameView>);

/** Whether it is about to be deleted. */
const isGoing = (one: WentView): boolean => one.operation === "delete" && (one.status === "pending" || one.status === "sending" || one.status === "failed");

const isOut = (told: Told): told is Told<WentView> => told.one.direction === "out";

function went(around: Around, told: Told<WentView>) {
  const { transport, place } = around;
  const { text, locale } = transport;
  const { one } = told;
  const shape = shapeOf(told, place);
  const now = shape.words?.direction === "out" ? shape.words : undefined;
  const shown = now ? { ...one, title: now.title, text: now.text } : one;
  const buttons = [...new Set([...(now?.buttons ?? one.buttons), ...shape.pressed.keys()])]; // once it is answered, a question has none
  const why = one.status === "sent" ? "" : reason(transport, one);
  const can = [...(one.own_words ? place.can : place.can.filter((deed) => deed !== "edit")), ...one.deeds];
  const isThere = one.ref !== null && one.status === "sent" && !shape.isDeleted && !shape.open.some(isGoing);
  return html`<li class="card out" data-key=${keyOf(one)}>
    ${saying(shape.isDeleted, words(transport, shown))}
    ${one.attached.map((file) => html`<p class="quiet">${text("chat.file", { name: file.name, size: size(transport, file.size) })}</p>`)}
    ${buttons.length
      ? html`<p class="bar">${buttons.map((button) => buttonOf(button, shape.pressed.get(button)))}</p>`
      : nothing}
    ${after(around, told)}
    <p class="quiet">
      <time>${time(locale, one.at)}</time> ·
      ${link(`/message/${one.id}`, html`<span class=${needsPerson(one) ? "state needs-person" : ""}><span aria-hidden="true">${mark(one)}</span>${known(transport, one)}</span>`)}
      ${marks(around, told)}
    </p>
    ${why ? html`<p>${why}</p>` : nothing}
    ${isThere
      ? html`<bach-own-message .transport=${transport} .number=${one.id} .seen=${now?.id} .words=${shown.text} .can=${can} .isPinned=${shape.isPinned}></bach-own-message>`
      : nothing}
  </li>`;
}

const buttonOf = (button: string, names: readonly string[] = []) =>
  html`<span class="button ${names.length ? "pressed" : ""}">${button}${names.length ? ` ✓ ${names.join(", ")}` : nothing}</span>`;

function came(around: Around, told: Told<CameView>) {
  const { transport, place } = around;
  const { text, locale } = transport;
  const { one } = told;
  const { words: now, isPinned } = shapeOf(told, place);
  const can: Able[] = [...place.can, "forward"];
  const picture = around.pictures[one.id];
  const key = one.kind === "vote" && !one.text ? "came.vote_back" : KINDS[one.kind];
  const what = text(key, { name: one.sender, words: one.reactions.join(" ") });
  return html`<li class="card" data-key=${keyOf(one)}>
    <p><strong>${what}</strong></p>
    ${saying(false, now?.text ?? one.text)}
    ${one.file
      ? html`<p class="quiet">${text("chat.file", { name: one.file.name ?? one.file.type, size: size(transport, one.file.size) })}</p>`
      : nothing}
    ${picture
      ? html`<img src=${picture} alt=${text("chat.picture", { name: one.sender })} />`
      : one.file?.type === "photo"
        ? html`<button @click=${() => around.show(one)}>${text("chat.show")}</button>`
        : nothing}
    ${after(around, told)}
    <p class="quiet">
      <time>${time(locale, one.at)}</time>
      ${one.unread ? html`· ${text("chat.is_unread")}` : nothing} ${marks(around, told)}
    </p>
    ${WORDS.includes(one.kind)
      ? html`<div class="bar deeds">
          <button class="plain" @click=${() => around.answer(one)}>${text("chat.answer")}</button>
          ${place.can.includes("react") ? html`<bach-react .transport=${transport} .number=${one.id} .came=${true}></bach-react>` : nothing}
          <bach-more .transport=${transport} .number=${one.id} .came=${true} .can=${can} .isPinned=${isPinned}></bach-more>
        </div>`
      : nothing}
  </li>`;
}

const saying = (isDeleted: boolean, shown: string) =>
  html`<p class="said">${isDeleted ? html`<del>${shown}</del>` : shown}</p>`;

/** The reactions below it, and changes of ours that have not arrived. */
function after({ transport, place }: Around, told: Told<SaidView>) {
  const { text } = transport;
  const { reactions, open } = shapeOf(told, place);
  const who = (names: readonly string[]) => names.map((name) => name || text("chat.home")).join(", ");
  return html`
    ${reactions.length
      ? html`<p class="bar" data-reactions>${reactions.map(({ emoji, names }) => html`<span class="reaction">${emoji} ${who(names)}</span>`)}</p>`
      : nothing}
    ${open.map(
      (one) => html`<p class="open">
        ${one.operation === "send" ? nothing : text(OPEN[one.operation], { words: one.text })}
        ${link(`/message/${one.id}`, html`<span class=${needsPerson(one) ? "state needs-person" : ""}>${state(transport, one)}</span>`)}
        ${reason(transport, one)}
      </p>`,
    )}
  `;
}

function marks({ transport, place }: Around, told: Told<SaidView>) {
  const { words: now, isDeleted, isPinned } = shapeOf(told, place);
  if (isDeleted) return html`· ${transport.text("chat.deleted")}`;
  return html`${now ? html`· ${transport.text("chat.edited")}` : nothing} ${isPinned ? html`· ${transport.text("chat.pinned")}` : nothing}`;
}
