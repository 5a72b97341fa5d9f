import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { HttpConfig } from './config.ts';
import { valuesOf } from './guard.ts';

/** Whether a request may see the inside of the server: metrics, and which parts are not ready. */
export type IsOperator = (request: IncomingMessage) => boolean;

type Options = Pick<HttpConfig, 'metrics' | 'metricsToken' | 'behindProxy'>;

/**
 * By the token of the configuration, or from this machine itself. What a proxy brought is not from this machine, and behind one
 * every connection looks as if it were.
 */
export function operatorsOf({ metrics, metricsToken, behindProxy }: Options): IsOperator {
  const expected = metricsToken === undefined ? undefined : digest(`Bearer ${metricsToken}`);
  return (request) => {
    if (metrics === 'open') return true;
    const [shown, ...more] = valuesOf(request, 'authorization');
    if (expected !== undefined && shown !== undefined && more.length === 0 && timingSafeEqual(digest(shown), expected))
      return true;
    return !behindProxy && !wasForwarded(request) && isFromHere(request.socket.remoteAddress);
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const forwarding = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];
const wasForwarded = ({ headers }: IncomingMessage): boolean => forwarding.some((name) => headers[name] !== undefined);

const isFromHere = (address: string | undefined): boolean =>
  address !== undefined && /^(?:::ffff:)?127\.|^::1$/i.test(address);
