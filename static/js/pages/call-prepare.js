/** <digis-check>: see and hear yourself before the call. Nothing leaves the page, and no refusal is an error. */
import { listDevices, openDevices, stopAll, watchLevel } from "../calls/devices.js";
import { remember, remembered } from "../calls/preferences.js";

const HEARD = 0.06;

class DeviceCheck extends HTMLElement {
  connectedCallback() {
    this.video = this.dataset.type === "video";
    this.find("[data-check-start]")?.addEventListener("click", () => this.start());
    for (const name of ["camera", "microphone"]) {
      this.find(`[data-${name}]`)?.addEventListener("change", (event) => {
        remember({ [name]: /** @type {HTMLSelectElement} */ (event.target).value });
        void this.start();
      });
    }
    this.leave = () => this.end();
    window.addEventListener("pagehide", this.leave);
    void this.startIfAllowed();
  }

  disconnectedCallback() {
    window.removeEventListener("pagehide", this.leave ?? (() => {}));
    this.end();
  }

  find(/** @type {string} */ selector) {
    return /** @type {HTMLElement | null} */ (this.querySelector(selector));
  }

  /** Where the browser has been told yes before, the check starts without another press. */
  async startIfAllowed() {
    try {
      const names = this.video ? ["camera", "microphone"] : ["microphone"];
      const answers = await Promise.all(
        names.map((name) => navigator.permissions.query({ name: /** @type {PermissionName} */ (name) })),
      );
      if (answers.every((answer) => answer.state === "granted")) await this.start();
    } catch {
      // Some browsers do not tell; the button is there.
    }
  }

  async start() {
    this.end();
    this.tell(this.dataset.asking ?? "");
    const { camera, microphone } = remembered();
    const { stream, problem } = await openDevices({ video: Boolean(this.video), cameraId: camera, microphoneId: microphone });
    this.stream = stream;
    const words = problem ? this.words(problem) : this.video ? this.dataset.ready : this.dataset.readyVoice;
    this.tell(words ?? "");
    const preview = this.find("[data-preview]");
    const picture = Boolean(stream?.getVideoTracks().length);
    if (preview instanceof HTMLVideoElement) {
      preview.srcObject = stream;
      preview.hidden = !picture;
    }
    this.find("[data-no-picture]")?.toggleAttribute("hidden", picture);
    this.find("[data-level-box]")?.toggleAttribute("hidden", !stream);
    if (!stream) return;
    this.listen(stream);
    await this.offer(stream);
  }

  end() {
    this.stopLevel?.();
    this.stopLevel = undefined;
    stopAll(this.stream ?? null);
    this.stream = null;
  }

  listen(/** @type {MediaStream} */ stream) {
    const bar = this.find("[data-level]");
    const says = this.find("[data-level-says]");
    let heard = false;
    if (says) says.textContent = this.dataset.quiet ?? "";
    this.stopLevel = watchLevel(stream, (level) => {
      if (bar instanceof HTMLProgressElement) bar.value = Math.round(level * 100);
      if (!heard && level > HEARD && says) {
        heard = true;
        says.textContent = this.dataset.heard ?? "";
      }
    });
  }

  async offer(/** @type {MediaStream} */ stream) {
    const shown = await listDevices({
      camera: /** @type {HTMLSelectElement | null} */ (this.find("[data-camera]")),
      microphone: /** @type {HTMLSelectElement | null} */ (this.find("[data-microphone]")),
      stream,
    });
    this.find("[data-devices]")?.toggleAttribute("hidden", !shown);
  }

  words(/** @type {string} */ problem) {
    const name = problem.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
    return this.dataset[name] ?? this.dataset.unknown;
  }

  tell(/** @type {string} */ words) {
    const place = this.find("[data-check-says]");
    if (place) place.textContent = words;
  }
}

if (!customElements.get("digis-check")) customElements.define("digis-check", DeviceCheck);
