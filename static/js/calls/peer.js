/**
 * One peer connection of a call: perfect negotiation over a message channel that may lose, repeat or reorder.
 *
 * Every page load is a *session* with an id of its own. When the other side's session changes (a reload, another tab)
 * the connection is built anew, so there is never more than one RTCPeerConnection here. Messages are handled one after
 * another; candidates that come before their description wait for it. The fan offers and is the impolite side.
 */

const CANDIDATE_BATCH_MS = 80;
const RESTART_AFTER_MS = 4000;
const REBUILD_AFTER_RESTARTS = 3;

/**
 * @typedef {{kind: string, session: string, to?: string | null, from?: string, [key: string]: unknown}} Message
 * @typedef {{role: string, iceServers: RTCIceServer[], relayOnly?: boolean, send: (message: Message) => void}} Options
 */

export class Peer extends EventTarget {
  /** @param {Options} options */
  constructor(options) {
    super();
    this.options = options;
    this.offers = options.role === "fan";
    this.session = crypto.randomUUID();
    /** @type {string | null} the other side's session */
    this.remote = null;
    /** @type {RTCPeerConnection | null} */
    this.connection = null;
    /** @type {Record<"audio" | "video", MediaStreamTrack | null>} what we would send if nothing held it back */
    this.tracks = { audio: null, video: null };
    this.held = false;
    this.closed = false;
    this.chain = Promise.resolve();
    this.restarts = 0;
    this.builtAt = 0;
    this.makingOffer = false;
    this.ignoreOffer = false;
    /** @type {RTCIceCandidateInit[]} candidates that came before their description */
    this.early = [];
    /** @type {RTCIceCandidateInit[]} candidates of ours, sent a handful at a time */
    this.outbox = [];
  }

  /** Announce this page to the other side; safe to repeat, and the way to mend a line whose messages were lost. */
  hello() {
    if (!this.closed) this.#tell({ kind: "hello" });
  }

  /** Say that this page goes, so that the other side need not wait for a time-out. */
  bye() {
    if (!this.closed) this.#tell({ kind: "bye" });
  }

  /** Handle one message of the channel, after those that came before it. */
  receive(/** @type {Message} */ message) {
    this.chain = this.chain
      .then(() => (this.closed ? undefined : this.#handle(message)))
      .catch((error) => this.#fault(error));
    return this.chain;
  }

  /** Send this track, or nothing, without a new negotiation. */
  async setTrack(/** @type {"audio" | "video"} */ kind, /** @type {MediaStreamTrack | null} */ track) {
    this.tracks[kind] = track;
    await this.#apply();
  }

  /** Stop sending while the meter is paused, and go on where we were afterwards (CALL-6). */
  async hold(/** @type {boolean} */ held) {
    this.held = held;
    await this.#apply();
  }

  get connected() {
    return this.connection?.connectionState === "connected";
  }

  /** Ask for new paths, as after a change of network. */
  restart() {
    const connection = this.connection;
    if (!connection || this.closed) return;
    this.restarts += 1;
    if (this.restarts <= REBUILD_AFTER_RESTARTS) {
      connection.restartIce();
      return;
    }
    this.#drop();
    this.restarts = 0;
    this.remote = null;
    this.session = crypto.randomUUID();
    this.hello();
  }

  close() {
    this.closed = true;
    this.#drop();
  }

  // ── negotiation ─────────────────────────────────────────────────────────────────────────

  #tell(/** @type {{kind: string, [key: string]: unknown}} */ message) {
    this.options.send({ ...message, session: this.session, to: this.remote });
  }

  #fault(/** @type {unknown} */ error) {
    this.dispatchEvent(new CustomEvent("fault", { detail: error }));
  }

  async #handle(/** @type {Message} */ message) {
    if (message.session === this.session) return;
    if (message.from === this.options.role) return; // another page of our own person
    if (message.kind === "bye" && message.replaced) {
      // The other side met a newer page of our person: that one carries the call now.
      if (message.to === this.session) this.dispatchEvent(new Event("elsewhere"));
    } else if (message.kind === "hello") {
      this.#meet(message);
    } else if (message.session !== this.remote) {
      this.hello();
    } else if (message.kind === "bye") {
      this.dispatchEvent(new Event("gone"));
    } else if (message.to !== this.session) {
      return;
    } else if (message.kind === "offer" || message.kind === "answer") {
      await this.#describe(message.kind, String(message.sdp));
    } else if (message.kind === "candidate") {
      await this.#candidates(/** @type {RTCIceCandidateInit[]} */ (message.candidates));
    }
  }

