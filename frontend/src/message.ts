/** The page of one message: what it says, where it stands and why, and each attempt to deliver it, as a timeline. */

import { LitElement, css, html, nothing } from "lit";
import "./message-actions.ts";
import "./own-message.ts";
import { link } from "./events.ts";
import { Live } from "./live.ts";
import { Notice } from "./notice.ts";
import { styles } from "./styles.ts";
import type { Transport } from "./transport.ts";
import type { Attempt, MessageView, Proof, Row } from "./views.ts";
import { ORIGINS, OUTCOMES, PROOFS_OF, advice, amount, known, needsPerson, reason, state, time, words } from "./words.ts";

/** Seconds; what took less took none, for a person. */
const SHOWN = 0.01;

export class Message extends LitElement {
  static override styles = [
    styles,
    css`
      .card {
        display: grid;
        gap: 12px;
        margin: 16px 0;
      }
      .card p {
        margin: 0;
      }
      ol {
        display: grid;
        gap: 16px;
        margin: 0;
        padding: 0;
        padding-inline-start: 20px;
        border-inline-start: 2px solid var(--divider-color, GrayText);
        list-style: none;
      }
    `,
  ];
  static override properties = {
    transport: { attribute: false },
    number: { attribute: false },
  };

  declare transport: Transport;
  declare number: number;

  private live = new Live<MessageView>(this, () => this.transport.call("bach/panel/message", { message_id: this.number }));

  private notice = new Notice(this, async () => {
    await this.live.refresh();
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("[role=status]")?.focus();
  });

  override updated(changed: Map<string, unknown>): void {
    if (changed.get("number") === undefined) return;
    this.notice.clear();
    void this.live.refresh();
  }

  override render() {
    const { text } = this.transport;
    const { view, error } = this.live;
    return html`
      <p>${link("/", text("message.back"))}</p>
      <h2>${text("message.title", { id: this.number })}</h2>
      ${this.notice.render(error)}
      ${view?.id === this.number ? this.whole(view) : error === undefined ? html`<p class="quiet">${text("app.loading")}</p>` : nothing}
    `;
  }

  private whole(view: MessageView) {
    const { transport } = this;
    const to = { recipient: view.recipient_title, connection: view.connection_title };
    const [why, todo] = [reason(transport, view), advice(transport, view)];
    return html`
      <section class="card" @bach-done=${this.notice.show}>
        <p class="state ${needsPerson(view) ? "needs-person" : ""}">${known(transport, view)}</p>
        ${why || todo ? html`<p>${why} <span class="quiet">${todo}</span></p>` : nothing}
        <bach-message-actions .transport=${transport} .rows=${[view]}></bach-message-actions>
      </section>
      <section class="card">
        <p class="quiet">${transport.text("message.to", to)}</p>
        ${view.aim ? html`<p class="quiet">${transport.text(view.aim.is_home ? "message.for_home" : "message.for_away", { name: view.aim.name })}</p>` : nothing}
        ${view.title ? html`<p><strong class="said">${view.title}</strong></p>` : nothing}
        <p class="said">${view.text}</p>
        ${view.files ? html`<p class="quiet">${transport.text("message.files", { count: view.files })}</p>` : nothing}
        ${view.lost.map((one) => html`<p class="quiet">${one}</p>`)}
        ${view.able.length ? this.deeds(view) : nothing}
      </section>
      <section class="card">
        <h2>${transport.text("message.history")}</h2>
        <ol>
          <li>${this.moment(view.created_at)} ${this.queued(view)}</li>
          ${view.attempts.map((attempt) => this.attempt(attempt))}
          ${view.finished_at !== null && view.attempts.at(-1)?.outcome !== view.status
            ? html`<li>${this.moment(view.finished_at)} ${state(transport, view)}</li>`
            : nothing}
          ${view.proofs.map((proof) => this.proof(proof))}
          ${[...view.changes].reverse().map((change) => this.change(change))}
        </ol>
      </section>
    `;
  }

  private deeds(view: MessageView) {
    const { transport } = this;
    const seen = view.changes.find((one) => one.operation === "edit" && one.status === "sent");
    return html`<div @bach-changed=${this.live.refresh} @bach-done=${this.notice.show}>
      <bach-own-message
        .transport=${transport}
        .number=${view.id}
        .seen=${seen?.id}
        .words=${seen?.text ?? view.text}
        .can=${view.able}
        .isPinned=${view.is_pinned}
        .whole=${true}
      ></bach-own-message>
    </div>`;
  }

  /** What was done with it since. */
  private change(row: Row) {
    return html`<li>${this.moment(row.created_at)} ${link(`/message/${row.id}`, words(this.transport, row))} <span class="quiet">${state(this.transport, row)}</span></li>`;
  }

  private queued({ origin }: MessageView) {
    const { text } = this.transport;
    if (!origin) return text("message.queued");
    const said = text(ORIGINS[origin.kind], { name: origin.name });
    return origin.link === null ? said : html`<a href=${origin.link}>${said}</a>`;
  }

  private attempt(attempt: Attempt) {
    const { text, locale } = this.transport;
    const took = attempt.seconds === null || attempt.seconds < SHOWN ? "" : amount(locale, attempt.seconds);
    return html`<li>
      ${attempt.started_at === null ? nothing : this.moment(attempt.started_at)}
      <strong>${text(OUTCOMES[attempt.outcome], { number: attempt.number })}</strong>
      ${took ? html`<span class="quiet">${text("message.took", { seconds: took })}</span>` : nothing}
      ${attempt.error === null ? nothing : html`<p class="said">${attempt.error}</p>`}
    </li>`;
  }

  private proof(proof: Proof) {
    return html`<li>${this.moment(proof.at)} <strong>${this.transport.text(PROOFS_OF[proof.kind], { name: proof.name })}</strong></li>`;
  }

  private moment(seconds: number) {
    return html`<time class="quiet" datetime=${new Date(seconds * 1000).toISOString()}>${time(this.transport.locale, seconds, "medium")}</time>`;
  }

}

if (!customElements.get("bach-message")) customElements.define("bach-message", Message);
