DROP INDEX "attio_sync"."outbox_pending";--> statement-breakpoint
ALTER TABLE "attio_sync"."outbox" ADD COLUMN "batch" bigint DEFAULT (pg_current_xact_id()::text)::bigint NOT NULL;--> statement-breakpoint
ALTER TABLE "attio_sync"."outbox" ADD COLUMN "frees" text[];--> statement-breakpoint
ALTER TABLE "attio_sync"."streams" ADD COLUMN "writes_paused_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "attio_sync"."streams" ADD COLUMN "writes_pause_code" text;--> statement-breakpoint
ALTER TABLE "attio_sync"."streams" ADD COLUMN "writes_pause_message" text;--> statement-breakpoint
CREATE INDEX "outbox_due" ON "attio_sync"."outbox" USING btree ("due_at") WHERE status = 'pending';--> statement-breakpoint
CREATE INDEX "outbox_batch" ON "attio_sync"."outbox" USING btree ("stream","batch","id") WHERE status = 'pending';--> statement-breakpoint
CREATE INDEX "outbox_frees" ON "attio_sync"."outbox" USING gin ("frees") WHERE frees IS NOT NULL AND status IN ('pending', 'pushing', 'failed');