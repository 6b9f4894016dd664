/** The shell in the daemon: log-in by the token, and a socket that speaks the frames of Home Assistant's. */

import { LitElement, css, html } from "lit";
import "./app.ts";
import { textsFor } from "./languages.ts";
import { told } from "./sentences.ts";
import { styles } from "./styles.ts";
import { filled, phrase } from "./texts.ts";
import { type Locale, type TextKey, type Transport, type Values, post } from "./transport.ts";

/** Milliseconds until the next try to connect: longer with each in vain. */
const WAITS = [500, 1000, 2000, 5000, 10_000];

const { language, texts, sentences } = await textsFor(navigator.languages);
document.documentElement.lang = language; // a screen reader would say German words as English ones
const find = (key: string, values: Values): string => {
  const [group, name] = key.split(".") as [string, string];
  return filled(texts[group]?.[name] ?? "", values);
};
const say = (key: string, values: Values): string => filled(sentences[key]?.message ?? "", values);
const text = (key: TextKey, values: Values = {}): string => phrase(find, key, values, language);

interface Pending {
  done(result: unknown): void;
  fail(error: Error): void;
}

/** Who is told that something changed; `id` is that of the question by which they subscribed on this socket. */
interface Hearer {
  type: string;
  on: () => void;
  id: number;
}

class SocketTransport implements Transport {
  readonly locale: Locale = { language: navigator.language, hour12: undefined, timeZone: undefined };
  readonly text = text;

  private socket: WebSocket | undefined;
  private number = 0;
  private tries = 0;
  private readonly pending = new Map<number, Pending>();
  private readonly hearers = new Set<Hearer>();
  private readonly followers = new Set<(connected: boolean) => void>();

  /** `opened` hears which version the daemon serves, with each connection; `refused`, that nobody is logged in any more. */
  constructor(
    private readonly opened: (version: string) => void,
    private readonly refused: () => void,
  ) {
    void this.connect();
  }

  async subscribe(type: string, on: () => void): Promise<() => void> {
    const hearer = { type, on, id: this.number + 1 };
    this.hearers.add(hearer);
    const stop = (): void => {
      if (this.hearers.delete(hearer)) this.call("unsubscribe_events", { subscription: hearer.id }).catch(() => undefined);
    };
    try {
      await this.call(type);
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }

  call<R>(type: string, data: object = {}): Promise<R> {
    const id = ++this.number;
    return new Promise<R>((resolve, reject) => {
      if (this.socket?.readyState !== WebSocket.OPEN) return reject(new Error(text("app.lost")));
      this.pending.set(id, { done: (result) => resolve(result as R), fail: reject });
      this.socket.send(JSON.stringify({ id, type, ...data }));
    });
  }

  upload<R>(data: object, files: readonly File[]): Promise<R> {
    return post((init) => fetch("/write", init), data, files);
  }

  follow(on: (connected: boolean) => void): () => void {
    this.followers.add(on);
    return () => this.followers.delete(on);
  }

  private async connect(): Promise<void> {
    const standing = await fetch("/login").catch(() => undefined);
    if (standing?.status === 401) return this.refused();
    if (!standing?.ok) return this.later();
    const { version } = (await standing.json()) as { version: string };
    const socket = (this.socket = new WebSocket("/ws"));
    socket.onopen = () => {
      this.tries = 0;
      for (const hearer of this.hearers) {
        hearer.id = this.number + 1;
        this.call(hearer.type).catch(() => undefined);
      }
      for (const on of this.followers) on(true);
      this.opened(version);
    };
    socket.onmessage = (event: MessageEvent<string>) => this.take(JSON.parse(event.data));
    socket.onclose = () => {
      for (const one of this.pending.values()) one.fail(new Error(text("app.lost")));
      this.pending.clear();
      for (const on of this.followers) on(false);
      this.later();
    };
  }

  private later(): void {
    setTimeout(() => void this.connect(), WAITS[Math.min(this.tries++, WAITS.length - 1)]);
  }

  private take(frame: { id: number; type: string; success?: boolean; result?: unknown; error?: { message: unknown } }): void {
    if (frame.type === "event") return [...this.hearers].find((one) => one.id === frame.id)?.on();
    const one = this.pending.get(frame.id);
    this.pending.delete(frame.id);
    if (frame.success) one?.done(told(frame.result, say));
    else one?.fail(new Error(String(told(frame.error?.message ?? "", say))));
  }
}

class Page extends LitElement {
  static override styles = [
    styles,
    css`
      form {
        display: grid;
        gap: 16px;
        max-width: 420px;
        margin: 15vh auto 0;
      }
      label {
        display: grid;
        gap: 8px;
      }
      p {
        margin: 0;
      }
    `,
  ];
  static override properties = {
    transport: { state: true },
    standing: { state: true },
    path: { state: true },
    error: { state: true },
    version: { state: true },
  };

  declare transport: SocketTransport | undefined;
  /** Whether somebody is logged in; undefined: not known yet. */
  declare standing: boolean | undefined;
  declare path: string;
  declare error: string | undefined;
  declare version: string | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.walk();
    window.addEventListener("popstate", this.walk);
    this.connect();
  }

  override render() {
    if (this.standing === undefined) return html`<slot></slot>`; // the bar that came with the page
    if (this.standing)
      return html`<bach-app .transport=${this.transport} .path=${this.path} .served=${this.version} .leave=${this.logOut} @bach-go=${this.go} @bach-counted=${this.counted}></bach-app>`;
    return html`<main>
      <form class="card" @submit=${this.logIn}>
        <h1>BACH</h1>
        <label>${text("page.token")} <input name="token" type="password" autocomplete="current-password" required /></label>
        <p class="quiet">${text("page.where")}</p>
        <label>${text("page.name")} <input name="name" autocomplete="name" maxlength="50" /></label>
        <p class="quiet">${text("page.read_by")}</p>
        <p role="alert">${this.error ?? ""}</p>
        <button>${text("page.log_in")}</button>
      </form>
    </main>`;
  }

  private connect(): void {
    const opened = (version: string): void => {
      [this.standing, this.version] = [true, version];
    };
    this.transport = new SocketTransport(opened, () => (this.standing = false));
  }

  private logIn = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const given = new FormData(event.target as HTMLFormElement);
    const body = JSON.stringify({ token: given.get("token"), name: given.get("name") });
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch("/login", { method: "POST", headers, body }).catch(() => undefined);
    this.error = answer?.ok ? undefined : answer ? ((await answer.json()) as { detail: string }).detail : text("app.lost");
    if (answer?.ok) this.connect();
  };

  private logOut = async (): Promise<void> => {
    await fetch("/logout", { method: "POST" }).catch(() => undefined);
    location.reload(); // with it goes the socket, and all that was shown
  };

  private go(event: CustomEvent<string>): void {
    history.pushState(null, "", event.detail);
    this.walk();
  }

  /** What needs a person is seen in another tab, too. */
  private counted(event: CustomEvent<number>): void {
    document.title = event.detail ? `BACH (${event.detail})` : "BACH";
  }

  private walk = (): void => {
    this.path = location.pathname;
  };
}

customElements.define("bach-page", Page);
