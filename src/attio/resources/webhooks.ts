import { dataBody, pageBody, type Page } from "../body.ts";
import { collect, walkOffsets } from "../pagination.ts";
import { create, get, patch, remove, type Api, type RequestOptions } from "../requests.ts";
import {
  createdWebhookSchema,
  webhookSchema,
  type CreatedWebhook,
  type Webhook,
  type WebhookSubscription,
} from "../schemas/webhook.ts";
import type { OffsetWindow } from "../window.ts";

/** What can be said of a webhook. */
export type WebhookFields = {
  /** https. */
  readonly target_url: string;
  readonly subscriptions: readonly WebhookSubscription[];
};

const WEBHOOKS = "/v2/webhooks";
const WEBHOOK = `${WEBHOOKS}/{webhook_id}`;
/** Attio's maximum. */
const PAGE_SIZE = 100;

export type WebhooksResource = ReturnType<typeof createWebhooks>;

/** Webhooks of this token. */
export function createWebhooks(api: Api) {
  /** One page, 10 to 100; Attio's default is 10. */
  function page({ limit, offset }: OffsetWindow = {}, options?: RequestOptions): Promise<Page<Webhook>> {
    return api.send(get(WEBHOOKS, { query: { limit, offset }, read: pageBody(webhookSchema) }), options);
  }

  /** All webhooks. */
  function list(options?: RequestOptions): Promise<Webhook[]> {
    const pages = walkOffsets(async (window) => (await page(window, options)).items, {
      pageSize: PAGE_SIZE,
      key: (webhook) => webhook.id.webhook_id,
    });
    return collect(pages);
  }

  /** One webhook, without its secret. */
  function getWebhook(webhookId: string, options?: RequestOptions): Promise<Webhook> {
    const params = { webhook_id: webhookId };
    return api.send(get(WEBHOOK, { params, read: dataBody(webhookSchema) }), options);
  }

  /** Makes a webhook; the only answer that holds its secret. Throws AttioConflictError for one with equal target, event and filter. */
  function createWebhook(webhook: WebhookFields, options?: RequestOptions): Promise<CreatedWebhook> {
    return api.send(create(WEBHOOKS, { data: webhook, read: dataBody(createdWebhookSchema) }), options);
  }

  /** Changes what is named; subscriptions are replaced as a whole. Id, secret and status stay. */
  function update(
    webhookId: string,
    fields: Partial<WebhookFields>,
    options?: RequestOptions,
  ): Promise<Webhook> {
    const params = { webhook_id: webhookId };
    return api.send(patch(WEBHOOK, { params, data: fields, read: dataBody(webhookSchema) }), options);
  }

  /** Throws AttioNotFoundError if it is not there. */
  function deleteWebhook(webhookId: string, options?: RequestOptions): Promise<void> {
    return remove(api, { route: WEBHOOK, params: { webhook_id: webhookId } }, options);
  }

  return { page, list, get: getWebhook, create: createWebhook, update, delete: deleteWebhook };
}
