// Loaded before the server (`node --expose-gc -r`): at SIGUSR2 it collects, and then says on stderr what is left in memory.
// Without it resident memory goes up and down by more than a leak of 100,000 calls would be.
process.on('SIGUSR2', () => {
  global.gc();
  // What finalizers let go is collected by the second one.
  setTimeout(() => {
    global.gc();
    const { rss, heapUsed } = process.memoryUsage();
    process.stderr.write(`${JSON.stringify({ settled: { rss, heapUsed } })}\n`);
  }, 200);
});
