/**
 * The call: <digis-call>. It carries sound and picture from one browser to the other and tells the server, every few
 * seconds, whether it does. What the meter says comes from the server alone; this page obeys its status.
 */
import { listDevices, openCamera, openDevices, stopAll } from "../calls/devices.js";
import "../calls/countdown.js";
import { clock, Meter } from "../calls/meter.js";
import { Peer } from "../calls/peer.js";
import { remember, remembered } from "../calls/preferences.js";
import { say } from "../calls/say.js";
import { allowSound, bell } from "../calls/sound.js";
import { judge, LineStats } from "../calls/stats.js";
import { token } from "../calls/csrf.js";
import { apply, socket } from "../socket.js";

const SENDING = ["active", "grace"]; // in every other status nothing of us is sent (CALL-6)
const PATIENCE_MS = 8000; // a line that wavers is not gone yet
const HELLO_EVERY_MS = 6000;

class Room extends HTMLElement {
  connectedCallback() {
    const config = document.getElementById("call-config")?.textContent;
    if (!config) return;
    this.config = JSON.parse(config);
    this.stop = new AbortController();
    this.leaving = false;
    this.yielded = false;
    this.stats = new LineStats();
    this.microphone = true;
    this.camera = remembered().picture !== "off";
    this.peerState = { camera: true, microphone: true };
    this.lostSince = 0;
    /** @type {string} */
    this.callType = this.config.call_type;
    this.#bind();
    void this.#start();
  }

  disconnectedCallback() {
    this.#release();
  }

  find(/** @type {string} */ selector) {
    return /** @type {HTMLElement | null} */ (this.querySelector(selector));
  }

  get topic() {
    return this.config.topic;
  }

  get status() {
    return document.getElementById("call-meter")?.dataset.status ?? this.config.status;
  }

  // ── beginning and end ───────────────────────────────────────────────────────────────────

