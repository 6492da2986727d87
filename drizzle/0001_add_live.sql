CREATE TABLE "attio"."merged_records" (
	"old_record_id" uuid PRIMARY KEY NOT NULL,
	"record_id" uuid NOT NULL,
	"object" text NOT NULL,
	"merged_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "attio"."value_history" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"object" text NOT NULL,
	"record_id" uuid NOT NULL,
	"attribute" text NOT NULL,
	"value" jsonb,
	"active_from" timestamp with time zone,
	"active_until" timestamp with time zone,
	"actor_type" text,
	"actor_id" text,
	"observed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"gap" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "attio_sync"."webhook_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"generation" integer NOT NULL,
	"idempotency_key" text,
	"body" "bytea" NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"processed_at" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"error" text
);
--> statement-breakpoint
CREATE TABLE "attio_sync"."webhooks" (
	"generation" integer PRIMARY KEY NOT NULL,
	"webhook_id" uuid,
	"secret" text,
	"target_url" text NOT NULL,
	"subscriptions" jsonb NOT NULL,
	"state" text NOT NULL,
	"attio_status" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"checked_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "attio_sync"."dirty" ADD COLUMN "detail" jsonb;--> statement-breakpoint
ALTER TABLE "attio_sync"."dirty" ADD COLUMN "rings" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "attio_sync"."dirty" ADD COLUMN "announced" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "attio_sync"."dirty" ADD COLUMN "again" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "attio_sync"."dirty" ADD COLUMN "due_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "attio_sync"."dirty" ADD COLUMN "claimed_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "attio_sync"."dirty" ADD COLUMN "attempts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "value_history_record" ON "attio"."value_history" USING btree ("record_id","attribute","active_from");--> statement-breakpoint
CREATE INDEX "value_history_attribute" ON "attio"."value_history" USING btree ("object","attribute");--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_events_key" ON "attio_sync"."webhook_events" USING btree ("generation","idempotency_key");--> statement-breakpoint
CREATE INDEX "webhook_events_waiting" ON "attio_sync"."webhook_events" USING btree ("id") WHERE "attio_sync"."webhook_events"."processed_at" IS NULL;--> statement-breakpoint
CREATE INDEX "webhook_events_received" ON "attio_sync"."webhook_events" USING btree ("received_at");--> statement-breakpoint
CREATE INDEX "dirty_due" ON "attio_sync"."dirty" USING btree ("stream","due_at");