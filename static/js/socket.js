// The page's one WebSocket: topics in, fragments out. Everything it shows, the page shows after a reload as well.
//
// Events on document:  digis:<name> {topic, data} · digis:resync {} (something may have been missed, look again)
//                      digis:live {isLive} · digis:signed-out {} · digis:typing {topic, data: {person}}
import htmx from "htmx.org";

/**
 * @typedef {{type: string, topic?: string, name?: string, html?: string, data?: any, seq?: number, live?: boolean,
 *            code?: string, message?: string, id?: number | string, topics?: string[], frames?: Frame[], person?: string}} Frame
 */

const PING_EVERY = 20_000;
const PONG_WITHIN = 10_000;
const POLL_SOON = 2_000; // the first look of a page that hears nothing; thousands do not all look at once
const POLL_EVERY = 15_000;
const TYPING_EVERY = 3_000;
const MOST_AT_ONCE = 50; // topics in one frame
const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
const TYPED = "input, textarea, select";
const SIGNED_OUT = new Set([4401, 4403]);
const LEAVE_ALONE = new Set([4429, 1008]); // too many tabs, or too much said: come back much later
const TELL = "digis:";

class PageSocket {
  /** @type {WebSocket | null} */ #wire = null;
  /** @type {Set<string>} */ #topics = new Set();
  /** @type {Map<string, Set<(detail: {topic: string, data: any}) => void>>} */ #listeners = new Map();
  /** @type {Map<string, Set<(name: string, data: any) => void>>} */ #signals = new Map();
  /** @type {Map<string, number>} */ #newest = new Map();
  /** @type {Set<string>} */ #touched = new Set();
  /** @type {Set<Set<string>>} */ #looks = new Set(); // what news replaced while the page was being read again
  /** @type {Set<string>} */ #wanted = new Set(); // topics to be asked for, all in one frame
  /** @type {Map<string, number>} */ #typed = new Map();
  #delay = FIRST_DELAY;
  #wasOpen = false;
  #since = document.body.dataset.rendered ?? ""; // when the server began to read what the page shows
  #isReady = false; // the server has spoken
  #isLive = true; // and hears news itself
  #isStopped = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #deadline;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #pings;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #polls;

  /** Whether what is sent now reaches the server. */
  get isOpen() {
    return this.#isReady && this.#wire?.readyState === WebSocket.OPEN;
  }