  async #start() {
    this.peer = new Peer({
      role: this.config.role,
      iceServers: this.config.provider?.ice_servers ?? [],
      relayOnly: new URLSearchParams(location.search).has("relay"),
      send: (message) => socket.send(this.topic, "signal", message),
    });
    const peer = this.peer;
    peer.addEventListener("track", (event) => this.#hear(/** @type {CustomEvent} */ (event).detail));
    peer.addEventListener("change", () => this.#changed());
    peer.addEventListener("met", () => this.#met());
    peer.addEventListener("gone", () => this.#draw());
    peer.addEventListener("elsewhere", () => this.#yield());
    peer.addEventListener("fault", (event) => console.warn("call", /** @type {CustomEvent} */ (event).detail));
    await peer.hold(!SENDING.includes(this.status));
    this.tabs = new BroadcastChannel(this.topic);
    this.tabs.onmessage = () => this.#yield();
    this.tabs.postMessage("mine"); // a page of this call that is open already makes room

    socket.onSignal(this.topic, (name, data) => {
      if (name === "signal") void peer.receive(data);
      if (name === "media" && data.from !== this.config.role) this.#peerMedia(data);
    });
    socket.subscribe(this.topic);
    await this.#openDevices();
    await socketOpen();
    if (this.yielded || this.leaving) return;
    peer.hello();
    this.#tellMedia();
    this.beat();
    this.beats = setInterval(() => this.beat(), this.config.beat_seconds * 1000);
    this.hellos = setInterval(() => {
      if (!peer.connected) peer.hello();
    }, HELLO_EVERY_MS);
    this.#draw();
  }

  #bind() {
    const { signal } = this.stop ?? new AbortController();
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ name, /** @type {(e: any) => void} */ act) =>
      target.addEventListener(name, act, { signal });
    on(document, "digis:call.meter", () => this.#obey());
    on(document, "digis:call.warned", () => this.#warned());
    on(document, "digis:call.switched", () => this.#switched());
    on(document, "htmx:afterSwap", () => this.#switched());
    on(document, "digis:call.ended", (event) => this.#over(event.detail.data));
    on(document, "digis:resync", () => this.#resync());
    on(window, "online", () => this.peer?.restart());
    on(window, "online", () => this.#draw());
    on(window, "offline", () => this.#draw());
    on(window, "pagehide", () => this.peer?.bye());
    on(window, "beforeunload", (event) => {
      if (this.leaving || this.yielded || this.status === "ended") return;
      event.preventDefault();
    });
    for (const form of this.querySelectorAll("[data-end], [data-leaves]")) on(form, "submit", () => (this.leaving = true));
    const press = (/** @type {string} */ what, /** @type {() => void} */ act) => {
      const button = this.find(`[data-${what}]`);
      if (button) on(button, "click", act);
    };
    press("mic", () => this.#toggleMicrophone());
    press("camera", () => void this.#toggleCamera());
    press("read", () => this.#read());
    press("pip", () => void this.#picture());
    press("more", () => this.#side(true));
    press("less", () => this.#side(false));
    press("here", () => this.#takeOver());
    press("play", () => void this.#play());
    const choose = (/** @type {"camera" | "microphone"} */ what) => {
      const list = this.find(`[data-choose-${what}]`);
      if (list instanceof HTMLSelectElement) on(list, "change", () => void this.#choose(what, list.value));
    };
    choose("camera");
    choose("microphone");
    on(this, "keydown", (event) => {
      if (event.key === "Escape" && this.find("#call-side")?.hasAttribute("data-open")) this.#side(false);
    });
  }

  #release() {
    this.stop?.abort();
    this.tabs?.close();
    clearInterval(this.beats);
    clearInterval(this.hellos);
    this.peer?.close();
    stopAll(this.stream ?? null);
  }

  #over(/** @type {{call: string, url: string}} */ data) {
    if (data.call !== this.config.id || this.leaving) return;
    this.leaving = true;
    this.#release();
    location.replace(data.url);
  }

  /** The same person opened the call in another tab: that one carries it now. */
  #yield() {
    if (this.yielded) return;
    this.yielded = true;
    clearInterval(this.beats);
    clearInterval(this.hellos);
    this.peer?.close();
    stopAll(this.stream ?? null);
    const dialog = this.find("[data-elsewhere]");
    if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
  }

  #takeOver() {
    this.leaving = true;
    location.reload();
  }

  // ── what goes out ───────────────────────────────────────────────────────────────────────

  async #openDevices() {
    const { camera, microphone } = remembered();
    const video = Boolean(this.callType === "video" && this.camera);
    const { stream, problem } = await openDevices({ video, cameraId: camera, microphoneId: microphone });
    if (this.yielded || this.leaving) return stopAll(stream);
    this.stream = stream ?? new MediaStream();
    if (stream) allowSound();
    if (problem) {
      this.camera = this.camera && this.stream.getVideoTracks().length > 0;
      this.microphone = this.stream.getAudioTracks().length > 0;
      this.#banner((stream ? this.dataset.noCamera : this.dataset.noDevices) ?? "");
    }
    await this.#send();
    if (stream) await this.#listDevices();
  }

  /** Give the connection what the person wants to be heard and seen of them. */
  async #send() {
    const audio = this.stream?.getAudioTracks()[0] ?? null;
    const video = this.callType === "video" && this.camera ? (this.stream?.getVideoTracks()[0] ?? null) : null;
    if (audio) audio.enabled = this.microphone ?? true;
    await this.peer?.setTrack("audio", audio);
    await this.peer?.setTrack("video", video);
    const own = this.find("[data-local]");
    if (own instanceof HTMLVideoElement) own.srcObject = video ? new MediaStream([video]) : null;
    this.find("[data-self]")?.toggleAttribute("hidden", !video);
    this.#tellMedia();
    this.#drawControls();
  }

  #tellMedia() {
    if (!this.peer || this.yielded) return;
    const camera = Boolean(this.camera && this.callType === "video" && this.stream?.getVideoTracks().length);
    socket.send(this.topic, "media", { camera, microphone: Boolean(this.microphone) });
  }

  #toggleMicrophone() {
    this.microphone = !this.microphone;
    say((this.microphone ? this.dataset.saysUnmuted : this.dataset.saysMuted) ?? "");
    void this.#send();
  }

  async #toggleCamera() {
    this.camera = !this.camera;
    remember({ picture: this.camera ? "on" : "off" });
    if (this.camera) await this.#lightCamera();
    else this.#darkCamera();
    say((this.camera ? this.dataset.saysLit : this.dataset.saysDark) ?? "");
    await this.#send();
  }

  async #lightCamera() {
    if (this.stream?.getVideoTracks().length) return;
    try {
      const track = await openCamera(remembered().camera);
      if (track) this.stream?.addTrack(track);
    } catch {
      this.camera = false;
      this.#banner(this.dataset.noCamera ?? "");
    }
  }

  /** Let the camera go, light and all. */
  #darkCamera() {
    for (const track of this.stream?.getVideoTracks() ?? []) {
      track.stop();
      this.stream?.removeTrack(track);
    }
  }

  async #choose(/** @type {"camera" | "microphone"} */ what, /** @type {string} */ id) {
    remember({ [what]: id });
    stopAll(this.stream ?? null);
    await this.#openDevices();
  }

  async #listDevices() {
    const shown = await listDevices({
      camera: /** @type {HTMLSelectElement | null} */ (this.find("[data-choose-camera]")),
      microphone: /** @type {HTMLSelectElement | null} */ (this.find("[data-choose-microphone]")),
      stream: this.stream ?? null,
    });
    this.find("[data-devices]")?.toggleAttribute("hidden", !shown);
  }

  // ── what comes in ───────────────────────────────────────────────────────────────────────

  #met() {
    this.remote = new MediaStream();
    const video = this.#screen();
    if (video) video.srcObject = this.remote;
    this.#tellMedia();
  }

  #hear(/** @type {MediaStreamTrack} */ track) {
    this.remote ??= new MediaStream();
    for (const old of this.remote.getTracks()) if (old.kind === track.kind) this.remote.removeTrack(old);
    this.remote.addTrack(track);
    track.addEventListener("mute", () => this.#draw());
    track.addEventListener("unmute", () => this.#draw());
    const video = this.#screen();
    if (video && video.srcObject !== this.remote) video.srcObject = this.remote;
    void this.#play();
  }

  #screen() {
    const video = this.find("[data-remote]");
    return video instanceof HTMLVideoElement ? video : null;
  }

  async #play() {
    const dialog = /** @type {HTMLDialogElement | null} */ (this.find("[data-tap]"));
    try {
      await this.#screen()?.play();
      dialog?.close();
    } catch (error) {
      const refused = error instanceof DOMException && error.name === "NotAllowedError";
      if (refused && dialog && !dialog.open) dialog.showModal();
    }
    this.#draw();
  }

  #peerMedia(/** @type {{camera: boolean, microphone: boolean}} */ state) {
    this.peerState = { camera: state.camera, microphone: state.microphone };
    this.#draw();
  }

  // ── the line and the server ─────────────────────────────────────────────────────────────

  #changed() {
    if (this.peer?.connected) {
      this.lostSince = 0;
      if (!this.greeted) say(this.dataset.saysConnected ?? "");
      this.greeted = true;
      this.#tellMedia();
    } else {
      this.lostSince ||= performance.now();
    }
    this.beat();
    this.#draw();
  }

  /** Present means that the line stands, or wavered a moment ago; a line that failed is not present (CALL-5). */
  get isPresent() {
    const state = this.peer?.connection?.connectionState;
    if (state === "connected") return true;
    return state === "disconnected" && performance.now() - (this.lostSince ?? 0) < PATIENCE_MS;
  }

  /** Tell the server that we are here, by the socket or without it. */
  async beat() {
    if (this.yielded || this.leaving) return;
    const moved = await this.stats?.read(this.peer?.connection ?? null);
    const connected = this.isPresent;
    this.line = moved && connected && SENDING.includes(this.status) ? judge(moved) : null;
    if (socket.isOpen) {
      socket.send(this.topic, "beat", { connected, frames: moved?.frames ?? 0 });
    } else {
      await this.#post(this.config.urls.beat, { connected: connected ? "1" : "0" });
    }
    this.#draw();
  }

  /** The same by plain HTTP, when the socket is gone: the answer is the meter. */
  async #post(/** @type {string} */ url, /** @type {Record<string, string>} */ fields) {
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "X-CSRFToken": token(), "HX-Request": "true" },
        body: new URLSearchParams(fields),
      });
      this.unreachable = false;
      await this.#take(answer);
    } catch {
      this.unreachable = true;
    }
  }

  async #take(/** @type {Response} */ answer) {
    const away = answer.headers.get("HX-Redirect") ?? (answer.redirected ? answer.url : null);
    if (away) {
      this.leaving = true;
      this.#release();
      location.replace(away);
    } else if (answer.ok) {
      apply(await answer.text());
      this.#obey();
    }
  }

  /** After the socket returned: say hello again, and read what it missed. */
  async #resync() {
    if (this.yielded || this.leaving) return;
    socket.subscribe(this.topic);
    this.peer?.hello();
    this.#tellMedia();
    try {
      await this.#take(await fetch(this.config.urls.meter, { headers: { "HX-Request": "true" } }));
    } catch {
      this.unreachable = true;
    }
    this.#draw();
  }

  /** Do what the meter's status says: send, or send nothing. */
  #obey() {
    const status = this.status;
    if (status !== this.obeyed) {
      const before = this.obeyed;
      this.obeyed = status;
      void this.peer?.hold(!SENDING.includes(status));
      if (status === "paused") say(this.dataset.saysPaused ?? "");
      if (before === "paused" && SENDING.includes(status)) say(this.dataset.saysResumed ?? "");
    }
    this.#draw();
  }

  #warned() {
    const words = this.find("[data-warning]")?.textContent?.trim().replace(/\s+/g, " ");
    if (!words) return;
    say(words);
    bell();
  }

  #switched() {
    const callType = document.getElementById("call-switch")?.dataset.callType;
    if (!callType || callType === this.callType) return;
    this.callType = callType;
    if (callType === "voice") this.#darkCamera();
    const ready = callType === "video" && this.camera ? this.#lightCamera() : Promise.resolve();
    void ready.then(() => this.#send()).then(() => this.#draw());
  }

  // ── what is shown ───────────────────────────────────────────────────────────────────────

  #draw() {
    const video = this.remote?.getVideoTracks()[0];
    const seen = Boolean(video && !video.muted && this.callType === "video" && this.peerState?.camera);
    this.#screen()?.toggleAttribute("hidden", !seen);
    this.find("[data-remote-dark]")?.toggleAttribute("hidden", seen);
    const dark = this.find("[data-remote-says]");
    if (dark) {
      const off = this.callType === "video" && !this.peerState?.camera && this.peer?.connected;
      dark.hidden = !off;
      dark.textContent = off ? (this.dataset.peerDark ?? "") : "";
    }
    this.find("[data-peer-muted]")?.toggleAttribute("hidden", Boolean(this.peerState?.microphone));
    const pip = this.find("[data-pip]");
    pip?.toggleAttribute("hidden", !document.pictureInPictureEnabled || !seen);

    const words = this.find("[data-line-says]");
    if (words) words.textContent = this.#lineWords();
    if (!navigator.onLine) this.#banner(this.dataset.bannerOffline ?? "");
    else if (this.unreachable && !socket.isOpen) this.#banner(this.dataset.bannerServer ?? "");
    else if (this.line === "weak" && this.callType === "video") this.#banner(this.dataset.bannerWeak ?? "");
    else if (this.stream?.getTracks().length) this.#banner("");
  }

  #lineWords() {
    if (!navigator.onLine) return this.dataset.lineOffline ?? "";
    if (!this.peer?.connected) return (this.greeted ? this.dataset.lineLost : this.dataset.lineConnecting) ?? "";
    if (this.line === "weak") return this.dataset.lineWeak ?? "";
    if (this.line === "fair") return this.dataset.lineFair ?? "";
    return this.dataset.lineGood ?? "";
  }

  #banner(/** @type {string} */ words) {
    const banner = this.find("[data-banner]");
    if (!banner || banner.textContent === words) return;
    banner.textContent = words;
    banner.hidden = !words;
    if (words) say(words);
  }

  #drawControls() {
    const draw = (/** @type {string} */ what, /** @type {boolean} */ on, /** @type {string | undefined} */ label) => {
      const button = this.find(`[data-${what}]`);
      if (!button) return;
      button.classList.toggle("callbtn-off", !on);
      button.setAttribute("aria-pressed", String(!on));
      button.setAttribute("aria-label", label ?? "");
      button.querySelector("[data-on]")?.toggleAttribute("hidden", !on);
      button.querySelector("[data-off]")?.toggleAttribute("hidden", on);
    };
    draw("mic", Boolean(this.microphone), this.microphone ? this.dataset.mute : this.dataset.unmute);
    draw("camera", Boolean(this.camera), this.camera ? this.dataset.cameraOff : this.dataset.cameraOn);
    this.find("[data-camera]")?.toggleAttribute("hidden", this.callType !== "video");
  }

  /** Say time and cost on request (A11Y-5). */
  #read() {
    const meter = document.getElementById("call-meter");
    if (!(meter instanceof Meter)) return;
    const words = meter.querySelector("[data-spoken]")?.textContent?.trim().replace(/\s+/g, " ") ?? "";
    const { tokens, money } = meter.cost;
    const spoken = { clock: clock(Math.floor(meter.seconds)), tokens, money: money.replace("≈", "").trim() };
    say(words.replace(/\{(\w+)\}/g, (_, name) => /** @type {Record<string, string>} */ (spoken)[name] ?? ""));
  }

  async #picture() {
    const video = this.#screen();
    try {
      if (document.pictureInPictureElement) await document.exitPictureInPicture();
      else await video?.requestPictureInPicture();
    } catch {
      // The browser may refuse; the picture stays where it is.
    }
  }

  #side(/** @type {boolean} */ open) {
    const side = this.find("#call-side");
    const more = this.find("[data-more]");
    side?.toggleAttribute("data-open", open);
    more?.setAttribute("aria-expanded", String(open));
    if (open) this.find("[data-less]")?.focus();
    else more?.focus();
  }
}

/** Resolve when what is said on the socket is heard, or after a while without it: then plain HTTP has to do. */
async function socketOpen() {
  for (let tries = 0; tries < 50 && !socket.isOpen; tries += 1) await new Promise((done) => setTimeout(done, 100));
}

if (!customElements.get("digis-call")) customElements.define("digis-call", Room);
