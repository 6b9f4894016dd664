/** The files that go with the next message: which may, how they are chosen, and what they look like before they are sent. */

import { LitElement, css, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { sentence } from "./live.ts";
import { styles } from "./styles.ts";
import type { Transport } from "./transport.ts";
import type { PlaceView } from "./views.ts";
import { size } from "./words.ts";

/** Told when others are attached than before; or `refused`, a sentence. */
export type AttachEvent = CustomEvent<{ files: readonly File[]; refused: string | undefined }>;

export class Attachments extends LitElement {
  static override styles = [
    styles,
    css`
      ul {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        max-height: 30dvh;
        margin: 0 0 8px;
        padding: 0;
        overflow-y: auto;
        list-style: none;
      }
      li.card {
        padding: 4px 4px 4px 12px;
      }
      img {
        max-width: 96px;
        max-height: 64px;
      }
      .name {
        max-width: 200px;
        overflow-wrap: anywhere;
      }
      .remove {
        min-width: 44px;
        border-color: transparent;
        background: none;
      }
    `,
  ];
  static override properties = {
    transport: { attribute: false },
    limits: { attribute: false },
    files: { attribute: false },
    choosing: { state: true },
    busy: { state: true },
  };

  declare transport: Transport;
  declare limits: NonNullable<PlaceView["files"]>;
  declare files: readonly File[];
  /** Whether a camera is being chosen. */
  declare choosing: boolean;
  declare busy: boolean;

  /** Addresses under which the browser shows what is attached. */
  private readonly shown = new Map<File, string>();

  override willUpdate(): void {
    for (const [file, address] of this.shown) {
      if (this.files.includes(file)) continue;
      URL.revokeObjectURL(address);
      this.shown.delete(file);
    }
    for (const file of this.files) if (file.type.startsWith("image/") && !this.shown.has(file)) this.shown.set(file, URL.createObjectURL(file));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const address of this.shown.values()) URL.revokeObjectURL(address);
    this.shown.clear();
  }

  override render() {
    const { text } = this.transport;
    const cameras = this.transport.cameras?.() ?? [];
    return html`
      ${this.files.length ? html`<ul aria-label=${text("chat.attached")}>${repeat(this.files, (file) => file, this.one)}</ul>` : nothing}
      <div class="bar">
        <button type="button" @click=${this.open}>${text("chat.attach")}</button>
        <input type="file" hidden multiple accept="image/*,*/*" @change=${this.chosen} />
        ${cameras.length
          ? html`<button type="button" aria-expanded=${this.choosing ?? false} @click=${() => (this.choosing = !this.choosing)}>${text("chat.camera")}</button>`
          : nothing}
        ${this.choosing
          ? html`<span class="bar" role="group" aria-label=${text("chat.cameras")}>
              ${cameras.map(({ id, title }) => html`<button type="button" ?disabled=${this.busy} @click=${() => this.take(id, title)}>${title}</button>`)}
            </span>`
          : nothing}
      </div>
    `;
  }

  /** Attach these as well, as far as they may go; of the first that may not, why. */
  add(files: Iterable<File>): void {
    const taken = [...this.files];
    let refused: string | undefined;
    for (const file of files) {
      const why = this.refusal(file, taken);
      if (why === undefined) taken.push(file);
      else refused ??= why;
    }
    this.tell(taken, refused);
  }

  private one = (file: File) => {
    const address = this.shown.get(file);
    const name = this.transport.text("chat.remove", { name: file.name });
    return html`<li class="card bar">
      ${address ? html`<img src=${address} alt="" />` : nothing}
      <span class="name">${file.name} <span class="quiet">${size(this.transport, file.size)}</span></span>
      <button type="button" class="remove" aria-label=${name} title=${name} @click=${() => this.leaveOut(file)}>✕</button>
    </li>`;
  };

  private refusal({ name, size: bytes }: File, taken: readonly File[]): string | undefined {
    const { text } = this.transport;
    const { count, each, all } = this.limits;
    if (!bytes) return text("chat.empty_file", { name });
    if (bytes > each) return text("chat.too_large", { name, size: size(this.transport, bytes), most: size(this.transport, each) });
    if (taken.length >= count) return text("chat.too_many", { name, count });
    const together = taken.reduce((sum, file) => sum + file.size, bytes);
    return together > all ? text("chat.too_large_all", { name, most: size(this.transport, all) }) : undefined;
  }

  private open = (): void => this.renderRoot.querySelector("input")!.click();

  private chosen = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    this.add(input.files ?? []);
    input.value = ""; // the same file can be chosen again
  };

  private leaveOut(file: File): void {
    this.tell(this.files.filter((one) => one !== file), undefined);
    this.renderRoot.querySelector<HTMLElement>("button:not(.remove)")?.focus();
  }

  private async take(id: string, title: string): Promise<void> {
    this.busy = true;
    try {
      const picture = await this.transport.snapshot!(id);
      const ending = picture.type === "image/png" ? "png" : "jpg";
      this.choosing = false;
      this.add([new File([picture], `${title}.${ending}`, { type: picture.type })]);
    } catch (error) {
      this.tell(this.files, sentence(error));
    } finally {
      this.busy = false;
    }
  }

  private tell(files: readonly File[], refused: string | undefined): void {
    this.dispatchEvent(new CustomEvent("bach-attach", { detail: { files, refused } }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "bach-attachments": Attachments;
  }
}
if (!customElements.get("bach-attachments")) customElements.define("bach-attachments", Attachments);
