import { Client } from "pg";

/**
 * A connection of the job queue that may be lost at any moment. BullMQ takes it from its pool for a transaction and listens to
 * no errors of it meanwhile: one that came between two statements would end the process. The next statement fails all the
 * same, and the pool makes a new connection.
 */
export class QueueClient extends Client {
  constructor(...settings: ConstructorParameters<typeof Client>) {
    super(...settings);
    this.on("error", () => undefined);
  }
}
