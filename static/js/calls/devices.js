/** Camera and microphone, with a reason a person can act on when they are not to be had. */

const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 }, facingMode: "user" };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/**
 * Open what the call needs. Without a camera, the microphone alone; `problem` names what was missing.
 * @param {{video: boolean, cameraId?: string, microphoneId?: string}} wanted
 * @returns {Promise<{stream: MediaStream | null, problem: string | null}>}
 */
export async function openDevices({ video, cameraId, microphoneId }) {
  if (!navigator.mediaDevices?.getUserMedia) return { stream: null, problem: "insecure" };
  const audio = microphoneId ? { ...AUDIO, deviceId: { ideal: microphoneId } } : AUDIO;
  const picture = cameraId ? { ...VIDEO, deviceId: { ideal: cameraId } } : VIDEO;
  try {
    return { stream: await navigator.mediaDevices.getUserMedia({ audio, video: video ? picture : false }), problem: null };
  } catch (error) {
    const problem = reason(error, video);
    if (!video) return { stream: null, problem };
    try {
      return { stream: await navigator.mediaDevices.getUserMedia({ audio, video: false }), problem: `camera-${problem}` };
    } catch {
      return { stream: null, problem };
    }
  }
}

/** Open the camera alone, as when it is switched on again. */
export async function openCamera(/** @type {string | undefined} */ cameraId) {
  const video = cameraId ? { ...VIDEO, deviceId: { ideal: cameraId } } : VIDEO;
  const stream = await navigator.mediaDevices.getUserMedia({ video });
  return stream.getVideoTracks()[0] ?? null;
}

function reason(/** @type {unknown} */ error, /** @type {boolean} */ video) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  if (name === "NotFoundError" || name === "OverconstrainedError") return video ? "missing" : "silent";
  if (name === "NotReadableError" || name === "AbortError") return "in-use";
  return "unknown";
}

/** Say how loud the microphone is, 0 to 1, some ten times a second, until the returned function is called. */
export function watchLevel(/** @type {MediaStream} */ stream, /** @type {(level: number) => void} */ tell) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    tell(Math.min(1, Math.sqrt(sum / samples.length) * 5));
  }, 100);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

export function stopAll(/** @type {MediaStream | null} */ stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/**
 * Fill the lists of cameras and microphones, with those in use chosen; hide a list of one. Returns whether any is left.
 * @param {{camera: HTMLSelectElement | null, microphone: HTMLSelectElement | null, stream: MediaStream | null}} lists
 */
export async function listDevices({ camera, microphone, stream }) {
  const found = await navigator.mediaDevices.enumerateDevices();
  const used = new Set((stream?.getTracks() ?? []).map((track) => track.getSettings().deviceId));
  let any = false;
  for (const [list, kind] of /** @type {const} */ ([[camera, "videoinput"], [microphone, "audioinput"]])) {
    if (!list) continue;
    const devices = found.filter((device) => device.kind === kind && device.label);
    list.replaceChildren(
      ...devices.map((device) => new Option(device.label, device.deviceId, false, used.has(device.deviceId))),
    );
    const few = devices.length < 2;
    list.closest(".field")?.toggleAttribute("hidden", few);
    any ||= !few;
  }
  return any;
}
