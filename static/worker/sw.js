/* The service worker. It shows pushes, and a page of its own where there is no network. It keeps nothing that belongs to
   anybody: only that page and its style sheet, fetched without a cookie (PWA-1). SETUP stands above this line when served. */
/* global SETUP */
const SHELF = `digis-${SETUP.version}`;

async function fillShelf() {
  const shelf = await caches.open(SHELF);
  const plain = (/** @type {string} */ path) => new Request(path, { credentials: "omit", cache: "reload" });
  await Promise.all([SETUP.offline, ...SETUP.kept].map((path) => shelf.add(plain(path))));
}

async function clearShelves(/** @type {string} */ but = "") {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== but).map((name) => caches.delete(name)));
}

self.addEventListener("install", (event) => {
  self.skipWaiting(); // no page depends on an old worker: none of them is kept
  event.waitUntil(fillShelf().catch(() => undefined)); // without the shelf it can still show pushes
});

self.addEventListener("activate", (event) => {
  event.waitUntil(clearShelves(SHELF).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(navigate(event, url));
  } else if (request.method === "GET" && SETUP.kept.includes(url.pathname)) {
    event.respondWith(fetch(request).catch(() => fromShelf(url.pathname)));
  }
});

async function navigate(event, url) {
  if (event.request.method === "POST" && url.pathname === SETUP.signOut) {
    event.waitUntil(clearShelves().then(fillShelf).catch(() => undefined));
  }
  try {
    return await fetch(event.request);
  } catch {
    return fromShelf(SETUP.offline);
  }
}

async function fromShelf(path) {
  const kept = await caches.match(path, { ignoreVary: true });
  return kept ?? Response.error();
}

// ── Push ──────────────────────────────────────────────────────────────────────────────────

self.addEventListener("push", (event) => {
  event.waitUntil(show(read(event.data)));
});

function read(data) {
  try {
    return data?.json() ?? {};
  } catch {
    return {};
  }
}

/** A ring that comes too late is told as what it is by now (NOT-4). A browser insists on something being shown. */
async function show(told) {
  const isLate = told.expires_at !== undefined && !(Date.parse(told.expires_at) > Date.now());
  const words = isLate && told.late ? { ...told, ...told.late } : told;
  await self.registration.showNotification(words.title || "Digis", {
    body: words.body || "",
    tag: told.tag || "digis",
    icon: words.icon || SETUP.icon,
    badge: SETUP.icon,
    timestamp: Date.parse(told.sent_at) || Date.now(),
    requireInteraction: !isLate && told.expires_at !== undefined,
    data: { url: words.url || "/", isLate },
  });
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.url));
});

async function open(path) {
  const url = new URL(path || "/", self.location.origin);
  if (url.origin !== self.location.origin) return;
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const same = pages.find((page) => page.url === url.href);
  if (same) await same.focus();
  else await self.clients.openWindow(url.href);
}
