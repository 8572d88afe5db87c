/** The page: its one element, which joins all others, and what keeps the built site for offline use. */
import './drill-app.ts';

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  window.addEventListener('load', () => { navigator.serviceWorker.register(new URL('sw.js', document.baseURI)).catch(() => undefined); });
}
