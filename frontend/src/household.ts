/** The page "Rules and roles": questions that wait for an answer, the rules for what comes in, and who may do what. */

import { LitElement, css, html, nothing } from "lit";
import { Live } from "./live.ts";
import { styles } from "./styles.ts";
import type { TextKey, Transport } from "./transport.ts";
import type { HouseholdView } from "./views.ts";
import { ROLES, time } from "./words.ts";

export class Household extends LitElement {
  static override styles = [
    styles,
    css`
      :host {
        container-type: inline-size;
      }
      section {
        margin: 0 0 32px;
      }
      th,
      td {
        overflow-wrap: anywhere;
      }
      @container (max-width: 600px) {
        table,
        tbody,
        tr,
        td {
          display: block;
        }
        thead {
          display: none;
        }
        tr {
          padding: 8px 0;
          border-bottom: 1px solid var(--divider-color, GrayText);
        }
        td {
          padding: 4px 0;
          border: none;
        }
        td::before {
          content: attr(data-head);
          display: block;
          color: var(--secondary-text-color, CanvasText);
        }
        td:empty {
          display: none;
        }
      }
    `,
  ];
  static override properties = { transport: { attribute: false } };

  declare transport: Transport;

  private live = new Live<HouseholdView>(this, () => this.transport.call("bach/panel/household"));

  override render() {
    const { text } = this.transport;
    const { view, error } = this.live;
    return html`
      <p role="alert">${error ?? ""}</p>
      ${view
        ? html`${this.questions(view)} ${this.rules(view)} ${this.rights(view)}`
        : error === undefined
          ? html`<p class="quiet">${text("app.loading")}</p>`
          : nothing}
    `;
  }

  private questions({ questions }: HouseholdView) {
    const { text, locale } = this.transport;
    const heads = ["household.question", "household.asked", "household.answers", "household.until"] as const;
    const rows = questions.map((one) => [
      one.text,
      html`${one.asked.join(", ")} ${one.unreached.map((reason) => html`<p>${reason}</p>`)}`,
      [...one.answers, ...(one.takes_text ? [text("household.own_words")] : [])].join(", "),
      time(locale, one.ends_at),
    ]);
    return this.table("household.questions", "household.no_questions", heads, rows);
  }

  private rules({ rules }: HouseholdView) {
    const { text } = this.transport;
    const heads = ["household.rule", "household.looks_for", "household.where", "household.hint"] as const;
    const rows = rules.map((one) => [
      html`${one.name} ${one.is_active ? nothing : html`<p class="quiet">${text("household.rests")}</p>`}`,
      [...one.looks_for, ...(one.more ? [text("household.more", { count: one.more })] : [])].join(", "),
      one.connection ?? text("household.everywhere"),
      one.hint ?? "",
    ]);
    return this.table("household.rules", "household.no_rules", heads, rows);
  }

  private rights({ rights }: HouseholdView) {
    const { text } = this.transport;
    const heads = ["household.who", "household.where", "household.may"] as const;
    const rows = rights.map((one) => [
      one.person ?? text("household.everybody"),
      html`${one.place}<br /><span class="quiet">${one.connection}</span>`,
      html`${text(ROLES[one.role])} ${one.user === null ? nothing : html`<p class="quiet">${text("household.as_user", { user: one.user })}</p>`}`,
    ]);
    return this.table("household.roles", "household.no_roles", heads, rows);
  }

  private table(title: TextKey, empty: TextKey, heads: readonly TextKey[], rows: readonly unknown[][]) {
    const { text } = this.transport;
    return html`<section aria-labelledby=${title}>
      <h2 id=${title}>${text(title)}</h2>
      ${rows.length
        ? html`<table role="table" aria-labelledby=${title}>
            <thead role="rowgroup">
              <tr role="row">
                ${heads.map((head) => html`<th role="columnheader" scope="col">${text(head)}</th>`)}
              </tr>
            </thead>
            <tbody role="rowgroup">
              ${rows.map((row) => html`<tr role="row">${row.map((cell, place) => html`<td role="cell" data-head=${text(heads[place]!)}>${cell}</td>`)}</tr>`)}
            </tbody>
          </table>`
        : html`<p class="card">${text(empty)}</p>`}
    </section>`;
  }
}

if (!customElements.get("bach-household")) customElements.define("bach-household", Household);
