import { dirname } from 'node:path';
import manifest from '../package.json' with { type: 'json' };

export const version = manifest.version;

/** Where `policies` and `docs` are: beside `src` in a checkout, beside `dist` when installed (the bundle has `__dirname` here). */
export const packageRoot = dirname(import.meta.dirname);
