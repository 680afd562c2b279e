/**
 * <digis-ring>: somebody is calling. Comes into any open page with the event `call.ringing`, or with the page itself.
 *
 * The sheet takes the focus and gives it back. Escape, or a click beside it, makes it small; only the buttons decide.
 * When its seconds are over it goes by itself: the server has ended the ring then, whether or not we heard so.
 */
import "./countdown.js";
import { remember } from "./preferences.js";
import { ring } from "./sound.js";

const GONE_AFTER_MS = 2500;
const SILENT = "digis-ring-silent";

export class RingSheet extends HTMLElement {
  connectedCallback() {
    this.sheet = this.querySelector("dialog");
    this.bar = this.querySelector("[data-ring-bar]");
    if (!this.sheet) return;
    this.focusedBefore = document.activeElement;
    this.sheet.addEventListener("close", () => this.shrink());
    this.addEventListener("click", (event) => this.#clicked(event));
    this.addEventListener("countdown-over", () => this.#over());
    this.addEventListener("submit", (event) => this.#decided(event));
    this.grow();
    if (localStorage.getItem(SILENT) !== "1") this.stopRinging = ring();
    this.#showSilence();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    this.quiet();
    const within = document.activeElement === document.body || this.contains(document.activeElement);
    if (within && this.focusedBefore instanceof HTMLElement && this.focusedBefore.isConnected) this.focusedBefore.focus();
  }

  grow() {
    const sheet = this.sheet;
    if (!sheet) return;
    if (sheet.open && !sheet.matches(":modal")) sheet.removeAttribute("open");
    if (!sheet.open) sheet.showModal();
    if (this.bar) this.bar.setAttribute("hidden", "");
    const title = sheet.querySelector("[data-ring-title]");
    if (title instanceof HTMLElement) title.focus();
  }

  shrink() {
    if (!this.isConnected || this.decided) return;
    this.bar?.removeAttribute("hidden");
    const show = this.bar?.querySelector("button");
    if (show instanceof HTMLElement) show.focus();
  }

  quiet() {
    this.stopRinging?.();
    this.stopRinging = undefined;
  }

  #clicked(/** @type {Event} */ event) {
    if (!(event.target instanceof Element)) return;
    if (event.target === this.sheet) this.sheet?.close();
    if (event.target.closest("[data-ring-show]")) this.grow();
    if (event.target.closest("[data-ring-hide]")) this.sheet?.close();
    if (event.target.closest("[data-ring-silence]")) {
      const silent = localStorage.getItem(SILENT) !== "1";
      localStorage.setItem(SILENT, silent ? "1" : "0");
      this.quiet();
      if (!silent) this.stopRinging = ring();
      this.#showSilence();
    }
  }

  #decided(/** @type {Event} */ event) {
    this.decided = true;
    this.quiet();
    const form = event.target;
    if (form instanceof HTMLFormElement && form.action.endsWith("/accept/")) {
      remember({ picture: form.dataset.camera === "off" ? "off" : "on" });
    }
  }

  #showSilence() {
    const button = this.querySelector("[data-ring-silence]");
    button?.setAttribute("aria-pressed", String(localStorage.getItem(SILENT) === "1"));
  }

  #over() {
    if (this.timer) return;
    this.quiet();
    this.timer = setTimeout(() => {
      this.decided = true;
      this.sheet?.close();
      this.remove();
    }, GONE_AFTER_MS);
  }
}

if (!customElements.get("digis-ring")) customElements.define("digis-ring", RingSheet);
