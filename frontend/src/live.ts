/**
 * Keeps a view up to date: the server only says *that* something changed, and the view is asked for when the page can take it.
 *
 * So a slow browser asks less often instead of being sent what it cannot read, a tab in the background asks for nothing,
 * and what may be seen is decided anew with each question.
 */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Transport } from "./transport.ts";

/** Milliseconds between two questions while things go on changing, and until the next after one that failed. */
const PAUSE = 1000;
const TRY_AGAIN = 5000;

export class Live<V> implements ReactiveController {
  view: V | undefined;
  /** Why there is no view, or no newer one. */
  error: string | undefined;

  private subscription: Promise<() => void> | undefined;
  private stopFollowing: (() => void) | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked = -Infinity;
  private asking = false;
  private again = false;
  private round = 0;

  constructor(
    private readonly host: ReactiveControllerHost & { transport: Transport },
    private readonly ask: () => Promise<V>,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    document.addEventListener("visibilitychange", this.changed);
    this.stopFollowing = this.host.transport.follow((connected) => connected && this.begin());
    this.begin();
  }

  hostDisconnected(): void {
    document.removeEventListener("visibilitychange", this.changed);
    this.stopFollowing?.();
    clearTimeout(this.timer);
    this.timer = undefined;
    this.round++; // what is still on its way is for nobody
    this.asking = false;
    this.subscription?.then((stop) => stop(), () => undefined);
    this.subscription = undefined;
  }

  /** Ask at once, as somebody wants to see something else, or has done something. An older question no longer counts. */
  refresh = async (): Promise<void> => {
    clearTimeout(this.timer);
    this.timer = undefined;
    const round = ++this.round;
    [this.asking, this.again, this.asked] = [true, false, performance.now()];
    let view: V | undefined;
    let error: string | undefined;
    try {
      view = await this.ask();
    } catch (thrown) {
      error = sentence(thrown);
    }
    if (round !== this.round) return;
    this.asking = false;
    this.view = view ?? this.view;
    this.error = error;
    this.host.requestUpdate();
    if (error !== undefined) this.timer = setTimeout(this.begin, TRY_AGAIN);
    else if (this.again) this.changed();
  };

  private begin = (): void => {
    const subscription = (this.subscription ??= this.host.transport.subscribe("bach/panel/watch", this.changed));
    subscription.catch(() => {
      if (this.subscription === subscription) this.subscription = undefined; // the next `begin` tries again
    });
    void this.refresh();
  };

  private changed = (): void => {
    if (document.visibilityState === "hidden") return;
    if (this.asking) this.again = true;
    else this.timer ??= setTimeout(this.refresh, Math.max(0, this.asked + PAUSE - performance.now()));
  };
}

/** What to tell a person of whatever was thrown: Home Assistant throws plain objects. */
export const sentence = (thrown: unknown): string =>
  typeof thrown === "object" && thrown !== null && "message" in thrown ? String(thrown.message) : String(thrown);
