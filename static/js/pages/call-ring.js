/** The caller's page while it rings: <digis-waiting>. The server says what became of it; this page only follows. */
import "../calls/countdown.js";
import { say } from "../calls/say.js";
import { socket } from "../socket.js";

const LATE_MS = 2500;
const POLL_MS = 4000;

class Waiting extends HTMLElement {
  connectedCallback() {
    this.stop = new AbortController();
    const { signal } = this.stop;
    document.addEventListener("digis:call.accepted", (event) => this.#accepted(event), { signal });
    for (const name of ["declined", "missed", "expired"]) {
      document.addEventListener(`digis:call.${name}`, () => this.#ended(), { signal });
    }
    this.addEventListener("countdown-over", () => setTimeout(() => this.#look(), LATE_MS));
    this.timer = setInterval(() => {
      if (!socket.isOpen) this.#look();
    }, POLL_MS);
  }

  disconnectedCallback() {
    this.stop?.abort();
    clearInterval(this.timer);
  }

  get pending() {
    return document.getElementById("ring-status")?.dataset.status === "pending";
  }

  #accepted(/** @type {Event} */ event) {
    const { data } = /** @type {CustomEvent} */ (event).detail;
    say(this.dataset.pickedUp ?? "");
    location.replace(data.url);
  }

  #ended() {
    const title = document.getElementById("ring-title");
    title?.focus();
  }

  /** Ask the server: the news may have been lost on its way. */
  #look() {
    if (this.pending) location.reload();
  }
}

if (!customElements.get("digis-waiting")) customElements.define("digis-waiting", Waiting);
