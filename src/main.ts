import { runCli } from './cli/entry.ts';
import { processIo } from './cli/io.ts';

const io = processIo();
// An exit code instead of process.exit: what is still on its way to stdout arrives.
runCli(process.argv.slice(2), io).then((code) => {
  process.exitCode = code;
}, io.crash);
