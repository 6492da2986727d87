import { Agent, Client, EnvHttpProxyAgent, Pool, type Dispatcher } from "undici";
import { systemClock } from "../lib/clock.ts";
import { sleep as realSleep } from "../lib/sleep.ts";
import { createLocalBudget, type Budget } from "./budget.ts";
import { createDownloader } from "./download.ts";
import { Observer, type ClientHooks, type LogEntry } from "./hooks.ts";
import type { Api } from "./requests.ts";
import { createAttributes, type AttributesResource } from "./resources/attributes.ts";
import { createCallRecordings, type CallRecordingsResource } from "./resources/call-recordings.ts";
import { createComments, type CommentsResource } from "./resources/comments.ts";
import { createEntries, type EntriesResource } from "./resources/entries.ts";
import { createFiles, type FilesResource } from "./resources/files.ts";
import { createLists, type ListsResource } from "./resources/lists.ts";
import { createMeetings, type MeetingsResource } from "./resources/meetings.ts";
import { createMembers, type MembersResource } from "./resources/members.ts";
import { createNotes, type NotesResource } from "./resources/notes.ts";
import { createObjects, type ObjectsResource } from "./resources/objects.ts";
import { createRecords, type RecordsResource } from "./resources/records.ts";
import { createSelf } from "./resources/self.ts";
import { createActivities, type ActivitiesResource } from "./resources/activities.ts";
import { createEmails, type EmailsResource } from "./resources/emails.ts";
import { createScim, type ScimApi } from "./resources/scim.ts";
import { createSequences, type SequencesResource } from "./resources/sequences.ts";
import { createSql } from "./resources/sql.ts";
import { createWebhooks, type WebhooksResource } from "./resources/webhooks.ts";
import { createTasks, type TasksResource } from "./resources/tasks.ts";
import { createThreads, type ThreadsResource } from "./resources/threads.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "./retry.ts";
import { Transport } from "./transport.ts";

/** What a client can be told. */
export interface AttioClientOptions {
  /** An access token; it never appears in errors, hooks or logs. */
  readonly token: string;
  /** Default `https://api.attio.com`. */
  readonly baseUrl?: string | undefined;
  /** Default: a local one of 80 reads and 20 writes a second, a fifth below Attio's own limits. */
  readonly budget?: Budget | undefined;
  /** Default an own pool, which `close()` closes. */
  readonly dispatcher?: Dispatcher | undefined;
  /** The proxy that leads out, e.g. `{ url: "http://proxy.local:3128", except: "localhost,.internal" }`; not with `dispatcher`. */
  readonly proxy?: ProxyOptions | undefined;
  /** Milliseconds for each attempt, from the send to the last byte; default 30,000. */
  readonly timeoutMs?: number | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** How many reads, and apart from them how many writes, are on the wire at a time; default 24: a budget of 80 a second at 0.3 s an answer. */
  readonly concurrency?: number | undefined;
  readonly hooks?: ClientHooks | undefined;
  readonly log?: ((entry: LogEntry) => void) | undefined;
  readonly sleep?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined;
  readonly random?: (() => number) | undefined;
  readonly now?: (() => number) | undefined;
}

/** A way out through a proxy, by tunnels. */
export interface ProxyOptions {
  readonly url: string;
  /** Hosts that are reached without it, as `NO_PROXY` lists them. */
  readonly except?: string | undefined;
}

/** All operations of Attio's public API. Every call takes RequestOptions last; it throws an AttioError or its signal's reason. */
export interface AttioClient {
  readonly self: ReturnType<typeof createSelf>;
  readonly records: RecordsResource;
  readonly entries: EntriesResource;
  readonly objects: ObjectsResource;
  readonly attributes: AttributesResource;
  readonly lists: ListsResource;
  readonly members: MembersResource;
  readonly notes: NotesResource;
  readonly tasks: TasksResource;
  readonly threads: ThreadsResource;
  readonly comments: CommentsResource;
  readonly meetings: MeetingsResource;
  readonly callRecordings: CallRecordingsResource;
  readonly files: FilesResource;
  readonly webhooks: WebhooksResource;
  readonly sql: ReturnType<typeof createSql>;
  readonly emails: EmailsResource;
  readonly activities: ActivitiesResource;
  readonly sequences: SequencesResource;
  readonly scim: ScimApi;
  /** Milliseconds to add to our clock to get Attio's, by the `Date` of its answers; null before the first answer. */
  serverClockOffsetMs(): number | null;
  /** How many record and entry queries may run at a time now, do run, and wait. */
  queryConcurrency(): { limit: number; active: number; waiting: number };
  /** Waits for what is on the wire and closes the client's own connections; a dispatcher that was given stays open. */
  close(): Promise<void>;
}

