/** The buttons for what can be done to some messages: they ask where it concerns many, do it, and tell what became of it. */

import { LitElement, html, nothing } from "lit";
import "./change.ts";
import { tell } from "./events.ts";
import { sentence } from "./live.ts";
import { styles } from "./styles.ts";
import type { Transport } from "./transport.ts";
import type { MessageAction, Done, Row } from "./views.ts";
import "./when.ts";
import type { ChosenTime } from "./when.ts";
import { ACTIONS, outcome, time, words } from "./words.ts";

const ORDER: readonly MessageAction[] = ["retry", "send_now", "amend", "move", "discard", "cancel"];

export class MessageActions extends LitElement {
  static override styles = styles;
  static override properties = {
    transport: { attribute: false },
    rows: { attribute: false },
    asked: { state: true },
    busy: { state: true },
    failed: { state: true },
  };

  declare transport: Transport;
  declare rows: readonly Row[];
  /** What was pressed and needs more than a press. */
  declare asked: MessageAction | undefined;
  declare busy: boolean;
  /** Why it has no other time. */
  declare failed: string | undefined;

  override render() {
    const { rows, transport, asked } = this;
    const possible = ORDER.filter((action) => ((action !== "amend" && action !== "move") || rows.length === 1) && this.able(action).length);
    return html`
      ${possible.length ? html`<div class="bar">${possible.map((action) => this.button(action))}</div>` : nothing}
      ${asked === "discard" || asked === "cancel" ? this.question(asked) : nothing}
      ${asked === "amend"
        ? html`<bach-change .transport=${transport} .row=${rows[0]} @close=${this.close}></bach-change>`
        : nothing}
      ${asked === "move"
        ? html`<bach-when
            .transport=${transport}
            .heading=${transport.text("when.move")}
            .planned=${rows[0]?.scheduled_for}
            .error=${this.failed}
            .busy=${this.busy}
            @bach-chosen=${this.move}
            @close=${this.close}
          ></bach-when>`
        : nothing}
    `;
  }

  override updated(): void {
    const dialog = this.renderRoot.querySelector("dialog");
    if (dialog && !dialog.open) dialog.showModal();
  }

  private button(action: MessageAction) {
    const name = this.transport.text(ACTIONS[action]);
    const able = this.able(action);
    const many = this.rows.length > 1;
    const asks = action === "amend" || action === "move" || (many && (action === "discard" || action === "cancel")); // one is undone as easily
    const press = asks ? () => (this.asked = action) : () => this.act(action);
    return html`<button
      ?disabled=${this.busy}
      data-action=${action}
      aria-label=${many ? `${name} (${able.length})` : `${name}: ${words(this.transport, able[0]!)}`}
      @click=${press}
    >
      ${many ? `${name} (${able.length})` : name}
    </button>`;
  }

  private question(action: "discard" | "cancel") {
    const { text } = this.transport;
    const count = this.able(action).length;
    const yes = () => {
      this.close();
      void this.act(action);
    };
    return html`<dialog @close=${this.close} aria-labelledby="question">
      <form method="dialog">
        <h2 id="question">${text(action === "discard" ? "ask.discard" : "ask.cancel", { count })}</h2>
        <div class="bar">
          <button type="button" @click=${yes}>${text(ACTIONS[action])}</button>
          <button>${text("ask.back")}</button>
        </div>
      </form>
    </dialog>`;
  }

  private able(action: MessageAction): Row[] {
    return this.rows.filter((row) => row.can.includes(action));
  }

  private close = (): void => {
    this.asked = this.failed = undefined;
  };

  private move = async ({ detail: { at, seconds } }: ChosenTime): Promise<void> => {
    const { transport } = this;
    this.busy = true;
    try {
      await transport.call<Done>("bach/panel/amend", { message_id: this.rows[0]!.id, changes: { not_before: at } });
      tell(this, { said: transport.text("done.moved", { time: time(transport.locale, seconds) }), isError: false });
      this.close();
    } catch (error) {
      this.failed = sentence(error);
    } finally {
      this.busy = false;
    }
  };

  private async act(what: MessageAction): Promise<void> {
    this.busy = true;
    try {
      const ids = this.able(what).map((row) => row.id);
      const done = await this.transport.call<Done>("bach/panel/act", { what, ids });
      const refused = new Set(done.refused.map(({ id }) => id));
      const isError = refused.size === ids.length;
      const said = outcome(this.transport, done);
      const isUndoable = !isError && (what === "discard" || what === "cancel");
      tell(this, { said, isError, ...(isUndoable && { undo: () => this.undo(ids.filter((id) => !refused.has(id))) }) });
    } catch (error) {
      tell(this, { said: sentence(error), isError: true });
    } finally {
      this.busy = false;
    }
  }

  private undo(ids: readonly number[]) {
    return this.transport.call<Done>("bach/panel/act", { what: "undo", ids }).then(({ refused }) => refused);
  }
}

if (!customElements.get("bach-message-actions")) customElements.define("bach-message-actions", MessageActions);
