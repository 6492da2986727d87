CREATE TABLE "attio_sync"."conflicts" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"stream" text NOT NULL,
	"record_id" uuid NOT NULL,
	"attribute" text NOT NULL,
	"base" jsonb NOT NULL,
	"local" jsonb NOT NULL,
	"remote" jsonb NOT NULL,
	"policy" text NOT NULL,
	"winner" text NOT NULL,
	"change_id" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "attio"."id_map" (
	"provisional_id" uuid PRIMARY KEY NOT NULL,
	"record_id" uuid NOT NULL,
	"object" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "attio_sync"."outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"stream" text NOT NULL,
	"record_id" uuid NOT NULL,
	"operation" text NOT NULL,
	"changes" jsonb NOT NULL,
	"base" jsonb NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"error_code" text,
	"error_message" text,
	"created_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"due_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"attempted_at" timestamp with time zone,
	"claimed_by" integer,
	"claimed_at" timestamp with time zone,
	"pushed_at" timestamp with time zone,
	"forced" boolean DEFAULT false NOT NULL,
	"bulk_allowed" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE INDEX "conflicts_record" ON "attio_sync"."conflicts" USING btree ("record_id");--> statement-breakpoint
CREATE INDEX "id_map_record" ON "attio"."id_map" USING btree ("record_id");--> statement-breakpoint
CREATE INDEX "outbox_record" ON "attio_sync"."outbox" USING btree ("record_id","id");--> statement-breakpoint
CREATE INDEX "outbox_pending" ON "attio_sync"."outbox" USING btree ("id") WHERE status = 'pending';--> statement-breakpoint
CREATE FUNCTION attio.current_id(id uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE step(id, n) AS (
    SELECT $1, 0
    UNION ALL
    SELECT coalesce(m.record_id, r.record_id), n + 1 FROM step
    LEFT JOIN attio.id_map m ON m.provisional_id = step.id
    LEFT JOIN attio.merged_records r ON r.old_record_id = step.id
    WHERE (m.record_id IS NOT NULL OR r.record_id IS NOT NULL) AND n < 100)
  SELECT id FROM step ORDER BY n DESC LIMIT 1
$$;--> statement-breakpoint
COMMENT ON FUNCTION attio.current_id(uuid) IS 'Today''s id of a record that was inserted here or merged in Attio';--> statement-breakpoint
CREATE VIEW attio.changes AS
  SELECT c.id,
         coalesce(o.table_name, l.table_name, c.stream) AS table_name,
         c.record_id, c.operation, c.changes, c.base, c.status, c.attempts, c.error_code, c.error_message,
         c.created_at, c.pushed_at
  FROM attio_sync.outbox c
  LEFT JOIN attio_sync.streams s ON s.stream = c.stream
  LEFT JOIN attio.objects o ON o.object_id = s.source_id
  LEFT JOIN attio.lists l ON l.list_id = s.source_id;--> statement-breakpoint
COMMENT ON VIEW attio.changes IS 'Local changes on their way to Attio, and what became of them';