  /** Open the socket and keep it open for as long as the page lives. */
  start() {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#connect();
    window.addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#hurry();
    });
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.#hurry(); // the page came back from the browser's cache: its socket did not
    });
  }

  /**
   * Listen to a topic, now and after every reconnection.
   * @param {string} topic
   */
  subscribe(topic) {
    this.#topics.add(topic);
    if (this.isOpen) this.#ask([topic]);
  }

  /** @param {string} topic */
  unsubscribe(topic) {
    this.#topics.delete(topic);
    this.#wanted.delete(topic);
    if (this.isOpen) this.#write({ type: "unsubscribe", topic });
  }

  /**
   * Say something on a topic. Returns false when it could not be sent: the page's own form is the other way.
   * @param {string} topic @param {string} name @param {any} data
   */
  send(topic, name, data) {
    if (!this.isOpen) return false;
    this.#write({ type: "message", topic, name, data });
    return true;
  }

  /**
   * Let the others on a topic know that the person types: at each key, told on now and then.
   * @param {string} topic
   */
  typing(topic) {
    const now = Date.now();
    if (!this.isOpen || now - (this.#typed.get(topic) ?? 0) < TYPING_EVERY) return;
    this.#typed.set(topic, now);
    this.#write({ type: "typing", topic });
  }

  /**
   * Hear an event after its fragment was put in place. Returns how to stop.
   * @param {string} name @param {(detail: {topic: string, data: any}) => void} act
   */
  on(name, act) {
    return keep(this.#listeners, name, act);
  }

  /**
   * Hear what others say on a topic. Returns how to stop.
   * @param {string} topic @param {(name: string, data: any) => void} act
   */
  onSignal(topic, act) {
    return keep(this.#signals, topic, act);
  }

  // ── The wire ──────────────────────────────────────────────────────────────────────────────

  #connect() {
    clearTimeout(this.#retry);
    if (this.#isStopped || this.#wire) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const query = this.#wasOpen || !this.#since ? "" : `?since=${this.#since}`; // later it looks again anyway
    const wire = new WebSocket(`${scheme}//${location.host}/ws/${query}`);
    this.#wire = wire;
    this.#expectWithin(PONG_WITHIN);
    wire.addEventListener("message", (event) => {
      if (this.#wire === wire) this.#hear(event.data);
    });
    wire.addEventListener("close", (event) => {
      if (this.#wire === wire) this.#closed(event.code);
    });
  }

  #ready() {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#delay = FIRST_DELAY;
    this.#ask(this.#topics);
    clearInterval(this.#pings);
    this.#pings = setInterval(() => this.#ping(), PING_EVERY);
    this.#live(true);
    if (this.#wasOpen) this.#resync();
    this.#wasOpen = true;
  }

  /** @param {number} code */
  #closed(code) {
    this.#wire = null;
    this.#isReady = false;
    clearTimeout(this.#deadline);
    clearInterval(this.#pings);
    if (SIGNED_OUT.has(code)) {
      this.#isStopped = true;
      clearTimeout(this.#polls);
      announce("signed-out", {});
      return;
    }
    this.#live(false);
    const wait = LEAVE_ALONE.has(code) ? LONGEST_DELAY * 2 : this.#delay;
    this.#retry = setTimeout(() => this.#connect(), wait * (0.5 + Math.random()));
    this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY);
  }

  #hurry() {
    if (this.#isStopped) return;
    if (this.#wire) this.#ping();
    else {
      this.#delay = FIRST_DELAY;
      this.#connect();
    }
  }

  #ping() {
    if (this.isOpen) {
      this.#write({ type: "ping" });
      this.#expectWithin(PONG_WITHIN);
    }
  }

  /** A wire that says nothing for so long is cut: the browser may take minutes to notice. @param {number} time */
  #expectWithin(time) {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      const wire = this.#wire;
      if (!wire) return;
      wire.close();
      this.#closed(1006);
    }, time);
  }

  /** Ask for topics: those that a page names in one go travel together. @param {Iterable<string>} topics */
  #ask(topics) {
    if (!this.#wanted.size) queueMicrotask(() => this.#askNow());
    for (const topic of topics) this.#wanted.add(topic);
  }

  #askNow() {
    const all = [...this.#wanted];
    this.#wanted.clear();
    const since = this.#since ? { since: Number(this.#since) } : {};
    for (let start = 0; start < all.length && this.isOpen; start += MOST_AT_ONCE) {
      this.#wire?.send(JSON.stringify({ type: "subscribe", topics: all.slice(start, start + MOST_AT_ONCE), ...since }));
    }
  }

  /** @param {Frame} frame */
  #write(frame) {
    this.#askNow(); // who speaks on a topic listens to it first
    this.#wire?.send(JSON.stringify(frame));
  }

  // ── What it says ──────────────────────────────────────────────────────────────────────────

  /** @param {string} text */
  #hear(text) {
    clearTimeout(this.#deadline);
    /** @type {Frame} */
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    this.#take(frame);
  }

  /** @param {Frame} frame */
  #take(frame) {
    const { type, topic = "", name = "", data } = frame;
    if (type === "subscribed") this.#ready();
    else if (type === "event") this.#event(frame);
    else if (type === "batch") frame.frames?.forEach((one) => this.#event(one));
    else if (type === "signal") this.#signals.get(topic)?.forEach((act) => act(name, data));
    else if (type === "typing") announce("typing", { topic, data: { person: frame.person } });
    else if (type === "resync") this.#resync();
    else if (type === "status") this.#live(frame.live === true);
    else if (type === "error") announce("socket-error", { topic, data: { code: frame.code, message: frame.message } });
  }

  /** @param {Frame} frame */
  #event({ topic = "", name = "", html = "", data = {}, seq = 0 }) {
    const key = `${topic} ${name}`;
    if (seq && seq < (this.#newest.get(key) ?? 0) && !isAddition(html)) return; // a later truth is on the page already
    this.#newest.set(key, Math.max(seq, this.#newest.get(key) ?? 0));
    for (const id of apply(html)) for (const ids of [this.#touched, ...this.#looks]) ids.add(id);
    const detail = { topic, data };
    this.#listeners.get(name)?.forEach((act) => act(detail));
    announce(name, detail);
  }

  /** Something may have been missed: read the page again and take over the parts that live. */
  #resync() {
    this.#since = ""; // from here on the page is as new as what it hears
    this.#newest.clear();
    this.#live(true);
    announce("resync", {});
    void this.#refresh();
  }

  async #refresh() {
    const ids = new Set(this.#touched);
    for (const part of document.querySelectorAll("[data-live][id]")) ids.add(part.id);
    if (!ids.size) return;
    /** @type {Set<string>} */
    const newer = new Set(); // what came meanwhile is later than what was read
    this.#looks.add(newer);
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ids) {
        const fresh = page.getElementById(id);
        if (fresh && !newer.has(id)) put(document.importNode(fresh, true));
      }
    } catch {
      // No network, or the page moved on: the next reload tells.
    } finally {
      this.#looks.delete(newer);
    }
  }

  /** @param {boolean} isLive */
  #live(isLive) {
    if (isLive === this.#isLive) return;
    this.#isLive = isLive;
    clearTimeout(this.#polls);
    if (!isLive) this.#pollIn(POLL_SOON);
    announce("live", { isLive });
  }

  /** Without news by the socket, read the page again by HTTP now and then, until they flow. @param {number} time */
  #pollIn(time) {
    this.#polls = setTimeout(() => {
      if (document.visibilityState === "visible") void this.#refresh();
      this.#pollIn(POLL_EVERY);
    }, time * (0.5 + Math.random()));
  }
}

/**
 * @template {Function} A
 * @param {Map<string, Set<A>>} book @param {string} name @param {A} act
 */
function keep(book, name, act) {
  const acts = book.get(name) ?? new Set();
  book.set(name, acts.add(act));
  return () => void acts.delete(act);
}

/** @param {string} name @param {object} detail */
function announce(name, detail) {
  document.dispatchEvent(new CustomEvent(`${TELL}${name}`, { detail }));
}

/** @param {string} html */
function rootsOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return /** @type {HTMLElement[]} */ ([...template.content.children]);
}

/** @param {string} html */
function isAddition(html) {
  return html.includes("data-swap=") && rootsOf(html).some((root) => root.dataset.swap !== undefined);
}

/**
 * Put each root of a fragment where it belongs: over the element with its id, or where its data-swap says.
 * Returns the ids that were replaced.
 * @param {string} html
 */
export function apply(html) {
  const replaced = [];
  for (const root of html ? rootsOf(html) : []) {
    const { swap, target } = root.dataset;
    if (swap === "remove") {
      document.getElementById(target ?? root.id)?.remove();
    } else if (swap === "append" || swap === "prepend") {
      const list = document.getElementById(target ?? "");
      if (!list) continue;
      delete root.dataset.swap;
      delete root.dataset.target;
      if (root.id && document.getElementById(root.id)) put(root);
      else {
        list[swap](root);
        enliven(root);
      }
    } else if (root.id && put(root)) {
      replaced.push(root.id);
    }
  }
  return replaced;
}

/**
 * Replace the element that has the same id; the keyboard, and what was being typed, stay where they were.
 * @param {HTMLElement} fresh
 */
function put(fresh) {
  const old = document.getElementById(fresh.id);
  if (!old) return false;
  fillForms(fresh);
  if (old.isEqualNode(fresh)) return true;
  const focused = document.activeElement;
  const had = focused instanceof HTMLElement && old.contains(focused) ? focused : null;
  const place = had ? pathTo(old, had) : null;
  old.replaceWith(fresh);
  enliven(fresh);
  if (had && place && (document.activeElement === document.body || !document.activeElement)) {
    restore(fresh, had, place);
  }
  return true;
}

/** @param {HTMLElement} root */
function enliven(root) {
  fillForms(root);
  htmx.process(root);
}

/**
 * How to find an element again in the fresh copy: by id, by name, or by its place among its kind.
 * @param {HTMLElement} old @param {HTMLElement} element
 */
function pathTo(old, element) {
  const name = element.getAttribute("name");
  const tag = element.tagName.toLowerCase();
  const kind = name ? `${tag}[name="${CSS.escape(name)}"]` : tag;
  return { id: element.id, kind, index: element === old ? -1 : [...old.querySelectorAll(kind)].indexOf(element) };
}

/** @param {HTMLElement} fresh @param {HTMLElement} had @param {{id: string, kind: string, index: number}} place */
function restore(fresh, had, { id, kind, index }) {
  const again = index < 0 ? fresh : ((id && document.getElementById(id)) || fresh.querySelectorAll(kind)[index]);
  if (!(again instanceof HTMLElement)) return;
  if (had.matches(TYPED) && again.matches(TYPED)) {
    const [before, after] = /** @type {HTMLInputElement[]} */ ([had, again]);
    if (before.type === after.type && !["checkbox", "radio", "file", "hidden"].includes(after.type)) {
      after.value = before.value;
    }
    again.focus({ preventScroll: true });
    try {
      after.setSelectionRange(before.selectionStart, before.selectionEnd);
    } catch {
      // Selects and numbers have no caret to keep.
    }
    return;
  }
  again.focus({ preventScroll: true });
}

/** A form that came over the socket has no token of its own: it gets the page's. @param {ParentNode} root */
function fillForms(root) {
  let token = "";
  try {
    token = String(JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "");
  } catch {
    // A page without the header has tokens in its own forms.
  }
  token ||= document.querySelector("input[name=csrfmiddlewaretoken][value]")?.getAttribute("value") ?? "";
  const forms = [...root.querySelectorAll("form")];
  if (root instanceof HTMLFormElement) forms.push(root);
  for (const form of forms) {
    if ((form.getAttribute("method") ?? "").toLowerCase() !== "post") continue;
    const field = form.querySelector("input[name=csrfmiddlewaretoken]");
    if (field) field.setAttribute("value", token || (field.getAttribute("value") ?? ""));
    else if (token) {
      const hidden = document.createElement("input");
      hidden.type = "hidden";
      hidden.name = "csrfmiddlewaretoken";
      hidden.value = token;
      form.prepend(hidden);
    }
  }
}

export const socket = new PageSocket();

if (document.body.dataset.signedIn) socket.start();
