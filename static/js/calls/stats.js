/** What moved over the line since the last look: frames decoded, sound packets, loss and delay. */

/** @typedef {{frames: number, packets: number, lost: number, delay: number | null}} Totals */

const NOTHING = { frames: 0, packets: 0, lost: 0, delay: null };

export class LineStats {
  constructor() {
    /** @type {RTCPeerConnection | null} */
    this.connection = null;
    /** @type {Totals} */
    this.last = NOTHING;
  }

  /** Return the difference to the last call; a new connection starts from nothing. */
  async read(/** @type {RTCPeerConnection | null} */ connection) {
    if (connection !== this.connection) {
      this.connection = connection;
      this.last = NOTHING;
    }
    if (!connection) return NOTHING;
    /** @type {Totals} */
    const now = { ...NOTHING };
    let received = 0;
    for (const report of (await connection.getStats()).values()) {
      if (report.type === "inbound-rtp") {
        received += report.packetsReceived ?? 0;
        now.lost += Math.max(0, report.packetsLost ?? 0);
        if (report.kind === "video") now.frames += report.framesDecoded ?? 0;
        if (report.kind === "audio") now.packets += report.packetsReceived ?? 0;
      }
      if (report.type === "candidate-pair" && report.nominated && report.currentRoundTripTime !== undefined) {
        now.delay = report.currentRoundTripTime;
      }
    }
    const before = this.last;
    this.last = { ...now, packets: now.packets, lost: now.lost };
    const lost = Math.max(0, now.lost - before.lost);
    return {
      frames: Math.max(0, now.frames - before.frames),
      packets: Math.max(0, now.packets - before.packets),
      lost: received === 0 ? 0 : lost,
      delay: now.delay,
    };
  }
}

/** Name the line for a person: good, fair or weak. */
export function judge(/** @type {Totals} */ moved) {
  const loss = moved.lost / Math.max(1, moved.lost + moved.packets + moved.frames);
  if (loss > 0.08 || (moved.delay ?? 0) > 0.6) return "weak";
  if (loss > 0.02 || (moved.delay ?? 0) > 0.3) return "fair";
  return "good";
}
