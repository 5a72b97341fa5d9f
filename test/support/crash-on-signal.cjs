/**
 * Preloaded into a server that a test spawns: at SIGUSR2 it fails as a library would, with what COUNTERSIGN_TEST_CRASH says in
 * its message and in that of its cause. The product knows nothing of it.
 */
const fs = require('node:fs');

process.on('SIGUSR2', () => {
  const said = Buffer.from(process.env.COUNTERSIGN_TEST_CRASH ?? '', 'base64').toString();
  throw new TypeError(`cannot read "${said}"\n    at ${said} (line of a message)`, { cause: new Error(said) });
});

fs.writeFileSync(process.env.COUNTERSIGN_TEST_PID, String(process.pid));
