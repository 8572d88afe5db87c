/**
 * The service worker of the built site: all files are kept at the first visit, so that every drill runs
 * without a network. Pages are asked from the network first; named-by-content files never change.
 */
const FILES = __FILES__;
const NAME = `firedrill ${__VERSION__}`;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(['./', ...FILES.filter((file) => file !== 'index.html')])));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith('firedrill ') && name !== NAME).map((name) => caches.delete(name)))));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== self.location.origin) return;
  const kept = () => caches.match(request, { ignoreSearch: true }).then((answer) => answer ?? (request.mode === 'navigate' ? caches.match('./') : undefined));
  event.respondWith(request.mode === 'navigate'
    ? fetch(request).catch(() => kept().then((answer) => answer ?? Response.error()))
    : kept().then((answer) => answer ?? fetch(request)));
});
