import { loadConfig, type Config } from "../config.ts";
import { createLogger, type Log, type LogLevel } from "../logger.ts";
import type { Environment, Io } from "./io.ts";

/** What every command is given. */
export interface Context {
  io: Io;
  config: Config;
  log: Log;
}

/** @throws ConfigError for the first unusable variable. */
export function createContext(env: Environment, io: Io): Context {
  const config = loadConfig(env);
  // On a terminal, lines of routine facts would tear the progress bars apart. Any other level was asked for.
  const level = config.logLevel === "info" && io.stderr.isTTY === true ? "warn" : config.logLevel;
  return { io, config, log: logTo(io, level) };
}

/** The same, without routine facts on any output: for a command whose output is read like a text. */
export function withoutRoutineFacts(context: Context): Context {
  if (context.config.logLevel !== "info") return context;
  return { ...context, log: logTo(context.io, "warn") };
}

function logTo(io: Io, level: LogLevel): Log {
  return createLogger(level, { write: (line) => void io.stderr.write(line) });
}
