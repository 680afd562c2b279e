/** Gentle tones, made here: a ring that swells, one soft bell for a warning. Silent until the page was touched. */

/** @type {AudioContext | null} */
let context = null;
let allowed = false;

/** The page holds a microphone: the browser lets it sound without another press. */
export function allowSound() {
  allowed = true;
}

function ready() {
  if (!allowed && !navigator.userActivation?.hasBeenActive) return null;
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
  return context;
}

function tone(/** @type {number} */ pitch, /** @type {number} */ after, /** @type {number} */ length, volume = 0.08) {
  const audio = ready();
  if (!audio) return;
  const from = audio.currentTime + after;
  const voice = audio.createOscillator();
  const loudness = audio.createGain();
  voice.type = "sine";
  voice.frequency.value = pitch;
  loudness.gain.setValueAtTime(0.0001, from);
  loudness.gain.exponentialRampToValueAtTime(volume, from + 0.04);
  loudness.gain.exponentialRampToValueAtTime(0.0001, from + length);
  voice.connect(loudness).connect(audio.destination);
  voice.start(from);
  voice.stop(from + length + 0.05);
}

/** One bell: something changed that is worth a look. */
export function bell() {
  tone(659, 0, 0.5);
  tone(880, 0.14, 0.7);
}

/** Ring every two seconds until the returned function is called. */
export function ring() {
  const once = () => {
    tone(523, 0, 0.45, 0.06);
    tone(659, 0.22, 0.6, 0.06);
  };
  once();
  const timer = setInterval(once, 2000);
  return () => clearInterval(timer);
}
