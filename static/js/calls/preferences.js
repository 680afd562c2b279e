/** What a person chose for calls, kept on this device only. */

const PREFERENCES = "digis-devices";

/** Remember a choice: which camera, which microphone, picture on or off. */
export function remember(/** @type {Record<string, string>} */ chosen) {
  try {
    localStorage.setItem(PREFERENCES, JSON.stringify({ ...remembered(), ...chosen }));
  } catch {
    // Storage may be refused; the defaults do.
  }
}

/** @returns {Record<string, string>} */
export function remembered() {
  try {
    const stored = JSON.parse(localStorage.getItem(PREFERENCES) ?? "{}");
    return stored && typeof stored === "object" ? stored : {};
  } catch {
    return {};
  }
}
