/** Writes to standard output. */
export function print(text: string): void {
  process.stdout.write(text);
}

/** Runs a benchmark with this process's arguments; what it says of an unusable one is told with its usage, exit code 2. */
export async function runBench(
  main: (argv: readonly string[]) => Promise<void>,
  usage: string,
): Promise<void> {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`${error.message}\n${usage}`);
    process.exitCode = 2;
  }
}
