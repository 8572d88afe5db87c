/** HTTP as the bytes that nc and telnet type and see, where the simulation carries values. */
import type { HttpRequest, HttpResponse } from '../../../sim/proc/http.ts';
import type { Json } from '../../../sim/proc/program.ts';

/** A request typed by hand, once its headers are complete; null: it is something else, or not complete. */
export function requestOf(text: string): HttpRequest | null {
  const m = /^([A-Z]+) (\S+)(?: HTTP\/1\.[01])?\r?\n/.exec(text);
  if (!m) return null;
  const end = /\r?\n\r?\n/.exec(text);
  if (!end) return null;
  const headers: Record<string, string> = {};
  for (const line of text.slice(m[0].length, end.index).split(/\r?\n/)) {
    const at = line.indexOf(':');
    if (at > 0) headers[line.slice(0, at)] = line.slice(at + 1).trim();
  }
  const body = text.slice(end.index + end[0].length);
  return { method: m[1]!, path: m[2]!, host: headers['Host'] ?? '', headers, body: body === '' ? null : body };
}

export const looksLikeRequest = (text: string): boolean => /^[A-Z]+ \S* ?(HTTP|$)/m.test(text.split('\n')[0] ?? '');

export const REASONS: Readonly<Record<number, string>> = {
  101: 'Switching Protocols', 200: 'OK', 201: 'Created', 202: 'Accepted', 204: 'No Content', 301: 'Moved Permanently', 302: 'Found', 304: 'Not Modified', 307: 'Temporary Redirect', 308: 'Permanent Redirect', 400: 'Bad Request',
  401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 409: 'Conflict', 410: 'Gone', 412: 'Precondition Failed', 422: 'Unprocessable Entity', 429: 'Too Many Requests', 500: 'Internal Server Error',
  502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout',
};

export const bodyText = (body: Json): string => (typeof body === 'string' ? body : body === null || body === undefined ? '' : `${JSON.stringify(body)}\n`);

/** What comes over a connection, as text. */
export function incoming(data: Json): string {
  if (typeof data === 'string') return data;
  if (typeof data === 'object' && data !== null && 'status' in data && 'headers' in data) {
    const response = data as unknown as HttpResponse;
    const body = bodyText(response.body);
    const headers = { ...response.headers, ...(response.stream ? {} : { 'Content-Length': response.headers['Content-Length'] ?? String(body.length) }) };
    return `HTTP/1.1 ${response.status} ${REASONS[response.status] ?? ''}\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
  }
  return `${JSON.stringify(data)}\n`;
}
