/**
 * What all pages share. Colours are Home Assistant's variables with fall-backs of the browser's own; words are in the text
 * colour or in one that keeps 4.5:1 in both themes (its old state colours do not), so a state is never told by colour alone.
 */

import { css } from "lit";

export const styles = css`
  :host {
    display: block;
    color: var(--primary-text-color, CanvasText);
    font-family: var(--ha-font-family-body, system-ui, sans-serif);
    font-size: 14px;
    line-height: 1.4;
  }
  * {
    box-sizing: border-box;
  }
  button,
  select,
  input,
  textarea {
    min-height: 44px;
    padding: 0 12px;
    border: 1px solid var(--secondary-text-color, GrayText);
    border-radius: 8px;
    background: var(--card-background-color, Canvas);
    color: inherit;
    font: inherit;
  }
  textarea {
    padding: 10px 12px;
  }
  input[type="checkbox"] {
    width: 20px;
    height: 20px;
    min-height: 0;
    margin: 12px;
    accent-color: var(--primary-color, AccentColor);
  }
  button {
    cursor: pointer;
    font-weight: 500;
  }
  button:hover:not([disabled]) {
    background: var(--secondary-background-color, ButtonFace);
  }
  button[disabled] {
    cursor: default;
    opacity: 0.5;
  }
  :focus-visible {
    outline: 2px solid var(--primary-text-color, CanvasText);
    outline-offset: 2px;
  }
  a {
    color: inherit;
  }
  h1,
  h2 {
    margin: 0;
    font-size: 20px;
    font-weight: 500;
  }
  .card {
    padding: 16px;
    border: 1px solid var(--divider-color, GrayText);
    border-radius: var(--ha-card-border-radius, 12px);
    background: var(--card-background-color, Canvas);
  }
  .quiet {
    color: var(--secondary-text-color, CanvasText);
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
  .state {
    display: inline-flex;
    gap: 8px;
    align-items: center;
    font-weight: 500;
  }
  .state::before {
    content: "";
    width: 10px;
    height: 10px;
    border: 2px solid var(--secondary-text-color, GrayText);
    border-radius: 50%;
  }
  .needs-person.state::before {
    border-color: var(--error-color, CanvasText);
    border-radius: 2px;
    background: var(--error-color, CanvasText);
  }
  [role="status"]:empty,
  [role="alert"]:empty {
    margin: 0;
  }
  .said {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    unicode-bidi: plaintext; /* whichever way its own script goes */
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  th,
  td {
    padding: 8px;
    border-bottom: 1px solid var(--divider-color, GrayText);
    text-align: start;
    vertical-align: top;
  }
  dialog {
    width: min(560px, calc(100vw - 32px));
    padding: 24px;
    border: 1px solid var(--divider-color, GrayText);
    border-radius: 16px;
    background: var(--card-background-color, Canvas);
    color: inherit;
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 50%);
  }
  dialog form,
  dialog label {
    display: grid;
    gap: 8px;
  }
  dialog form {
    gap: 16px;
  }
`;
