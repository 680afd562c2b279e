/**
 * <digis-meter data-seconds="462" data-running="true">: the clock of the meter.
 *
 * The server sends a new one with every frame; between two frames only the seconds are drawn on, never the money.
 */

const AHEAD_AT_MOST = 10; // seconds drawn without news of the server
const BEHIND_AT_MOST = 8; // what the server confirms comes a heartbeat later than what was drawn

let drawn = 0; // outlives the elements: the next frame brings a new one

export class Meter extends HTMLElement {
  connectedCallback() {
    this.since = performance.now();
    this.timer = setInterval(() => this.tick(), 250);
    this.tick();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  get seconds() {
    const known = Number(this.dataset.seconds ?? 0);
    if (this.dataset.running !== "true") return known;
    const now = known + Math.min(AHEAD_AT_MOST, (performance.now() - (this.since ?? 0)) / 1000);
    return drawn > now && drawn - now < BEHIND_AT_MOST ? drawn : now;
  }

  tick() {
    const face = this.querySelector("[data-clock]");
    drawn = this.seconds;
    const shown = clock(Math.floor(drawn));
    if (face && face.textContent !== shown) face.textContent = shown;
  }
}

/** Write seconds as people read a clock: 07:42, and 1:02:07 from the first hour on. */
export function clock(/** @type {number} */ seconds) {
  const pad = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${pad(minutes)}:${pad(seconds % 60)}`;
}

if (!customElements.get("digis-meter")) customElements.define("digis-meter", Meter);
