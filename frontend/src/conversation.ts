/** One conversation, as messengers show it: both directions in one order, what became of each, and a box to write in. */

import { LitElement, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { type AttachEvent } from "./attachments.ts";
import { layout, small } from "./conversation-layout.ts";
import { Drafts, type Letter, nameOf } from "./drafts.ts";
import { link } from "./events.ts";
import { folded } from "./folding.ts";
import { Live, sentence } from "./live.ts";
import { LoadedHistory, keyOf } from "./loaded-history.ts";
import { type Around, item } from "./said.ts";
import { Notice } from "./notice.ts";
import { styles } from "./styles.ts";
import type { Transport } from "./transport.ts";
import type { CameView, PageView, PlaceView } from "./views.ts";

interface Wrote {
  /** What it goes without, and why. */
  lost: string[];
}

/** Pixels from the top at which the page before is loaded, and from the end at which somebody reads the newest. */
const [NEAR_TOP, NEAR_END] = [200, 40];

export class Conversation extends LitElement {
  static override styles = [styles, small, layout];
  static override properties = {
    transport: { attribute: false },
    place: { attribute: false },
    error: { state: true },
    busy: { state: true },
    answered: { state: true },
    pictures: { state: true },
    files: { state: true },
  };

  declare transport: Transport;
  declare place: PlaceView;
  declare error: string | undefined;
  declare busy: boolean;
  /** What is being answered. */
  declare answered: CameView | undefined;
  /** Those that somebody wanted to see, by the message. */
  declare pictures: Readonly<Record<number, string>>;

  /** What goes with the next message. */
  declare files: readonly File[];

  private said = new LoadedHistory();
  private loading = false;
  private readonly drafts = new Drafts();
  private readsNewest = true;
  private top = 0;
  /** Messages draw what is in them after the list, and pictures come later still. */
  private readonly grown = new ResizeObserver(() => this.followNewest());
  private live = new Live<PageView>(this, async () => {
    const { said, here } = this;
    const page = await this.transport.call<PageView>("bach/panel/conversation", here);
    said.takeNewest(page);
    return page;
  });

  constructor() {
    super();
    [this.pictures, this.files] = [{}, []];
    this.addEventListener("dragover", this.dragged);
    this.addEventListener("drop", this.dropped);
    this.addEventListener("paste", this.pasted);
  }

  private notice = new Notice(this, async () => {
    await this.live.refresh();
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("[role=status]")?.focus(); // the button is gone
  });

  private get here() {
    return { connection: this.place.connection, recipient: this.place.recipient };
  }

  override willUpdate(changed: Map<string, unknown>): void {
    const before = changed.get("place") as PlaceView | undefined;
    if (before && nameOf(before) !== nameOf(this.place)) this.turnFrom(before);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("resize", this.measure);
    this.measure();
  }

  override updated(): void {
    for (const item of this.list?.children ?? []) this.grown.observe(item);
    this.followNewest();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.grown.disconnect();
    window.removeEventListener("resize", this.measure);
  }

  override render() {
    const { text } = this.transport;
    const { items, later, before, isAtEnd } = this.said;
    const { view, error } = this.live;
    const unread = items.filter((one): one is CameView => one.direction === "in" && one.unread);
    return html`
      <div class="bar">
        <span class="back" part="back">${link("/chat", text("chat.back"))}</span>
        <h3>${this.place.title}</h3>
        <span class="quiet">${this.place.connection_title}</span>
        ${unread.length ? html`<button @click=${() => this.markRead(unread)}>${text("chat.mark_read", { count: unread.length })}</button>` : nothing}
      </div>
      ${this.notice.status()}
      <ol tabindex="0" aria-label=${text("chat.with", { name: this.place.title })} @scroll=${this.scrolled} @bach-changed=${this.live.refresh} @bach-done=${this.notice.show}>
        ${before ? html`<li><button @click=${this.older}>${text("waiting.older")}</button></li>` : nothing}
        ${view && !items.length ? html`<li class="quiet">${text("chat.empty")}</li>` : nothing}
        ${repeat(folded(items, later), ({ one }) => keyOf(one), (told) => item(this.around, told))}
        ${isAtEnd ? nothing : html`<li><button @click=${this.begin}>${text("chat.newest")}</button></li>`}
      </ol>
      <form @submit=${this.send}>
        <p role="alert">${this.error ?? this.notice.error ?? error ?? ""}</p>
        ${this.answered
          ? html`<p class="bar">
              <span class="quiet">${text("chat.answers", { words: this.answered.text.slice(0, 80) })}</span>
              <button type="button" @click=${() => (this.answered = undefined)}>${text("ask.back")}</button>
            </p>`
          : nothing}
        <label>${text("chat.write", { name: this.place.title })}
          <textarea name="text" rows="2" ?required=${!this.files.length} @keydown=${this.typed}></textarea>
        </label>
        <button ?disabled=${this.busy}>${text("chat.send")}</button>
        ${this.place.files
          ? html`<bach-attachments .transport=${this.transport} .limits=${this.place.files} .files=${this.files} @bach-attach=${this.attached}></bach-attachments>`
          : nothing}
        <p role="status">${this.busy && this.files.length ? text("chat.sending") : ""}</p>
      </form>
    `;
  }

  /** It is as high as what the bars above it leave of the window. */
  private measure = (): void => this.style.setProperty("--begins", `${Math.max(0, this.getBoundingClientRect().top + window.scrollY)}px`);

  private get around(): Around {
    return {
      transport: this.transport,
      place: this.place,
      pictures: this.pictures,
      show: (one) => void this.show(one),
      answer: (one) => this.answer(one),
    };
  }

  private get list(): HTMLElement | null {
    return this.renderRoot.querySelector("ol");
  }

  private get box(): HTMLTextAreaElement {
    return this.renderRoot.querySelector("textarea")!;
  }

  /** What was written to one is not sent to another, and waits until somebody comes back to it. */
  private turnFrom(before: PlaceView): void {
    const draft = this.drafts.turn(before, { text: this.box.value, files: this.files }, this.place);
    [this.box.value, this.files] = [draft.text, draft.files];
    this.begin();
  }

  private begin = (): void => {
    [this.said, this.answered, this.error, this.readsNewest] = [new LoadedHistory(), undefined, undefined, true];
    this.notice.clear();
    void this.live.refresh();
  };

  private scrolled = (event: Event): void => {
    const { scrollTop, scrollHeight, clientHeight } = event.target as HTMLElement;
    const isAtEnd = scrollHeight - scrollTop <= clientHeight + NEAR_END;
    this.readsNewest = isAtEnd || (this.readsNewest && scrollTop >= this.top); // what has only grown longer was not left
    this.top = scrollTop;
    if (scrollTop < NEAR_TOP) void this.older();
  };

  /** Whoever reads the newest goes on doing so when there is a newer one, or more in it; who does something at one, stays there. */
  private followNewest(): void {
    const [list, active] = [this.list, (this.renderRoot as ShadowRoot).activeElement];
    if (list && this.readsNewest && this.said.isAtEnd && !active?.closest("li")) list.scrollTop = list.scrollHeight;
  }

  private older = async (): Promise<void> => {
    const { said, here } = this;
    if (this.loading || !said.before) return;
    this.loading = true;
    try {
      const before = { ...(said.before.out && { before_out: said.before.out }), ...(said.before.in && { before_in: said.before.in }) };
      const page = await this.transport.call<PageView>("bach/panel/conversation", { ...here, ...before });
      if (said !== this.said) return; // another place was chosen meanwhile
      const tops = [...(this.list?.querySelectorAll("li[data-key]") ?? [])].map((row) => [row, row.getBoundingClientRect().top] as const);
      said.takeOlder(page);
      this.requestUpdate();
      await this.updateComplete;
      const [first, top] = tops.find(([row]) => row.isConnected) ?? []; // others are shown in what they concern now
      if (first && this.list) this.list.scrollTop += first.getBoundingClientRect().top - top!; // what was read stays where it is
    } catch (error) {
      this.error = sentence(error);
    } finally {
      this.loading = false;
    }
  };

  private answer(one: CameView): void {
    this.answered = one;
    this.box.focus();
  }

  private typed = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.renderRoot.querySelector("form")?.requestSubmit();
  };

  private send = (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy) return Promise.resolve(); // the enter key asks no button
    const { box, files, place } = this;
    const letter: Letter = { ...this.here, ...(this.answered && { answer_to: this.answered.id }), text: box.value };
    return this.act(async () => {
      const wish = { ...letter, key: this.drafts.keyOf(letter, files) };
      const { lost } = await (files.length ? this.transport.upload<Wrote>(wish, files) : this.transport.call<Wrote>("bach/panel/write", wish));
      this.drafts.sent(letter);
      if (nameOf(this.place) !== nameOf(place)) return;
      this.answered = undefined;
      if (box.value === letter.text) box.value = ""; // else somebody has begun with the next
      if (this.files === files) this.files = [];
      box.focus();
      if (lost.length) throw new Error(this.transport.text("chat.went_without", { reasons: lost.join(" ") }));
    });
  };

  private attached = ({ detail }: AttachEvent): void => {
    [this.files, this.error] = [detail.files, detail.refused];
  };

  private dragged = (event: DragEvent): void => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); // else the browser opens what is dropped
  };

  private dropped = (event: DragEvent): void => this.take(event, event.dataTransfer);

  private pasted = (event: ClipboardEvent): void => this.take(event, event.clipboardData);

  private take(event: Event, from: DataTransfer | null): void {
    if (!from?.files.length) return;
    event.preventDefault();
    const attachments = this.renderRoot.querySelector("bach-attachments");
    if (attachments) attachments.add(from.files);
    else this.error = this.transport.text("chat.words_only");
  }

  private markRead(unread: readonly CameView[]): Promise<void> {
    const ids = unread.slice(-100).map((one) => one.id);
    const mark = (is_read: boolean) => this.transport.call("bach/panel/mark_read", { ids, is_read });
    return this.act(async () => {
      await mark(true);
      await this.notice.say({ said: this.transport.text("chat.marked"), isError: false, undo: () => mark(false).then(() => []) });
    });
  }

  private show(one: CameView): Promise<void> {
    return this.act(async () => {
      const { source } = await this.transport.call<{ source: string }>("bach/panel/picture", { incoming_id: one.id });
      this.pictures = { ...this.pictures, [one.id]: source };
    });
  }

  private async act(action: () => Promise<unknown>): Promise<void> {
    this.busy = true;
    this.error = undefined;
    try {
      await action();
      await this.live.refresh();
    } catch (error) {
      this.error = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}

if (!customElements.get("bach-conversation")) customElements.define("bach-conversation", Conversation);
