/** How a conversation is laid out: as high as the window, with the box to write in below, and what went out at the other side. */

import { css } from "lit";

export const layout = css`
  :host {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr) auto;
    gap: 8px;
    height: calc(100dvh - 150px);
    min-height: 320px;
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
    padding: 8px 12px;
  }
  li.out {
    align-self: flex-end;
    border-color: var(--primary-color, CanvasText);
  }
  li p {
    margin: 0;
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
    :host {
      height: calc(100dvh - 180px);
    }
    .back {
      display: inline;
    }
  }
  .pressed {
    font-weight: 700;
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
  form p {
    grid-column: 1 / -1;
    margin: 0;
  }
`;
