CREATE SCHEMA IF NOT EXISTS "attio";
--> statement-breakpoint
CREATE SCHEMA IF NOT EXISTS "attio_sync";
--> statement-breakpoint
CREATE SEQUENCE "attio_sync"."fetch_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE SEQUENCE "attio_sync"."mark_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "attio"."attributes" (
	"attribute_id" uuid NOT NULL,
	"object_id" uuid NOT NULL,
	"target" text NOT NULL,
	"api_slug" text NOT NULL,
	"title" text,
	"description" text,
	"type" text NOT NULL,
	"is_system_attribute" boolean NOT NULL,
	"is_writable" boolean NOT NULL,
	"is_required" boolean NOT NULL,
	"is_unique" boolean NOT NULL,
	"is_multiselect" boolean NOT NULL,
	"is_default_value_enabled" boolean NOT NULL,
	"is_archived" boolean NOT NULL,
	"default_value" jsonb,
	"relationship" jsonb,
	"config" jsonb,
	"created_at" timestamp with time zone,
	"column_name" text NOT NULL,
	"side_columns" jsonb NOT NULL,
	CONSTRAINT "attributes_object_id_attribute_id_pk" PRIMARY KEY("object_id","attribute_id")
);
--> statement-breakpoint
CREATE TABLE "attio"."lists" (
	"list_id" uuid PRIMARY KEY NOT NULL,
	"api_slug" text NOT NULL,
	"name" text,
	"parent_object" text[],
	"workspace_access" text,
	"workspace_member_access" jsonb,
	"created_by_actor_type" text,
	"created_by_actor_id" text,
	"created_at" timestamp with time zone,
	"table_name" text NOT NULL,
	CONSTRAINT "lists_table_name_unique" UNIQUE("table_name")
);
--> statement-breakpoint
CREATE TABLE "attio"."objects" (
	"object_id" uuid PRIMARY KEY NOT NULL,
	"api_slug" text NOT NULL,
	"singular_noun" text,
	"plural_noun" text,
	"created_at" timestamp with time zone,
	"table_name" text NOT NULL,
	CONSTRAINT "objects_table_name_unique" UNIQUE("table_name")
);
--> statement-breakpoint
CREATE TABLE "attio"."select_options" (
	"option_id" uuid NOT NULL,
	"attribute_id" uuid NOT NULL,
	"object_id" uuid NOT NULL,
	"title" text NOT NULL,
	"is_archived" boolean NOT NULL,
	CONSTRAINT "select_options_attribute_id_option_id_pk" PRIMARY KEY("attribute_id","option_id")
);
--> statement-breakpoint
CREATE TABLE "attio"."statuses" (
	"status_id" uuid NOT NULL,
	"attribute_id" uuid NOT NULL,
	"object_id" uuid NOT NULL,
	"title" text NOT NULL,
	"is_archived" boolean NOT NULL,
	"celebration_enabled" boolean,
	"target_time_in_status" text,
	CONSTRAINT "statuses_attribute_id_status_id_pk" PRIMARY KEY("attribute_id","status_id")
);
--> statement-breakpoint
CREATE TABLE "attio"."call_recordings" (
	"call_recording_id" uuid PRIMARY KEY NOT NULL,
	"meeting_id" uuid,
	"status" text,
	"web_url" text,
	"transcript" jsonb,
	"raw_transcript" text,
	"created_by_actor_type" text,
	"created_by_actor_id" text,
	"created_at" timestamp with time zone,
	"_hash" uuid,
	"_fetch_seq" bigint DEFAULT 0 NOT NULL,
	"_synced_at" timestamp with time zone,
	"_deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "attio"."comments" (
	"comment_id" uuid PRIMARY KEY NOT NULL,
	"thread_id" uuid,
	"content_plaintext" text,
	"record_id" uuid,
	"object_id" uuid,
	"entry_id" uuid,
	"list_id" uuid,
	"resolved_at" timestamp with time zone,
	"resolved_by_type" text,
	"resolved_by_id" text,
	"author_type" text,
	"author_id" text,
	"created_at" timestamp with time zone,
	"_hash" uuid,
	"_fetch_seq" bigint DEFAULT 0 NOT NULL,
	"_synced_at" timestamp with time zone,
	"_deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "attio"."files" (
	"file_id" uuid PRIMARY KEY NOT NULL,
	"object_id" uuid,
	"object_slug" text,
	"record_id" uuid,
	"file_type" text,
	"name" text,
	"content_type" text,
	"content_size" bigint,
	"parent_folder_id" uuid,
	"storage_provider" text,
	"external_provider_file_id" text,
	"microsoft_drive_id" text,
	"created_by_actor_type" text,
	"created_by_actor_id" text,
	"created_at" timestamp with time zone,
	"_hash" uuid,
	"_fetch_seq" bigint DEFAULT 0 NOT NULL,
	"_synced_at" timestamp with time zone,
	"_deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "attio"."meetings" (
	"meeting_id" uuid PRIMARY KEY NOT NULL,
	"title" text,
	"description" text,
	"is_all_day" boolean,
	"start_datetime" timestamp with time zone,
	"start_timezone" text,
	"start_date" date,
	"end_datetime" timestamp with time zone,
	"end_timezone" text,
	"end_date" date,
	"participants" jsonb,
	"linked_records" jsonb,
	"created_by_actor_type" text,
	"created_by_actor_id" text,
	"created_at" timestamp with time zone,
	"_hash" uuid,
	"_fetch_seq" bigint DEFAULT 0 NOT NULL,
	"_synced_at" timestamp with time zone,
	"_deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "attio"."notes" (
	"note_id" uuid PRIMARY KEY NOT NULL,
	"parent_object" text,
	"parent_record_id" uuid,
	"title" text,
	"content_plaintext" text,
	"content_markdown" text,
	"tags" jsonb,
	"meeting_id" uuid,
	"created_by_actor_type" text,
	"created_by_actor_id" text,
	"created_at" timestamp with time zone,
	"_hash" uuid,
	"_fetch_seq" bigint DEFAULT 0 NOT NULL,
	"_synced_at" timestamp with time zone,
	"_deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "attio"."raw" (
	"stream" text NOT NULL,
	"id" uuid NOT NULL,
	"values" jsonb NOT NULL,
	CONSTRAINT "raw_stream_id_pk" PRIMARY KEY("stream","id")
);
--> statement-breakpoint
CREATE TABLE "attio"."tasks" (
	"task_id" uuid PRIMARY KEY NOT NULL,
	"content_plaintext" text,
	"deadline_at" timestamp with time zone,
	"is_completed" boolean,
	"completed_at" timestamp with time zone,
	"linked_records" jsonb,
	"assignees" uuid[],
	"created_by_actor_type" text,
	"created_by_actor_id" text,
	"created_at" timestamp with time zone,
	"_hash" uuid,
	"_fetch_seq" bigint DEFAULT 0 NOT NULL,
	"_synced_at" timestamp with time zone,
	"_deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "attio"."threads" (
	"thread_id" uuid PRIMARY KEY NOT NULL,
	"record_id" uuid,
	"object_id" uuid,
	"entry_id" uuid,
	"list_id" uuid,
	"created_at" timestamp with time zone,
	"_hash" uuid,
	"_fetch_seq" bigint DEFAULT 0 NOT NULL,
	"_synced_at" timestamp with time zone,
	"_deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "attio"."workspace_members" (
	"workspace_member_id" uuid PRIMARY KEY NOT NULL,
	"first_name" text,
	"last_name" text,
	"avatar_url" text,
	"email_address" text,
	"access_level" text,
	"created_at" timestamp with time zone,
	"_hash" uuid,
	"_fetch_seq" bigint DEFAULT 0 NOT NULL,
	"_synced_at" timestamp with time zone,
	"_deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "attio_sync"."budgets" (
	"name" text PRIMARY KEY NOT NULL,
	"next_at" double precision DEFAULT 0 NOT NULL,
	"paused_until" double precision DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "attio_sync"."dirty" (
	"stream" text NOT NULL,
	"id" uuid NOT NULL,
	"mark" bigint DEFAULT nextval('attio_sync.mark_seq') NOT NULL,
	"reason" text NOT NULL,
	"marked_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "dirty_stream_id_pk" PRIMARY KEY("stream","id")
);
--> statement-breakpoint
CREATE TABLE "attio_sync"."run_missing" (
	"run_id" bigint NOT NULL,
	"stream" text NOT NULL,
	"id" uuid NOT NULL,
	CONSTRAINT "run_missing_run_id_stream_id_pk" PRIMARY KEY("run_id","stream","id")
);
--> statement-breakpoint
CREATE TABLE "attio_sync"."run_parts" (
	"run_id" bigint NOT NULL,
	"part" integer NOT NULL,
	"cursor" jsonb NOT NULL,
	"done" boolean DEFAULT false NOT NULL,
	"rows" bigint DEFAULT 0 NOT NULL,
	"written" bigint DEFAULT 0 NOT NULL,
	"unchanged" bigint DEFAULT 0 NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	"dropped_characters" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "run_parts_run_id_part_pk" PRIMARY KEY("run_id","part")
);
--> statement-breakpoint
CREATE TABLE "attio_sync"."run_seen" (
	"run_id" bigint NOT NULL,
	"id" uuid NOT NULL,
	CONSTRAINT "run_seen_run_id_id_pk" PRIMARY KEY("run_id","id")
);
--> statement-breakpoint
CREATE TABLE "attio_sync"."runs" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"stream" text NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"first_ticket" bigint NOT NULL,
	"deleted" bigint DEFAULT 0 NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone,
	"holder" uuid,
	"holder_pid" integer,
	"holder_started_at" timestamp with time zone,
	"lease_expires_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "attio_sync"."set_aside" (
	"stream" text NOT NULL,
	"id" uuid NOT NULL,
	"code" text NOT NULL,
	"reason" text NOT NULL,
	"attempts" integer DEFAULT 1 NOT NULL,
	"set_aside_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "set_aside_stream_id_pk" PRIMARY KEY("stream","id")
);
--> statement-breakpoint
CREATE TABLE "attio_sync"."settings" (
	"key" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "attio_sync"."streams" (
	"stream" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"source_id" uuid,
	"state" text DEFAULT 'ok' NOT NULL,
	"reason" text,
	"plan_version" bigint DEFAULT 0 NOT NULL,
	"last_backfill_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "attio_sync"."tombstones" (
	"stream" text NOT NULL,
	"id" uuid NOT NULL,
	"fetch_seq" bigint NOT NULL,
	"announced" boolean DEFAULT false NOT NULL,
	"deleted_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tombstones_stream_id_pk" PRIMARY KEY("stream","id")
);
--> statement-breakpoint
ALTER TABLE "attio_sync"."run_missing" ADD CONSTRAINT "run_missing_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "attio_sync"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attio_sync"."run_parts" ADD CONSTRAINT "run_parts_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "attio_sync"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attio_sync"."run_seen" ADD CONSTRAINT "run_seen_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "attio_sync"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "call_recordings_meeting" ON "attio"."call_recordings" USING btree ("meeting_id");--> statement-breakpoint
CREATE INDEX "comments_record" ON "attio"."comments" USING btree ("record_id");--> statement-breakpoint
CREATE INDEX "comments_entry" ON "attio"."comments" USING btree ("entry_id");--> statement-breakpoint
CREATE INDEX "comments_thread" ON "attio"."comments" USING btree ("thread_id");--> statement-breakpoint
CREATE INDEX "files_record" ON "attio"."files" USING btree ("record_id");--> statement-breakpoint
CREATE INDEX "notes_parent" ON "attio"."notes" USING btree ("parent_record_id");--> statement-breakpoint
CREATE INDEX "threads_record" ON "attio"."threads" USING btree ("record_id");--> statement-breakpoint
CREATE INDEX "threads_entry" ON "attio"."threads" USING btree ("entry_id");--> statement-breakpoint
CREATE INDEX "runs_stream" ON "attio_sync"."runs" USING btree ("stream","id");--> statement-breakpoint
CREATE INDEX "tombstones_recent" ON "attio_sync"."tombstones" USING btree ("stream","deleted_at");