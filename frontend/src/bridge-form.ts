/** The dialog in which a bridge is made or changed: from where to where, and what goes along. */

import { LitElement, css, html, nothing } from "lit";
import { sentence } from "./live.ts";
import { styles } from "./styles.ts";
import type { TextKey, Transport } from "./transport.ts";
import { ALONG, type BridgeView, type Place } from "./views.ts";

const TITLES: Record<(typeof ALONG)[number], TextKey> = {
  with_name: "bridges.with_name",
  files: "bridges.files",
  edits: "bridges.edits",
  deletions: "bridges.deletions",
};

interface Choice {
  connection: string;
  recipient: string;
  title: string;
}

export class BridgeForm extends LitElement {
  static override styles = [
    styles,
    css`
      dialog label.tick {
        grid-template-columns: auto 1fr;
        align-items: center;
        gap: 0;
      }
      label.tick input {
        margin: 8px 12px 8px 0;
      }
      fieldset {
        margin: 0;
        padding: 0;
        border: none;
      }
      legend {
        padding: 0;
        font-weight: 500;
      }
      p {
        margin: 0;
      }
    `,
  ];
  static override properties = {
    transport: { attribute: false },
    bridge: { attribute: false },
    named: { attribute: false },
    places: { state: true },
    source: { state: true },
    error: { state: true },
    busy: { state: true },
  };

  declare transport: Transport;
  /** The one that is changed; else a new one is made. */
  declare bridge: BridgeView | undefined;
  /** Whether whoever makes one gives it a name. */
  declare named: boolean;
  declare places: readonly Choice[] | undefined;
  declare source: string;
  declare error: string | undefined;
  declare busy: boolean;

  override async firstUpdated(): Promise<void> {
    this.renderRoot.querySelector("dialog")!.showModal();
    try {
      const { places } = await this.transport.call<{ places: Place[] }>("bach/panel/places");
      this.places = this.choices(places);
      this.source = keyOf(this.bridge?.source ?? this.places[0]);
    } catch (error) {
      this.error = sentence(error);
    }
  }

  override render() {
    const { text } = this.transport;
    return html`<dialog @close=${this.close} aria-labelledby="heading">
      <form @submit=${this.save}>
        <h2 id="heading">${text(this.bridge ? "bridges.change" : "bridges.add")}</h2>
        ${this.places ? this.fields(this.places) : nothing}
        <p role="alert">${this.error ?? ""}</p>
        <div class="bar">
          <button ?disabled=${!this.places || this.busy}>${text("bridges.save")}</button>
          <button type="button" @click=${this.close}>${text("ask.back")}</button>
        </div>
      </form>
    </dialog>`;
  }

  private fields(places: readonly Choice[]) {
    const { text } = this.transport;
    const { bridge } = this;
    const chosen = new Set(bridge?.targets.map(keyOf));
    const choose = (event: Event) => (this.source = (event.target as HTMLSelectElement).value);
    return html`
      ${this.named && !bridge
        ? html`<label>${text("bridges.name")}
            <input name="name" required maxlength="100" autocomplete="off" aria-describedby="means" />
            <span class="quiet" id="means">${text("bridges.name_means")}</span>
          </label>`
        : nothing}
      <label>${text("bridges.from")}
        <select name="source" required @change=${choose}>
          ${places.map((one) => html`<option value=${keyOf(one)} ?selected=${keyOf(one) === this.source}>${one.title}</option>`)}
        </select>
      </label>
      <fieldset>
        <legend>${text("bridges.to")}</legend>
        ${places.map((one) =>
          keyOf(one) === this.source ? nothing : this.tick("target", one.title, chosen.has(keyOf(one)), keyOf(one)),
        )}
      </fieldset>
      ${this.tick("both_ways", text("bridges.both"), bridge?.both_ways ?? false)}
      <fieldset>
        <legend>${text("bridges.goes_along")}</legend>
        ${ALONG.map((name) => this.tick(name, text(TITLES[name]), bridge?.[name] ?? true))}
      </fieldset>
      <p class="quiet">${text("bridges.privacy")}</p>
    `;
  }

  private tick(name: string, title: string, isOn: boolean, value = "on") {
    return html`<label class="tick"><input type="checkbox" name=${name} value=${value} ?checked=${isOn} />${title}</label>`;
  }

  /** All recipients, and the places of the bridge that are none. */
  private choices(places: readonly Place[]): Choice[] {
    const known = places.flatMap(({ id, title, recipients }) =>
      recipients.map((one) => ({ connection: id, recipient: one.id, title: `${one.title} (${title})` })),
    );
    const own = this.bridge ? [this.bridge.source, ...this.bridge.targets] : [];
    const others = own.filter((one) => !known.some((other) => keyOf(other) === keyOf(one)));
    return [...known, ...others.map((one) => ({ ...one, title: `${one.recipient_title} (${one.connection_title})` }))];
  }

  private save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    const { bridge } = this;
    const ticked = [...this.renderRoot.querySelectorAll<HTMLInputElement>("[type=checkbox]")].filter((one) => one.checked);
    const is = (name: string) => ticked.some((one) => one.name === name);
    const name = this.renderRoot.querySelector<HTMLInputElement>("[name=name]")?.value.trim();
    const wish = {
      ...(bridge ? { before: bridge.name } : name ? { name } : {}),
      source: placeOf(this.source),
      targets: ticked.filter((one) => one.name === "target").map((one) => placeOf(one.value)),
      both_ways: is("both_ways"),
      ...Object.fromEntries(ALONG.map((one) => [one, is(one)])),
    };
    [this.busy, this.error] = [true, undefined];
    try {
      await this.transport.call("bach/panel/set_bridge", wish);
      this.dispatchEvent(new CustomEvent("bach-saved"));
    } catch (error) {
      this.error = sentence(error);
    } finally {
      this.busy = false;
    }
  };

  private close = (): void => {
    this.dispatchEvent(new CustomEvent("close"));
  };
}

const keyOf = (place: { connection: string; recipient: string } | undefined): string =>
  place ? JSON.stringify([place.connection, place.recipient]) : "";

function placeOf(key: string): { connection: string; recipient: string } {
  const [connection, recipient] = JSON.parse(key) as [string, string];
  return { connection, recipient };
}

if (!customElements.get("bach-bridge-form")) customElements.define("bach-bridge-form", BridgeForm);
