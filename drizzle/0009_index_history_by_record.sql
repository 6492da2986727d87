DROP INDEX "attio"."value_history_attribute";--> statement-breakpoint
CREATE INDEX "value_history_attribute" ON "attio"."value_history" USING btree ("object","attribute","record_id");