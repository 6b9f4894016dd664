/** How a conversation is laid out: as high as the window, with the box to write in below, and what went out at the other side. */

import { css } from "lit";

export const layout = css`
  :host {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr) auto;
    gap: 8px;
    height: calc(100dvh - var(--begins, 150px) - 16px);
    min-height: 360px;
  }
  ol {
    display: flex;
    flex-direction: column;
    gap: 8px;
    margin: 0;
    padding: 8px;
    overflow-y: auto;
    overflow-anchor: none;
    list-style: none;
  }
  li {
    align-self: flex-start;
    max-width: min(85%, 640px);
  }
  li.card {
    padding: 8px 16px;
  }
  li.out {
    align-self: flex-end;
    border-color: var(--primary-color, CanvasText);
  }
  li p {
    margin: 0;
  }
  li p.bar {
    margin: 4px 0;
  }
  li img {
    max-width: 100%;
    max-height: 320px;
  }
  h3 {
    margin: 0;
  }
  .back {
    display: none;
  }
  @media (max-width: 760px) {
    .back {
      display: inline;
    }
  }
  .button {
    padding: 2px 12px;
    border: 1px solid var(--divider-color, GrayText);
    border-radius: 8px;
  }
  .pressed {
    border-color: var(--primary-color, CanvasText);
    font-weight: 700;
  }
  .reaction {
    padding: 0 8px;
    border: 1px solid var(--divider-color, GrayText);
    border-radius: 12px;
  }
  .open {
    display: flex;
    flex-wrap: wrap;
    gap: 0 8px;
    align-items: center;
    padding-inline-start: 8px;
    border-inline-start: 3px solid var(--secondary-text-color, GrayText);
    overflow-wrap: anywhere;
  }
  form {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 8px;
    align-items: end;
  }
  form label {
    display: grid;
  }
  form p,
  bach-attachments {
    grid-column: 1 / -1;
    margin: 0;
  }
`;

/** The buttons at a message, which must not be louder than it, and the small forms that they open. */
export const small = css`
  .deeds {
    gap: 0 8px;
    margin-inline-start: -8px;
  }
  .plain {
    min-height: 32px;
    padding: 0 8px;
    border-color: transparent;
    background: none;
  }
  @media (pointer: coarse) {
    .plain {
      min-height: 44px;
    }
  }
  .deeds ~ form,
  .plain ~ form {
    display: grid;
    gap: 8px;
    min-width: min(420px, 65vw);
    margin-block-start: 8px;
    margin-inline-start: 8px;
  }
  form label {
    display: grid;
    gap: 4px;
  }
  form p {
    margin: 0;
  }
  .emoji {
    min-width: 44px;
    padding: 0;
    font-size: 20px;
  }
`;
