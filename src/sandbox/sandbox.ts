import { seedStore, DEFAULT_SEED, type SeedOptions } from "./seed/seed.ts";
import { createColleagues, type Colleagues, type ColleaguesOptions } from "./colleagues/colleagues.ts";
import { createFaults, type Faults } from "./http/faults.ts";
import { createLimits, type Limits, type RateLimit, type ScoreLimit } from "./http/limits.ts";
import { createLog, type RequestLog } from "./http/log.ts";
import type { MaxPage } from "./http/route.ts";
import { buildServer, type RequestObserver } from "./http/server.ts";
import { createTokens, type Token, type Tokens } from "./http/tokens.ts";
import { allRoutes } from "./routes/all.ts";
import { storageRoute } from "./routes/files.ts";
import { selfRoute } from "./routes/self.ts";
import type { Quirks } from "./store/state.ts";
import type { WebhookSettings } from "./webhooks/settings.ts";
import { createWebhooks, type Webhooks } from "./webhooks/webhooks.ts";
import { createStore, type SandboxStore } from "./store/store.ts";

/** How a sandbox is started. */
export interface SandboxOptions {
  /** Bind address; 127.0.0.1 if left out. */
  host?: string;
  /** 0, the default, takes any free port. */
  port?: number;
  /** The access token; generated if left out. */
  token?: string;
  /** What the workspace holds; a small company if left out. */
  seed?: SeedOptions | "empty";
  /** Silent caps on page sizes below the documented ones. */
  maxPage?: MaxPage;
  rateLimit?: RateLimit | "off";
  scoreLimit?: ScoreLimit | "off";
  /** Milliseconds added to every answer. */
  latencyMs?: number;
  /** Behaviour that Attio leaves open. */
  quirks?: Partial<Quirks>;
  webhooks?: Partial<WebhookSettings>;
}

/** A running sandbox. */
export interface Sandbox {
  /** Origin without a path, such as `http://127.0.0.1:1234`. */
  readonly url: string;
  /** The text of the first access token. */
  readonly token: string;
  /** The first access token itself; its id is the actor of what is written over HTTP. */
  readonly access: Token;
  readonly tokens: Tokens;
  readonly workspaceId: string;
  readonly store: SandboxStore;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly log: RequestLog;
  readonly webhooks: Webhooks;
  /** Can be changed while the sandbox runs. */
  readonly settings: { latencyMs: number };
  /** Replaces the first token's scopes. */
  setScopes(scopes: readonly string[]): void;
  /** People at work on the store; they end with the sandbox. */
  colleagues(options?: ColleaguesOptions): Colleagues;
  /** Calls and awaits the observer before each request is answered; returns the undo. */
  onRequest(observer: RequestObserver): () => void;
  /** Calls and awaits the observer when the answer is settled but not sent, for changes that overtake it. */
  onAnswer(observer: RequestObserver): () => void;
  /** Stops listening and drops all connections. */
  close(): Promise<void>;
}

/** Starts a simulated Attio workspace on HTTP. The caller closes it. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = "127.0.0.1", port = 0, seed = DEFAULT_SEED, maxPage = {} } = options;
  const store = createStore({
    seed: seed === "empty" ? 1 : seed.seed,
    ...(options.quirks !== undefined && { quirks: options.quirks }),
  });
  seedStore(store, seed);
  const tokens = createTokens(() => store.state.random.uuid());
  const access = tokens.issue(options.token === undefined ? {} : { secret: options.token });
  const limits = createLimits(options.rateLimit ?? "off", options.scoreLimit ?? "off");
  const faults = createFaults();
  const log = createLog();
  const settings = { latencyMs: options.latencyMs ?? 0 };
  const webhooks = createWebhooks(store.state, options.webhooks);
  const teams = new Set<Colleagues>();
  const observers = new Set<RequestObserver>();
  const answerObservers = new Set<RequestObserver>();
  const open = [selfRoute(store, tokens), storageRoute(store)];
  const parts = { store, tokens, limits, faults, log, maxPage, settings, observers, answerObservers, open };
  const app = buildServer(parts, allRoutes(webhooks));
  const url = await app.listen({ host, port });
  return {
    url,
    token: access.secret,
    access,
    tokens,
    workspaceId: store.workspaceId,
    store,
    faults,
    limits,
    log,
    webhooks,
    settings,
    setScopes: (scopes) => void (access.scopes = new Set(scopes)),
    onRequest: (observer) => subscribe(observers, observer),
    onAnswer: (observer) => subscribe(answerObservers, observer),
    colleagues(working = {}) {
      const colleagues = createColleagues(store, working);
      teams.add(colleagues);
      return colleagues;
    },
    async close() {
      for (const team of teams) team.stop();
      await webhooks.stop();
      await app.close();
    },
  };
}

function subscribe<T>(all: Set<T>, one: T): () => void {
  all.add(one);
  return () => void all.delete(one);
}
