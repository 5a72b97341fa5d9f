import type { IncomingMessage } from 'node:http';

export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/** The whole body. @throws BodyTooLarge as soon as it is known, whatever Content-Length says; the rest is not kept */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBytes) return Promise.reject(new BodyTooLarge());
  // It closed while its token was looked at: no event comes any more.
  if (request.destroyed) return Promise.reject(new Error('the client went before its request was read'));
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size <= maxBytes) parts.push(part);
      else {
        parts.length = 0;
        reject(new BodyTooLarge());
      }
    });
    request.once('end', () => resolve(parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts)));
    request.once('error', reject);
    request.once('close', () => reject(new Error('the client went before its request was whole')));
  });
}
