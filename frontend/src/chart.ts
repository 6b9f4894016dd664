/** Small charts of the last day: a bar an hour, as tall as its number; what they show is said in words beside them. */

import { svg } from "lit";

const [WIDTH, HEIGHT, GAP] = [6, 40, 2];

/** Bars from the oldest hour to this one; each holds amounts that stand upon each other, named by their classes. */
export function chart(bars: readonly Record<string, number>[]) {
  const most = Math.max(...bars.map(total), Number.MIN_VALUE);
  const tall = (amount: number): number => (amount > 0 ? Math.max((amount / most) * HEIGHT, 1.5) : 0);
  return svg`<svg viewBox="0 0 ${bars.length * (WIDTH + GAP) - GAP} ${HEIGHT + 1}" preserveAspectRatio="none" aria-hidden="true">
    <path class="floor" d="M0 ${HEIGHT + 0.5}H${bars.length * (WIDTH + GAP)}" />
    ${bars.map((bar, hour) => {
      let top = HEIGHT;
      return Object.entries(bar).map(([name, amount]) => {
        top -= tall(amount);
        return svg`<rect class=${name} x=${hour * (WIDTH + GAP)} y=${top} width=${WIDTH} height=${tall(amount)} />`;
      });
    })}
  </svg>`;
}

const total = (bar: Record<string, number>): number => Object.values(bar).reduce((sum, one) => sum + one, 0);

/** A circuit as engineers draw it: closed, open, or with the one who goes first. */
export function circuit(state: "closed" | "open" | "half_open") {
  const lever = { closed: "M20 20H40", half_open: "M20 20L39 13", open: "M20 20L36 5" }[state];
  return svg`<svg viewBox="0 0 60 30" aria-hidden="true" class="circuit ${state}">
    <path d="M0 20H20M40 20H60" /><path class="lever" d=${lever} /><circle cx="20" cy="20" r="3" /><circle cx="40" cy="20" r="3" />
  </svg>`;
}
