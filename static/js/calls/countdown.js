/**
 * <digis-countdown data-seconds="24" data-text="rings for {seconds} more seconds">
 *
 * Counts down from the seconds the server gave with the markup. What is written changes each second and is no live
 * region; `data-say-at` seconds before the end it tells its `data-say` once, politely. Fires `countdown-over` at zero.
 */
import { say } from "./say.js";

export class Countdown extends HTMLElement {
  connectedCallback() {
    this.until = performance.now() + Number(this.dataset.seconds ?? 0) * 1000;
    this.said = false;
    /** @type {string} */
    this.shown = "";
    this.timer = setInterval(() => this.tick(), 250);
    this.tick();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  get left() {
    return Math.max(0, Math.ceil(((this.until ?? 0) - performance.now()) / 1000));
  }

  tick() {
    const left = this.left;
    const text = (left === 1 && this.dataset.textOne) || this.dataset.text || "{seconds}";
    const shown = text.replace("{seconds}", String(left));
    if (shown !== this.shown) this.textContent = this.shown = shown;
    if (!this.said && this.dataset.say && left > 0 && left <= Number(this.dataset.sayAt ?? 10)) {
      this.said = true;
      say(this.dataset.say.replace("{seconds}", String(left)));
    }
    if (left === 0) {
      clearInterval(this.timer);
      this.dispatchEvent(new Event("countdown-over", { bubbles: true }));
    }
  }
}

if (!customElements.get("digis-countdown")) customElements.define("digis-countdown", Countdown);