  #meet(/** @type {Message} */ message) {
    const known = message.session === this.remote;
    if (!known) {
      if (this.remote) this.#tell({ kind: "bye", replaced: true });
      this.#drop();
      this.remote = message.session;
      this.restarts = 0;
      this.#build();
      this.dispatchEvent(new Event("met"));
    }
    // Answer until the other side has shown that it knows us; an answer to an answer ends there.
    if (message.to !== this.session) this.#tell({ kind: "hello" });
    const settled = performance.now() - this.builtAt > RESTART_AFTER_MS;
    if (known && settled && this.connection && !this.connected) this.#repair(this.connection);
  }

  /** The other side is there but the line is not: what we said may have been lost on the way. */
  #repair(/** @type {RTCPeerConnection} */ connection) {
    if (connection.signalingState === "have-local-offer") this.#sendDescription(connection);
    else if (["failed", "disconnected"].includes(connection.connectionState)) this.restart();
    else if (this.offers && connection.connectionState === "connecting") this.restart();
  }

  #sendDescription(/** @type {RTCPeerConnection} */ connection) {
    const description = connection.localDescription;
    if (connection === this.connection && description) this.#tell({ kind: description.type, sdp: description.sdp });
  }

  #build() {
    const connection = new RTCPeerConnection({
      iceServers: this.options.iceServers,
      iceTransportPolicy: this.options.relayOnly ? "relay" : "all",
      bundlePolicy: "max-bundle",
    });
    this.connection = connection;
    this.builtAt = performance.now();
    this.makingOffer = false;
    this.ignoreOffer = false;
    this.early = [];

    connection.onnegotiationneeded = async () => {
      try {
        this.makingOffer = true;
        await connection.setLocalDescription();
        this.#sendDescription(connection);
      } catch (error) {
        this.#fault(error);
      } finally {
        this.makingOffer = false;
      }
    };
    connection.onicecandidate = ({ candidate }) => {
      if (!candidate) return;
      if (this.outbox.length === 0) setTimeout(() => this.#flush(connection), CANDIDATE_BATCH_MS);
      this.outbox.push(candidate.toJSON());
    };
    connection.ontrack = ({ track }) => this.dispatchEvent(new CustomEvent("track", { detail: track }));
    connection.onconnectionstatechange = () => this.#changed(connection);

    // Only the offering side makes the lines; the other takes them from the offer, so there are never two of a kind.
    if (this.offers) {
      connection.addTransceiver("audio", { direction: "sendrecv" });
      connection.addTransceiver("video", { direction: "sendrecv" });
      this.#apply().catch((error) => this.#fault(error));
    }
  }

  #changed(/** @type {RTCPeerConnection} */ connection) {
    const state = connection.connectionState;
    if (state === "connected") this.restarts = 0;
    if (state === "failed") this.restart();
    if (state === "disconnected") {
      setTimeout(() => {
        if (connection === this.connection && connection.connectionState === "disconnected") this.restart();
      }, RESTART_AFTER_MS);
    }
    this.dispatchEvent(new CustomEvent("change", { detail: state }));
  }

  async #describe(/** @type {RTCSdpType} */ type, /** @type {string} */ sdp) {
    const connection = this.connection;
    if (!connection) return;
    const collision = type === "offer" && (this.makingOffer || connection.signalingState !== "stable");
    this.ignoreOffer = collision && this.offers;
    if (this.ignoreOffer) return;
    if (type === "answer" && connection.signalingState !== "have-local-offer") return; // said twice
    await connection.setRemoteDescription({ type, sdp });
    for (const candidate of this.early.splice(0)) await this.#add(connection, candidate);
    if (type === "offer") {
      for (const line of connection.getTransceivers()) line.direction = "sendrecv";
      await this.#apply();
      await connection.setLocalDescription();
      this.#sendDescription(connection);
    }
  }

  async #candidates(/** @type {RTCIceCandidateInit[]} */ candidates) {
    const connection = this.connection;
    if (!connection) return;
    for (const candidate of candidates) {
      if (connection.remoteDescription) await this.#add(connection, candidate);
      else this.early.push(candidate);
    }
  }

  async #add(/** @type {RTCPeerConnection} */ connection, /** @type {RTCIceCandidateInit} */ candidate) {
    try {
      await connection.addIceCandidate(candidate);
    } catch (error) {
      if (!this.ignoreOffer) this.#fault(error); // those of an offer we ignored are expected to be refused
    }
  }

  #flush(/** @type {RTCPeerConnection} */ connection) {
    const candidates = this.outbox.splice(0);
    if (candidates.length > 0 && connection === this.connection) this.#tell({ kind: "candidate", candidates });
  }

  async #apply() {
    for (const line of this.connection?.getTransceivers() ?? []) {
      const kind = line.receiver.track.kind === "video" ? "video" : "audio";
      const wanted = this.held ? null : this.tracks[kind];
      if (line.sender.track !== wanted) await line.sender.replaceTrack(wanted);
    }
  }

  #drop() {
    const connection = this.connection;
    this.connection = null;
    this.outbox = [];
    if (!connection) return;
    connection.onnegotiationneeded = null;
    connection.onicecandidate = null;
    connection.ontrack = null;
    connection.onconnectionstatechange = null;
    connection.close();
  }
}
