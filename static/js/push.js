/**
 * <digis-push>: turns push on in this browser. Asks only when its button is pressed, never by itself; a refusal is explained
 * in words, since only the person can take it back. What it finds out goes up in an ordinary form.
 */
import { worker } from "./worker.js";

const SLOW = 15_000;

/** @param {string} text  base64url */
function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "="));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** @template T @param {Promise<T>} promise @returns {Promise<T>} */
function soon(promise) {
  return Promise.race([
    promise,
    new Promise((_resolve, reject) => setTimeout(() => reject(new Error("no answer")), SLOW)),
  ]);
}

class PushSwitch extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form[data-push-on]");
    const isAble = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
    if (!isAble || !(this.form instanceof HTMLFormElement)) return;
    this.form.hidden = Notification.permission === "denied";
    this.#say(Notification.permission === "denied" ? "denied" : "");
    this.form.addEventListener("submit", (event) => this.#pressed(event));
  }

  /** @param {SubmitEvent} event */
  async #pressed(event) {
    event.preventDefault();
    this.#say("");
    const answer = await Notification.requestPermission();
    if (answer !== "granted") {
      this.#say(answer === "denied" ? "denied" : "dismissed");
      if (this.form instanceof HTMLFormElement) this.form.hidden = answer === "denied";
      return;
    }
    try {
      this.#send(await soon(this.#subscribe()));
    } catch {
      this.#say("failed");
    }
  }

  async #subscribe() {
    const registration = await worker();
    // One left over from another session or key would be refused: the server knows none of this browser, so begin anew.
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    return registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: bytes(this.dataset.key ?? ""),
    });
  }

  /** @param {PushSubscription} subscription */
  #send(subscription) {
    const { endpoint, keys } = subscription.toJSON();
    const form = this.form;
    if (!(form instanceof HTMLFormElement)) return;
    for (const [name, value] of Object.entries({ endpoint, p256dh: keys?.p256dh, auth: keys?.auth })) {
      const field = form.elements.namedItem(name);
      if (field instanceof HTMLInputElement) field.value = value ?? "";
    }
    form.submit();
  }

  /** @param {string} name  which of the sentences to show, or none */
  #say(name) {
    for (const line of this.querySelectorAll("[data-push-words]")) {
      if (line instanceof HTMLElement) line.hidden = line.dataset.pushWords !== name;
    }
    for (const button of this.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  }
}

if (!customElements.get("digis-push")) customElements.define("digis-push", PushSwitch);

/** Turning push off here also gives the browser's own subscription back. The form goes up whether or not that works. */
for (const form of document.querySelectorAll("form[data-push-off]")) {
  form.addEventListener("submit", async (event) => {
    if (!(form instanceof HTMLFormElement) || !("serviceWorker" in navigator)) return;
    event.preventDefault();
    try {
      const registration = await navigator.serviceWorker.getRegistration("/");
      await (await registration?.pushManager?.getSubscription())?.unsubscribe();
    } finally {
      form.submit();
    }
  });
}
