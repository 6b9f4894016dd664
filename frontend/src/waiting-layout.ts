/** How what waits is laid out: a table, and on a phone a list without what it could be searched with. */

import { css } from "lit";

export const layout = css`
  :host {
    container-type: inline-size;
  }
  .bar {
    margin: 16px 0;
  }
  .find {
    display: none;
  }
  .filters label {
    display: grid;
    flex: 1 1 150px;
    min-width: 0;
  }
  .filters select,
  .filters input {
    width: 100%;
    min-width: 0;
  }
  th {
    vertical-align: middle;
  }
  td p {
    margin: 4px 0 0;
  }
  .message {
    max-width: 420px;
  }
  .message a {
    display: -webkit-box;
    overflow: hidden;
    min-height: 24px;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
    unicode-bidi: plaintext;
  }
  .message, .why {
    overflow-wrap: anywhere;
  }
  th span {
    display: none;
  }
  @container (max-width: 820px) {
    .find {
      display: inline-block;
    }
    .filters:not(.open),
    .one thead {
      display: none;
    }
    th span {
      display: inline;
      font-weight: 400;
    }
    th label {
      display: flex;
      align-items: center;
    }
    thead th:not(:first-child) {
      display: none;
    }
    table,
    thead,
    tbody,
    thead tr,
    td,
    th {
      display: block;
    }
    tbody tr {
      display: grid;
      grid-template-columns: 44px 1fr;
      padding: 8px 0;
      border-bottom: 1px solid var(--divider-color, GrayText);
    }
    td,
    th {
      grid-column: 2;
      padding: 4px 0;
      border: none;
    }
    td:first-child,
    thead th:first-child {
      grid-column: 1;
      grid-row: 1 / span 5;
    }
    .message {
      max-width: none;
    }
  }
`;
