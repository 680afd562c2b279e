/**
 * <digis-meter data-seconds="462" data-ahead="3.2" data-until="468.5" data-costs='[[465,"155","≈ $7.75"]]' data-running="true">
 *
 * The clock and the amount of the meter. Every figure is the server's: `seconds` both sides have confirmed, how far the
 * moment of the frame is `ahead` of them, and up to when the page may draw on by itself, with what it would cost by then.
 * So between two frames the page shows what a hang-up now would bill, and never more. It never runs back: where the server
 * confirms less than was drawn, as when a side drops, the clock stands until the call has caught up.
 */

let drawn = 0; // outlives the elements: the next frame brings a new one

export class Meter extends HTMLElement {
  connectedCallback() {
    this.since = performance.now();
    this.face = this.querySelector("[data-clock]");
    this.amount = this.querySelector(".price b");
    this.money = this.querySelector(".price-money");
    /** @type {[number, string, string][]} */
    this.costs = [[0, this.amount?.textContent ?? "", this.money?.textContent ?? ""], ...JSON.parse(this.dataset.costs || "[]")];
    this.timer = setInterval(() => this.tick(), 250);
    this.tick();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  /** What a hang-up now would bill, as far as this page knows. */
  get due() {
    const known = Number(this.dataset.seconds ?? 0);
    if (this.dataset.running !== "true") return known;
    const passed = (performance.now() - (this.since ?? 0)) / 1000;
    return Math.min(Number(this.dataset.until ?? known), known + Number(this.dataset.ahead ?? 0) + passed);
  }

  get seconds() {
    return Math.max(drawn, this.due);
  }

  /** Tokens and money for the moment: never what only the standing clock says. */
  get cost() {
    const due = this.due;
    const [, tokens, money] = (this.costs ?? []).filter(([second]) => second <= due).at(-1) ?? [0, "", ""];
    return { tokens, money };
  }

  tick() {
    drawn = this.seconds;
    const { tokens, money } = this.cost;
    write(this.face, clock(Math.floor(drawn)));
    write(this.amount, tokens);
    write(this.money, money);
  }
}

function write(/** @type {Element | null | undefined} */ place, /** @type {string} */ text) {
  if (place && place.textContent !== text) place.textContent = text;
}

/** Write seconds as people read a clock: 07:42, and 1:02:07 from the first hour on. */
export function clock(/** @type {number} */ seconds) {
  const pad = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${pad(minutes)}:${pad(seconds % 60)}`;
}

if (!customElements.get("digis-meter")) customElements.define("digis-meter", Meter);