/**
 * Makes a client. Throws TypeError for a token that can't be sent or a base URL that is none.
 */
export function createAttioClient(options: AttioClientOptions): AttioClient {
  const { baseUrl = "https://api.attio.com", concurrency = 24 } = options;
  const url = new URL(baseUrl);
  const token = checkToken(options.token);
  const dispatcher = options.dispatcher ?? createDispatcher(url, concurrency, options.proxy);
  const timeoutMs = options.timeoutMs ?? 30_000;
  const storage = new StorageDispatcher(options.dispatcher, options.proxy);
  const fetchFile = createDownloader(() => storage.get(), { allowHttp: url.protocol === "http:", timeoutMs });
  const transport = new Transport(
    {
      dispatcher,
      budget: options.budget ?? createLocalBudget({ readsPerSecond: 80, writesPerSecond: 20 }),
      observer: new Observer(options.hooks, options.log),
      sleep: options.sleep ?? realSleep,
      random: options.random ?? Math.random,
      now: options.now ?? (() => systemClock.now()),
    },
    {
      baseUrl: url,
      token,
      timeoutMs,
      retry: { ...DEFAULT_RETRY, ...options.retry },
      concurrency,
    },
  );
  return {
    ...createResources(transport),
    files: createFiles(transport, { fetchFile, baseUrl: url }),
    serverClockOffsetMs: () => transport.clock.offsetMs,
    queryConcurrency: () => transport.queries.state,
    close: async () => {
      await storage.close();
      if (dispatcher !== options.dispatcher) await dispatcher.close();
    },
  };
}

function createResources(api: Api) {
  return {
    self: createSelf(api),
    records: createRecords(api),
    entries: createEntries(api),
    objects: createObjects(api),
    attributes: createAttributes(api),
    lists: createLists(api),
    members: createMembers(api),
    notes: createNotes(api),
    tasks: createTasks(api),
    threads: createThreads(api),
    comments: createComments(api),
    meetings: createMeetings(api),
    callRecordings: createCallRecordings(api),
    webhooks: createWebhooks(api),
    sql: createSql(api),
    emails: createEmails(api),
    activities: createActivities(api),
    sequences: createSequences(api),
    scim: createScim(api),
  };
}

/** Reaches the hosts that files are stored at: by the given dispatcher, unless that knows Attio alone. */
class StorageDispatcher {
  readonly #given: Dispatcher | undefined;
  readonly #proxy: ProxyOptions | undefined;
  #own: Dispatcher | undefined;

  constructor(given: Dispatcher | undefined, proxy: ProxyOptions | undefined) {
    this.#proxy = proxy;
    this.#given = given instanceof Pool || given instanceof Client ? undefined : given;
  }

  get(): Dispatcher {
    return this.#given ?? (this.#own ??= this.#proxy === undefined ? new Agent() : proxyAgent(this.#proxy));
  }

  async close(): Promise<void> {
    await this.#own?.close();
  }
}

/** Room for all reads and all writes that the transport lets onto the wire, so that none waits unseen in the pool. */
function createDispatcher(url: URL, concurrency: number, proxy: ProxyOptions | undefined): Dispatcher {
  const options = {
    connections: 2 * concurrency,
    pipelining: 1,
    // Short, since a write that meets a connection just closed by the other side can't be repeated safely.
    keepAliveTimeout: 10_000,
    connect: { timeout: 10_000 },
  };
  // No proxy leads to this machine itself.
  return proxy === undefined || LOOPBACK.test(url.hostname)
    ? new Pool(url.origin, options)
    : proxyAgent(proxy, options);
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function proxyAgent({ url, except = "" }: ProxyOptions, options: Agent.Options = {}): EnvHttpProxyAgent {
  return new EnvHttpProxyAgent({ ...options, httpProxy: url, httpsProxy: url, noProxy: except });
}

/** A header can't carry other characters, and the HTTP library's own complaint would come with every request. */
function checkToken(token: string): string {
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new TypeError("The access token is empty or has characters no token has");
  return token;
}
