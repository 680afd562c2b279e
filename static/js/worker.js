// The service worker of the site: registered once the page stands, for people who are signed in.

/** @returns {Promise<ServiceWorkerRegistration>} */
export async function worker() {
  await navigator.serviceWorker.register("/sw.js", { scope: "/" });
  return navigator.serviceWorker.ready;
}

export function bindWorker() {
  if (!("serviceWorker" in navigator) || !document.body.dataset.signedIn) return;
  const start = () => navigator.serviceWorker.register("/sw.js", { scope: "/" }).catch(() => undefined);
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start, { once: true });
}
