import { invalid } from '../domain/errors.ts';
import { isSafeAddress } from '../identity/config.ts';

/** @throws Invalid for an address over which a token could be read on the way */
export function serverAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isSafeAddress(text) || url.search !== '')
    throw invalid(
      'The address of the server must be https (http for this machine only), without user, password and query',
      'give it as `countersign connect https://countersign.example.com/mcp`',
    );
  url.hash = '';
  if (url.pathname === '/') url.pathname = '/mcp';
  return url;
}
