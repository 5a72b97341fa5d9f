/** The pool alone: the index of undici loads fetch, caches and mocks, which costs 170 ms at the first call. */
declare module 'undici/lib/dispatcher/pool.js' {
  export { Pool as default } from 'undici';
}
