/** Where a daemon's queue lives. */
export interface QueueKind {
  name: string;
  redisUrl: string | undefined;
}

/** PostgreSQL, and Redis where a URL is given. */
export function queueKinds(redisUrl: string | undefined): QueueKind[] {
  const onRedis = redisUrl === undefined || redisUrl === "" ? [] : [{ name: "Redis", redisUrl }];
  return [{ name: "PostgreSQL", redisUrl: undefined }, ...onRedis];
}
