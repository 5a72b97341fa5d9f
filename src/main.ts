import { runCli } from './cli/entry.ts';
import { processIo } from './cli/io.ts';

// An exit code instead of process.exit: what is still on its way to stdout arrives.
runCli(process.argv.slice(2), processIo()).then(
  (code) => {
    process.exitCode = code;
  },
  (thrown: unknown) => {
    process.stderr.write(
      `countersign: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`,
    );
    process.exitCode = 1;
  },
);
