// "I need to stop now", until the portal has heard it. It goes over plain HTTP, since the connection of the call may be what
// is lost, and again until it is answered, also from the page that she goes to next. While it is unsaid the tab keeps where
// to say it, and nothing about her; "Exit this page" forgets it.
// What was heard over the call is said to the portal all the same: the room alone tells nobody who is not in it.
const KEY = "app:wish";
const WAITS_MS = [1000, 2000, 4000, 8000];
const PATIENCE_MS = 6000;
const OLD_MS = 24 * 3600 * 1000;
const FINAL = [403, 404, 409, 410];
const SIGNED_OUT = [400, 401]; // or another session than this page's: the next page may be hers again

// The tab's storage, or nothing where the browser forbids it: then the wish lives as long as the page.
export function tabStorage() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

export class Wish {
  constructor({ to, csrf, name = crypto.randomUUID(), at = Date.now(), known = false, storage = tabStorage(), ask = fetch, now = Date.now }) {
    Object.assign(this, { to, csrf, name, at, storage, now });
    this.fetch = (...asked) => ask(...asked);
    this.tries = 0;
    this.state = known ? "heard" : "saying";
    this.tell = () => undefined;
  }

  // What an earlier page of this tab could not say, or null.
  static unsaid({ csrf, storage = tabStorage(), now = Date.now, ...more }) {
    let kept = null;
    try {
      kept = JSON.parse(storage?.getItem(KEY) ?? "null");
    } catch {
      storage.removeItem(KEY); // not ours
    }
    if (!kept) return null;
    const fresh = now() - kept.at < OLD_MS;
    if (!fresh) storage.removeItem(KEY);
    return fresh ? new Wish({ ...kept, csrf, storage, now, ...more }) : null;
  }

  // Tells "waiting", "heard" or "refused" as it goes on.
  start(tell) {
    this.tell = tell;
    this.#keep();
    this.#say();
  }

  #keep() {
    const { to, name, at, state } = this;
    try {
      this.storage?.setItem(KEY, JSON.stringify({ to, name, at, known: state === "heard" }));
    } catch {
      this.storage = null; // full or forbidden: then it lives as long as the page
    }
  }

  // The network may be back.
  hurry() {
    if (this.tries > 0) this.#say();
  }

  // The room has heard it, over the call's own connection. The portal may not have.
  heard() {
    this.#become("heard");
    if (!this.closed) this.#keep();
  }

  // She leaves: said once more, without waiting, and nothing of it stays here.
  abandon() {
    if (!this.closed) this.#ask().catch(() => undefined); // nobody is here any more to be told
    this.#forget(this.state);
  }

  async #say() {
    clearTimeout(this.timer);
    if (this.closed || this.asking) return;
    this.asking = true;
    let status = 0;
    try {
      const response = await this.#ask(AbortSignal.timeout(PATIENCE_MS));
      status = response.type === "opaqueredirect" ? 401 : response.status; // it leads to the sign-in page
    } catch {
      status = 0;
    }
    this.asking = false;
    if (this.closed) return;
    if (status >= 200 && status < 300) this.#forget("heard");
    else if (FINAL.includes(status)) this.#forget("refused");
    else if (SIGNED_OUT.includes(status)) this.#close("refused");
    else this.#wait();
  }

  #ask(signal) {
    const ago = Math.max(0, Math.round((this.now() - this.at) / 1000));
    return this.fetch(this.to, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf },
      body: JSON.stringify({ wish: this.name, ago }),
      redirect: "manual",
      keepalive: true, // goes out although the page is left
      signal,
    });
  }

  #wait() {
    this.#become("waiting");
    this.timer = setTimeout(() => this.#say(), WAITS_MS[Math.min(this.tries, WAITS_MS.length - 1)]);
    this.tries += 1;
  }

  #forget(state) {
    this.storage?.removeItem(KEY);
    this.#close(state);
  }

  #close(state) {
    clearTimeout(this.timer);
    this.closed = true;
    this.#become(state);
  }

  #become(state) {
    if (state === this.state || this.state === "heard") return;
    this.state = state;
    this.tell(state);
  }
}

// Says the wish from this page, shows on the page how it stands, and forgets it when she leaves the site.
export function sayWish(wish, document) {
  const show = (state) => {
    const line = document.querySelector("[data-wish]");
    if (!line) return;
    line.textContent = line.dataset[state];
  };
  wish.start(show);
  show(wish.state);
  globalThis.addEventListener("online", () => wish.hurry());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wish.hurry());
  document.addEventListener("app:leave", () => wish.abandon());
}

// On every page: what an earlier page of this tab could not say.
export function sayUnsaid(document) {
  const csrf = document.querySelector('input[name="csrf_token"]')?.value;
  const wish = csrf ? Wish.unsaid({ csrf }) : null;
  if (wish) sayWish(wish, document);
}
